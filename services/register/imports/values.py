"""Quantities, shares, days and yes or no, out of what people type into cells. Pure; never a float."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, DecimalException, localcontext
from typing import TypeVar

from services.register.imports.findings import CellRefused
from services.register.imports.tables.cells import Cell, Content

__all__ = [
    "MAX_UNITS",
    "factor_of",
    "plain_text",
    "read_day",
    "read_identifier",
    "read_ratio",
    "read_units",
    "read_yes",
]

T = TypeVar("T")
MAX_UNITS = (1 << 80) - 1
_KEPT = 15
"""Significant digits of a number that a spreadsheet keeps; what it stores beyond them is noise."""
_MOST_PLACES = 40
"""No quantity and no share begins farther from its point: powers of ten beyond that are no arithmetic of ours."""
_FACTORS = {"": 1, "千": 1_000, "万": 10_000, "百万": 1_000_000, "亿": 100_000_000}
_UNIT = re.compile(r"(千|百万|万|亿)?(?:股|份|元|人民币元|元人民币|RMB)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:[, ][0-9]{3})+(?:\.[0-9]+)?")
_DIGITS = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?E[+-]?[0-9]+", re.IGNORECASE)
_DAY = re.compile(r"([0-9]{4})(?:年|-|/|\.)([0-9]{1,2})(?:月|-|/|\.)([0-9]{1,2})日?(?:\s.*)?")
_COMPACT_DAY = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_YES = frozenset({"是", "已确权", "确权", "已确认", "有", "Y", "YES", "TRUE", "1", "√"})
_NO = frozenset({"否", "未确权", "未确认", "待确权", "无", "N", "NO", "FALSE", "0", "×"})


def plain_text(text: str) -> str:
    """Half-width, without blanks around, single blanks within."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    return " ".join(text.split())


def factor_of(unit: str) -> int | None:
    """10000 for ``万股``, 1 for ``股`` or nothing; None for what is no unit."""
    match = _UNIT.fullmatch(plain_text(unit).replace(" ", ""))
    return None if match is None else _FACTORS[match[1] or ""]


def read_units(cell: Cell, factor: int = 1) -> int:
    """Whole positive units below 2^80. A unit within the cell (``12.5万股``) counts instead of the column's."""
    number, unit = _number(cell)
    inner = factor_of(unit) if unit else None
    if unit and inner is None:
        raise CellRefused("IMP-NUMBER", "This is no number of units.")
    with localcontext(prec=60):
        total = number * (inner if inner is not None else factor)
        if total != total.to_integral_value():
            raise CellRefused("IMP-UNITS", "The quantity is not whole units.")
    if not 0 < total <= MAX_UNITS:
        raise CellRefused("IMP-UNITS", "The quantity is not above zero, or beyond what a register holds.")
    return int(total)


def read_ratio(cell: Cell) -> tuple[tuple[Decimal, Decimal], ...]:
    """Parts of the whole that the cell may mean, each with half of its last place.

    ``12.5%`` means one thing; 12.5, and a 0.125 that may be shown as 12.5%, are per cent or a fraction.
    """
    number, unit = _number(cell)
    if unit not in ("", "%"):
        raise CellRefused("IMP-NUMBER", "This is no percentage.")
    slack = Decimal(1).scaleb(int(number.as_tuple().exponent)) / 2
    found = [(number / 100, slack / 100)] if unit else [(number / 100, slack / 100), (number, slack)]
    if found[0][0] > 1:
        raise CellRefused("IMP-RATIO", "A share of the whole is at most 100 %.")
    return tuple(found)


def read_identifier(cell: Cell) -> str:
    """A document's number, upper case. What a spreadsheet made a number of, and thereby lost digits, is refused."""
    text = plain_text(cell.text).replace(" ", "").upper()
    if _SCIENTIFIC.fullmatch(text):
        raise CellRefused("IMP-DIGITS", "Shown in powers of ten: its last digits are lost. Format as text, type anew.")
    if cell.content is Content.NUMBER:
        text = text.removesuffix(".0")
        if not text.isdecimal() or len(text) > _KEPT:
            detail = f"Stored as a number, which keeps {_KEPT} digits: the others are lost. Format as text, type anew."
            raise CellRefused("IMP-DIGITS", detail)
    elif cell.content is not Content.TEXT:
        raise CellRefused("IMP-DOCUMENT", "This is no document's number.")
    return text


def read_day(cell: Cell) -> date:
    """A day: a date cell, ``2026-11-20``, ``2026/11/20``, ``2026.11.20``, ``2026年11月20日``, ``20261120``."""
    text = plain_text(cell.text)
    match = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    try:
        if match is None or (cell.content is Content.NUMBER and len(text) != 8):
            raise ValueError  # noqa: TRY301 (one refusal for every way of being no day)
        return date(int(match[1]), int(match[2]), int(match[3]))
    except ValueError:
        raise CellRefused("IMP-DATE", "This is no day: expected as 2026-11-20.") from None


def read_yes(cell: Cell) -> bool:
    """Yes or no, in one of the ways in which it is said."""
    word = plain_text(cell.text).upper()
    if word not in _YES | _NO:
        raise CellRefused("IMP-WORD", "Expected 是 or 否 (已确权、未确权).")
    return word in _YES


def one_of(cell: Cell, words: Sequence[tuple[str, T]], refusal: str) -> T:
    """What the first of the ``words`` (word, meaning) that the cell contains means."""
    text = plain_text(cell.text)
    for word, meaning in words:
        if word in text:
            return meaning
    raise CellRefused("IMP-WORD", refusal)


def _number(cell: Cell) -> tuple[Decimal, str]:
    """The number of a cell and what stands behind it."""
    if cell.content is Content.NUMBER:
        return _stored(cell.text), ""
    if cell.content is not Content.TEXT:
        raise CellRefused("IMP-NUMBER", "This is no number.")
    text = plain_text(cell.text).upper().removeprefix("¥").strip()
    if _SCIENTIFIC.fullmatch(text):
        raise CellRefused("IMP-DIGITS", "Written in powers of ten: its last digits are lost.")
    match = re.match(r"[0-9., ]*[0-9]", text)
    digits = match[0] if match else ""
    unit = text[len(digits) :].strip()
    if not (_GROUPED.fullmatch(digits) or _DIGITS.fullmatch(digits)):
        raise CellRefused("IMP-NUMBER", "This is no number, or its thousands are not in threes.")
    return _near(Decimal(digits.replace(",", "").replace(" ", ""))), unit


def _stored(text: str) -> Decimal:
    """A number as the file has it, without the noise behind its fifteenth digit."""
    try:
        with localcontext(prec=_KEPT):
            return +_near(Decimal(text))
    except DecimalException:
        raise CellRefused("IMP-NUMBER", "This is no number.") from None


def _near(number: Decimal) -> Decimal:
    """The number itself, which can be reckoned with. Asked before any arithmetic, which would not end or overflow."""
    if not number.is_finite() or abs(number.adjusted()) > _MOST_PLACES:
        raise CellRefused("IMP-NUMBER", "This is no number that a register could hold.")
    return number
