"""Codes of companies, products, investors and persons, each with a refusal that says what is wrong with it. Pure.

JR/T 0326—2024 (企业、产品和投资者编码规范), GB 32100—2015 (统一社会信用代码), GB 11643—1999 (公民身份号码).
Every function takes the text as somebody wrote it and gives the code in its normal form: half-width, upper case, no
blanks around. Refusals are :class:`Invalid` with rule and source; they never repeat the value, which may be personal.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import NoReturn

from services.platform.errors import Invalid

__all__ = [
    "LAYERS",
    "REGIONS",
    "CompanyCode",
    "MarketRegion",
    "ProductCode",
    "check_investor_code",
    "check_resident_number",
    "check_usci",
    "normal",
    "parse_company_code",
    "parse_product_code",
]

_J326 = "JR/T 0326—2024"


@dataclass(frozen=True, slots=True)
class MarketRegion:
    """A market's region: its Chinese name and its code of GB/T 2260."""

    name: str
    code: int


REGIONS: Mapping[str, MarketRegion] = {
    letters: MarketRegion(name, code)
    for letters, name, code in (
        ("BJ", "北京", 110_000), ("TJ", "天津", 120_000), ("HE", "河北", 130_000), ("SX", "山西", 140_000),
        ("NM", "内蒙古", 150_000), ("LN", "辽宁", 210_000), ("JL", "吉林", 220_000), ("HL", "黑龙江", 230_000),
        ("SH", "上海", 310_000), ("JS", "江苏", 320_000), ("ZJ", "浙江", 330_000), ("AH", "安徽", 340_000),
        ("FJ", "福建", 350_000), ("JX", "江西", 360_000), ("SD", "山东", 370_000), ("HA", "河南", 410_000),
        ("HB", "湖北", 420_000), ("HN", "湖南", 430_000), ("GD", "广东", 440_000), ("GX", "广西", 450_000),
        ("HI", "海南", 460_000), ("CQ", "重庆", 500_000), ("SC", "四川", 510_000), ("GZ", "贵州", 520_000),
        ("YN", "云南", 530_000), ("SN", "陕西", 610_000), ("GS", "甘肃", 620_000), ("QH", "青海", 630_000),
        ("NX", "宁夏", 640_000), ("XJ", "新疆", 650_000), ("SZX", "深圳", 440_300), ("DLC", "大连", 210_200),
        ("NGB", "宁波", 330_200), ("XMN", "厦门", 350_200), ("TAO", "青岛", 370_200),
    )
}  # fmt: skip
"""The 35 markets by the letters of their codes (JR/T 0326, table of regions)."""

LAYERS: Mapping[str, str] = {"F": "孵化", "G": "规范", "P": "培育", "T": "纯托管"}
"""Layers of a market (层级): incubated, standardised, cultivated, in custody only."""


def normal(text: str) -> str:
    """Full-width letters and digits as half-width ones (NFKC), blanks around them gone, upper case."""
    return unicodedata.normalize("NFKC", text).strip().upper()


# --- JR/T 0326: companies, products, investors


@dataclass(frozen=True, slots=True)
class CompanyCode:
    """A company's code (企业代码): ``BJ000001F``; ``layer`` is empty where the company has none."""

    region: str
    number: str
    layer: str = ""

    def __str__(self) -> str:
        return f"{self.region}{self.number}{self.layer}"

    def in_layer(self, layer: str, field: str = "layer") -> "CompanyCode":
        """The code after a change of layer (转层): nothing but the letter is another. Invalid when it is none."""
        if layer not in LAYERS and layer:
            _refuse(field, f"A layer is one of {', '.join(LAYERS)}, or empty.", "J326-LAYER", _J326)
        if layer == self.layer:
            _refuse(field, "The company is in this layer already.", "J326-LAYER", _J326)
        return replace(self, layer=layer)


_COMPANY = re.compile(r"([A-Z]+)(\d*)(.*)", re.DOTALL)


def parse_company_code(text: str, field: str = "code") -> CompanyCode:
    """Region, six digits and perhaps a layer. Invalid says which of them is wrong."""
    match = _COMPANY.fullmatch(normal(text))
    if match is None:
        _refuse(field, "A company code begins with the two or three letters of a region.", "J326-REGION", _J326)
    region, number, layer = match.groups()
    if region not in REGIONS:
        detail = f"The letters before the digits are those of none of the {len(REGIONS)} regions."
        _refuse(field, detail, "J326-REGION", _J326)
    if len(number) != 6 or not number.isascii():
        _refuse(field, f"After the region come six digits; here are {len(number)}.", "J326-NUMBER", _J326)
    if layer and layer not in LAYERS:
        _refuse(field, f"After the digits comes nothing or one of {', '.join(LAYERS)}.", "J326-LAYER", _J326)
    return CompanyCode(region, number, layer)


@dataclass(frozen=True, slots=True)
class ProductCode:
    """A product's code (产品代码): ``BJ000001F.DCFGFR2110``. ``kind``: letters of the security type (GB/T 35964)."""

    company: CompanyCode
    kind: str
    batch: str

    def __str__(self) -> str:
        return f"{self.company}.{self.kind}{self.batch}"


def parse_product_code(text: str, field: str = "code") -> ProductCode:
    """Company, point, type letters, and a batch of at most four digits, which may be absent. Invalid."""
    company, point, rest = normal(text).partition(".")
    if not point:
        _refuse(field, "A product code has a point between company and type.", "J326-PRODUCT", _J326)
    match = re.fullmatch(r"([A-Z]{1,6})([0-9]{0,4})", rest)
    if match is None:
        detail = "After the point come one to six letters of the type and at most four digits of the batch."
        _refuse(field, detail, "J326-PRODUCT", _J326)
    return ProductCode(parse_company_code(company, field), match[1], match[2])


_INVESTOR_KINDS: Mapping[str, str] = {"Q": "a natural person", "R": "an institution", "S": "a product"}


def check_investor_code(text: str, *, letter: str, field: str = "investor_code") -> str:
    """An investor's code (投资者代码): its kind's ``letter`` (Q 自然人, R 机构, S 产品), nine digits. Invalid."""
    code = normal(text)
    if not re.fullmatch(r"[QRS][0-9]{9}", code):
        _refuse(field, "An investor code is Q, R or S and nine digits.", "J326-INVESTOR", _J326)
    if code[0] != letter:
        detail = f"This is the code of {_INVESTOR_KINDS[code[0]]}; the account is that of {_INVESTOR_KINDS[letter]}."
        _refuse(field, detail, "J326-INVESTOR", _J326)
    return code


# --- GB 32100: organisations

_USCI = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # no I, O, S, V, Z
_GB32100 = "GB 32100—2015"


def check_usci(text: str, field: str = "usci") -> str:
    """A unified social credit code (统一社会信用代码): 18 characters, the last of which checks the others. Invalid."""
    code = normal(text)
    if len(code) != 18:
        _refuse(field, f"The code has 18 characters; here are {len(code)}.", "GB32100-LENGTH", _GB32100)
    foreign = [place for place, character in enumerate(code, 1) if character not in _USCI]
    if foreign:
        detail = f"Character {foreign[0]} is none of the code's: digits, and letters without I, O, S, V and Z."
        _refuse(field, detail, "GB32100-CHARACTER", _GB32100)
    if not code[2:8].isdecimal():
        _refuse(field, "Characters 3 to 8 are the digits of the registering region.", "GB32100-REGION", _GB32100)
    total = sum(_USCI.index(character) * pow(3, place, 31) for place, character in enumerate(code[:17]))
    if _USCI[-total % 31] != code[17]:
        _refuse(field, "The check character does not fit the others.", "GB32100-CHECK", _GB32100)
    return code


# --- GB 11643: persons

_GB11643 = "GB 11643—1999"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_PROVINCES = frozenset(
    (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83)
)


def check_resident_number(text: str, today: date, field: str = "number") -> str:
    """A resident identity number (公民身份号码): region, date of birth not after ``today``, check digit. Invalid."""
    number = normal(text)
    if re.fullmatch(r"[0-9]{15}", number):
        detail = "Fifteen digits are a number of the first generation, without force since 2013."
        _refuse(field, detail, "GB11643-LENGTH", "居民身份证法 art. 23; " + _GB11643)
    if len(number) != 18:
        _refuse(field, f"The number has 18 characters; here are {len(number)}.", "GB11643-LENGTH", _GB11643)
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        _refuse(field, "The number is 17 digits and a last one that may be X.", "GB11643-CHARACTER", _GB11643)
    if int(number[:2]) not in _PROVINCES:
        _refuse(field, "The first two digits are those of no province.", "GB11643-REGION", _GB11643)
    _check_birth(number[6:14], today, field)
    total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
    if _CHECKS[total % 11] != number[17]:
        _refuse(field, "The check digit does not fit the others.", "GB11643-CHECK", _GB11643)
    return number


def _check_birth(digits: str, today: date, field: str) -> None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        _refuse(field, "Digits 7 to 14 are no date.", "GB11643-DATE", _GB11643)
    if born > today or born.year < 1850:
        _refuse(field, "Digits 7 to 14 are no date of birth of somebody alive.", "GB11643-DATE", _GB11643)


def _refuse(field: str, detail: str, rule: str, source: str) -> NoReturn:
    raise Invalid(field, detail, rule=rule, source=source)
