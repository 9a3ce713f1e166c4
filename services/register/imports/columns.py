"""Which column is which: the heading of a table (表头), found wherever it stands and whatever its words are. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import yaml

from services.register.imports.tables.cells import Cell, Row
from services.register.imports.values import factor_of, plain_text

__all__ = ["ENCUMBRANCES", "HEADING_ROWS", "HOLDERS", "Heading", "Kind", "Layout", "find_heading", "unit_in_title"]

HEADING_ROWS = 40
"""A heading is looked for so far down."""


class Kind(StrEnum):
    """What a table lists."""

    HOLDERS = "holders"
    ENCUMBRANCES = "encumbrances"


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that a kind of table has, by their words; ``needed``: each a set of fields, one of which is there."""

    kind: Kind
    words: Mapping[str, str]
    needed: tuple[frozenset[str], ...]


def _layout(kind: Kind, *needed: str) -> Layout:
    words = {word: name for name, found in _WORDS[kind].items() for word in found}
    return Layout(kind, words, tuple(frozenset(each.split("/")) for each in needed))


_WORDS = yaml.safe_load((Path(__file__).parent / "headings.yaml").read_text(encoding="utf-8"))
HOLDERS = _layout(Kind.HOLDERS, "name", "number", "units")
ENCUMBRANCES = _layout(Kind.ENCUMBRANCES, "name", "number", "lien/pledged/frozen", "units/pledged/frozen", "since")
_IGNORED = frozenset(_WORDS["ignored"])


@dataclass(frozen=True, slots=True)
class Heading:
    """A table's heading: its last ``row``, which field is in which column, the factor of a column's unit."""

    layout: Layout
    row: int
    columns: Mapping[str, int]
    factors: Mapping[str, int]
    ignored: tuple[str, ...] = ()
    twice: Mapping[str, int] = field(default_factory=dict)

    @property
    def missing(self) -> tuple[str, ...]:
        """Fields that the table needs and has not."""
        return tuple("/".join(sorted(each)) for each in self.layout.needed if not each & set(self.columns))


_BRACKETS = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]")
_TRAILING_UNIT = re.compile(r"(?<=.{2})(?:千|百万|万|亿)(?:股|份|元)$")
_TITLE_UNIT = re.compile(r"单位\s*[::]\s*(?:人民币)?((?:千|百万|万|亿)?(?:股|份|元))")


def find_heading(rows: Iterable[Row], layout: Layout) -> Heading | None:
    """The heading among the first rows: where the most columns are known; None where nothing looks like one."""
    best: Heading | None = None
    above: Mapping[int, Cell] = {}
    for row in rows:
        found = _heading(row, above, layout)
        if len(found.columns) >= 2 and _rank(found) > _rank(best):
            best = found
        above = row.cells
    return best


def unit_in_title(rows: Iterable[Row], heading: int) -> int:
    """The factor that a line above the heading gives for all quantities (``单位：万股``), 1 without."""
    for row in rows:
        for cell in row.cells.values():
            match = _TITLE_UNIT.search(plain_text(cell.text))
            if match is not None and row.number <= heading:
                return factor_of(match[1]) or 1
    return 1


def _rank(heading: Heading | None) -> tuple[int, int]:
    """Complete ones before others, then those that know more columns; of equals the upper one stays."""
    return (-1, 0) if heading is None else (-len(heading.missing), len(heading.columns))


def _heading(row: Row, above: Mapping[int, Cell], layout: Layout) -> Heading:
    columns: dict[str, int] = {}
    factors: dict[str, int] = {}
    twice: dict[str, int] = {}
    ignored: list[str] = []
    for column, cell in sorted(row.cells.items()):
        name, factor = _meaning(cell, above.get(column), layout)
        if name in columns:
            twice[name] = column
        elif name:
            columns[name] = column
            if factor is not None:
                factors[name] = factor
        elif name is not None:
            ignored.append(plain_text(cell.text)[:40])
    return Heading(layout, row.number, columns, factors, tuple(ignored), twice)


def _meaning(cell: Cell, group: Cell | None, layout: Layout) -> tuple[str | None, int | None]:
    """The field of a column, empty where it is unknown, None where it is of no use; and the factor in its heading.

    A heading over several columns counts with what is below it.
    """
    whole = plain_text(cell.text)
    word, factor = _word(whole)
    if word.upper() in _IGNORED:
        return None, None
    found = layout.words.get(word) or layout.words.get(_squeezed(whole))
    if not found and group is not None and group.text != cell.text:
        found = layout.words.get(_word(plain_text(group.text))[0] + word)
    return found or "", factor


def _word(text: str) -> tuple[str, int | None]:
    """The text without remarks in brackets, marks and a unit; and what the unit stands for."""
    factor = next((each for inner in _BRACKETS.findall(text) if inner and (each := factor_of(inner))), None)
    word = _squeezed(_BRACKETS.sub("", text))
    match = _TRAILING_UNIT.search(word)
    if match is not None:
        return word[: match.start()], factor or factor_of(match[0])
    return word, factor


def _squeezed(text: str) -> str:
    return re.sub(r"[\s*::.、]", "", text)
