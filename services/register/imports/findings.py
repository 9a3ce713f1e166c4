"""What is wrong with a cell, said so that its owner can mend it and nobody else learns from it who it is about."""

from collections.abc import Mapping
from dataclasses import dataclass

from chain.proof.canonical import JsonObject
from services.platform.errors import Invalid

__all__ = ["RULES", "CellRefused", "Finding", "Place", "masked"]

RULES: Mapping[str, str] = {
    "IMP-FORMAT": "docs/operations.md, import",
    "IMP-SIZE": "docs/operations.md, import",
    "IMP-ENCODING": "GB 18030—2022",
    "IMP-HEADER": "公司法 art. 56, 102: what a register of holders says",
    "IMP-HIDDEN": "docs/operations.md, import",
    "IMP-FORMULA": "docs/operations.md, import",
    "IMP-MISSING": "公司法 art. 56, 102",
    "IMP-WORD": "docs/operations.md, import",
    "IMP-DIGITS": "a spreadsheet number keeps 15 digits (IEEE 754)",
    "IMP-NUMBER": "docs/operations.md, import",
    "IMP-UNITS": "公司法 art. 142: shares are equal and whole",
    "IMP-DATE": "GB/T 7408",
    "IMP-DOCUMENT": "账户实名: each holder by one document",
    "IMP-DUPLICATE": "账户实名: one account a person and market",
    "IMP-NAME": "账户实名: one document, one name",
    "IMP-CONFIRMED": "确权: a position is confirmed or not",
    "IMP-TOTAL": "I3: the total is the sum of the lines",
    "IMP-RATIO": "I3: a share of the total",
    "IMP-CAPITAL": "I3: Σ holdings = registered capital",
    "IMP-AFTER-TOTAL": "I3: the total is the sum of the lines",
    "IMP-HOLDER": "docs/operations.md, import",
    "IMP-LIEN": "民法典 art. 440, 443; 强制执行股权规定 art. 6",
    "IMP-LIEN-UNITS": "I1: encumbered units are units held",
    "IMP-TERM": "民诉法解释 art. 485: three years at most",
}
"""The import's own rules with their sources; codes and numbers bring theirs (:mod:`services.register.codes`)."""


class CellRefused(Exception):
    """A cell does not say what its column needs."""

    def __init__(self, rule: str, detail: str, *, source: str = "") -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail
        self.source = source or RULES[rule]

    @classmethod
    def of(cls, error: Invalid) -> "CellRefused":
        """The refusal of a code."""
        return cls(error.rule or "IMP-WORD", error.detail, source=error.source or "-")


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the files: ``file`` as it was named, ``sheet`` (empty for CSV), ``cell`` (``C7``; empty: the whole)."""

    file: str
    sheet: str
    cell: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``field``: the column's meaning; ``value``: masked where it is personal."""

    place: Place
    field: str
    rule: str
    source: str
    detail: str
    value: str = ""

    def document(self) -> JsonObject:
        """As a report has it."""
        return {
            "file": self.place.file,
            "sheet": self.place.sheet,
            "cell": self.place.cell,
            "field": self.field,
            "rule": self.rule,
            "source": self.source,
            "detail": self.detail,
            "value": self.value,
        }


_PLAIN = frozenset({"units", "ratio", "confirmed", "kind", "document", "lien", "since", "until", "officer"})
_SHOWN = 40


def masked(field: str, text: str) -> str:
    """What a report shows of a cell: quantities, days and words as they are, of all else the first and last sign."""
    text = text.strip()
    if field in _PLAIN:
        return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    if len(text) <= 2:
        return text[:1] + "*" * (len(text) - 1)
    hidden = min(len(text) - 2, _SHOWN)
    return f"{text[0]}{'*' * hidden}{text[-1] if len(text) > 3 else '*'}"
