"""`python -m samples.register.holders`: makes the spreadsheet of the demonstration anew. Everybody in it is invented.

It is as such lists are: a title over merged cells, a heading of two rows, thousands separators and full-width digits,
shares as text and as numbers, totals, a line for who made it; the encumbrances on a sheet of their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

COMPANY = "某某精密机械(示例)股份有限公司"
CAPITAL = 50_000_000
HOLDERS = 199
FILE = Path(__file__).with_name("某某精密机械-股东名册.xlsx")
PLEDGED, FROZEN = 3_000_000, 150_000
UNCONFIRMED = 6

_SURNAMES = "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦许何吕张孔曹严华金魏陶姜戚谢邹苏潘葛范彭郎鲁"
_GIVEN = ("示明", "例安", "建样", "文例", "晓示", "样华", "志例", "示宁", "例清", "思样", "示远", "例芳")
_ORGANISATIONS = (
    ("鹏城样例投资控股有限公司", "法人", 6_000_000),
    ("深南示例产业发展有限公司", "法人", 4_500_000),
    ("湾区样板科技有限公司", "法人", 2_000_000),
    ("粤海示范贸易有限公司", "法人", 1_200_000),
    ("鹏城示例创业投资合伙企业(有限合伙)", "合伙企业", 3_500_000),
    ("深港样例股权投资合伙企业(有限合伙)", "合伙企业", 2_400_000),
    ("湾区示例管理咨询合伙企业(有限合伙)", "合伙企业", 800_000),
    ("精密机械(示例)员工持股计划", "员工持股计划", 1_600_000),
    ("样例成长一号私募股权投资基金", "私募基金", 2_000_000),
)
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True, slots=True)
class Holder:
    """A line of the list."""

    name: str
    kind: str
    document: str
    number: str
    units: int
    officer: bool = False
    confirmed: bool = True


def holders() -> list[Holder]:
    """All of them, the founder first; together they hold the registered capital."""
    organisations = [
        Holder(name, kind, *_papers(kind, place), units) for place, (name, kind, units) in enumerate(_ORGANISATIONS)
    ]
    people = list(_people(HOLDERS - 1 - len(organisations)))
    rest = CAPITAL - sum(one.units for one in (*organisations, *people))
    founder = Holder("欧阳示例", "自然人", "居民身份证", resident(7), rest, officer=True)
    return [founder, *organisations, *people]


def resident(order: int) -> str:
    """A number of GB 11643 with a good check digit, of a district that does not exist."""
    born = date(1958, 3, 1) + timedelta(days=order * 61 % 15_000)
    digits = f"440399{born:%Y%m%d}{order % 1000:03}"
    return digits + "10X98765432"[sum(int(one) * weight for one, weight in zip(digits, _WEIGHTS, strict=True)) % 11]


def organisation(order: int) -> str:
    """A code of GB 32100 with a good check character, of a district that does not exist."""
    body = f"91440399MA{order:07d}"
    total = sum(_ALPHABET.index(one) * pow(3, place, 31) for place, one in enumerate(body))
    return body + _ALPHABET[-total % 31]


USCI = organisation(88)
"""The company's own code."""


def _papers(kind: str, order: int) -> tuple[str, str]:
    if kind in ("私募基金", "员工持股计划"):
        return "备案编码", f"SX{order:04d}"
    return "统一社会信用代码", organisation(4_100 + order * 37)


def _people(count: int) -> Iterator[Holder]:
    for order in range(count):
        name = _SURNAMES[order % len(_SURNAMES)] + _GIVEN[order * 7 // len(_SURNAMES) % len(_GIVEN)]
        units = 20_000 + order * 7_919 % 43 * 2_500
        yield Holder(name, "自然人", "居民身份证", resident(order + 11), units, confirmed=order < count - UNCONFIRMED)


def encumbrances() -> list[tuple[str, ...]]:
    """A pledge on a company's units, and a court's freeze on a person's."""
    listed = holders()
    pledger, debtor = listed[2], max(listed[1 + len(_ORGANISATIONS) :], key=lambda one: one.units)
    return [
        (
            pledger.name, pledger.number, "股权质押", f"{PLEDGED:,}", "2026-03-16", "",
            "示例商业银行股份有限公司深圳分行", "示质登〔2026〕0316号",
        ),
        (
            debtor.name, debtor.number, "司法冻结", f"{min(FROZEN, debtor.units):,}", "2026年7月1日", "2029-06-30",
            "深圳市示例区人民法院", "(2026)粤0399执示1号",
        ),
    ]  # fmt: skip


def write(file: Path) -> None:
    """The workbook."""
    from openpyxl import Workbook

    book = Workbook()
    sheet: Any = book.active
    sheet.title = "股东名册"
    _write_holders(sheet)
    _write_encumbrances(book.create_sheet("质押冻结情况"))
    book.save(file)


def _write_holders(sheet: Any) -> None:
    sheet.append([f"{COMPANY}股东名册"])
    sheet.merge_cells("A1:I1")
    sheet.append([f"统一社会信用代码：{USCI}", None, None, None, "单位：股"])
    heading = ("序号", "股东名称", "股东类型", "证件", None, "持股数量（股）", "持股比例", "是否董监高", "确权状态")
    sheet.append(heading)
    sheet.append((None, None, None, "类型", "号码"))
    sheet.merge_cells("D3:E3")
    for column in "ABCFGHI":
        sheet.merge_cells(f"{column}3:{column}4")
    for order, one in enumerate(holders(), 1):
        share = f"{one.units * 100 / CAPITAL:.4f}%" if order % 3 else one.units / CAPITAL
        sheet.append([
            order, one.name, one.kind, one.document, one.number, _units(order, one.units), share,
            "是" if one.officer else "否", "已确权" if one.confirmed else "未确权",
        ])  # fmt: skip
    sheet.append(["合计", None, None, None, None, f"{CAPITAL:,}", "100%"])
    sheet.append([None, "制表人：示例", None, None, "盖章："])


def _units(order: int, units: int) -> object:
    """As people type them."""
    if order % 17 == 0:
        return f"{units:,}".translate(str.maketrans("0123456789,", "０１２３４５６７８９，"))
    return f"{units:,}" if order % 2 else units


def _write_encumbrances(sheet: Any) -> None:
    sheet.append([f"{COMPANY}股权质押、司法冻结情况"])
    sheet.merge_cells("A1:H1")
    sheet.append(
        ("股东名称", "证件号码", "权利负担", "数量（股）", "登记/公示日期", "到期日", "质权人/执行法院", "文书号")
    )
    for line in encumbrances():
        sheet.append(line)


if __name__ == "__main__":
    write(FILE)
    print(FILE)
