"""What a table gives, whatever file it came from."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

__all__ = ["BadTable", "Cell", "Content", "Row", "Table", "column_letters", "column_number", "reference"]


class BadTable(Exception):
    """A file, or a part of it, cannot be read at all. ``rule`` is stable; ``detail`` is safe to show."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(detail)
        self.rule = rule
        self.detail = detail


class Content(StrEnum):
    """What a cell holds. ``NUMBER`` is the decimal text that the file has, never a float."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    ERROR = "error"
    UNCALCULATED = "uncalculated"  # a formula whose result the file does not have


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell that is not blank.

    ``text`` is as stored: for ``DATE`` an ISO day, for ``NUMBER`` the digits of the file. ``origin`` is the reference
    of the merged cell that it is a part of, empty for a cell of its own; ``across``: it lies beside that cell's first
    column, so that it says something only in a heading.
    """

    text: str
    content: Content = Content.TEXT
    origin: str = ""
    across: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row with its number as the spreadsheet shows it (from 1), its cells by column (from 1)."""

    number: int
    cells: Mapping[int, Cell]
    hidden: bool = False


class Table(Protocol):
    """One sheet of a workbook, or a CSV file."""

    @property
    def name(self) -> str:
        """The sheet's name; empty for a CSV file."""
        ...

    @property
    def hidden(self) -> bool:
        """Whether the sheet is hidden from who opens the file."""
        ...

    def rows(self) -> Iterator[Row]:
        """The rows with at least one cell, from the top; anew each time. BadTable."""
        ...


def column_letters(column: int) -> str:
    """1 -> A, 27 -> AA."""
    letters = ""
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """A -> 1, AA -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def reference(column: int, row: int) -> str:
    """``C7``."""
    return f"{column_letters(column)}{row}"


_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})")


def parse_reference(text: str) -> tuple[int, int]:
    """Column and row of ``C7``. ValueError."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        raise ValueError("not a cell")
    return column_number(match[1]), int(match[2])
