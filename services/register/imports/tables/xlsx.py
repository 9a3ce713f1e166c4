"""Sheets of an .xlsx workbook (ECMA-376), in constant memory but for its shared strings.

Read as stored: a number is its decimal text, so that no digit is lost here that the file still has; hidden rows, merged
cells and formulas without a result are told apart (docs/adr/0021).
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from typing import BinaryIO

from typing_extensions import override

from services.register.imports.tables.cells import BadTable, Cell, Content, Row, parse_reference, reference
from services.register.imports.tables.package import Attributes, Handlers, Package
from services.register.imports.tables.styles import Styles

__all__ = ["Workbook", "XlsxTable"]

MAX_MERGED = 100_000
MAX_STRING_BYTES = 256 << 20
_MAX_COLUMNS = 16_384
_MOST_DAYS = 3_000_000
"""Days since 1900 until after the year 9999, where a spreadsheet's calendar ends."""
_WORKBOOK, _RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


class _Strings(Handlers):
    """The shared strings, as one run of bytes and where each ends. Phonetic guides (注音) are no part of a string."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q")
        self._taking = False
        self._phonetic = 0

    def __getitem__(self, index: int) -> str:
        if not 0 <= index < len(self._ends):
            raise BadTable("IMP-FORMAT", "A cell refers to a text that the workbook does not have.")
        begin = self._ends[index - 1] if index else 0
        return self._bytes[begin : self._ends[index]].decode()

    @override
    def start(self, name: str, attributes: Attributes) -> None:
        self._phonetic += name == "rPh"
        self._taking = name == "t" and not self._phonetic

    @override
    def end(self, name: str) -> None:
        self._taking = False
        self._phonetic -= name == "rPh"
        if name == "si":
            self._ends.append(len(self._bytes))

    @override
    def text(self, data: str) -> None:
        if self._taking:
            self._bytes += data.encode()
            if len(self._bytes) > MAX_STRING_BYTES:
                raise BadTable("IMP-SIZE", "The workbook has more text than is read.")


class _Sheets(Handlers):
    """Names of the sheets in their order, and from which day dates are counted."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str, bool]] = []
        self.epoch_1904 = False

    @override
    def start(self, name: str, attributes: Attributes) -> None:
        if name == "sheet":
            link = next((value for key, value in attributes.items() if key.rpartition(":")[2] == "id"), "")
            self.found.append((attributes.get("name", ""), link, attributes.get("state", "visible") != "visible"))
        elif name == "workbookPr":
            self.epoch_1904 = attributes.get("date1904", "0") in ("1", "true")


class _Links(Handlers):
    """Which part a relation of the workbook names."""

    def __init__(self) -> None:
        self.parts: dict[str, str] = {}

    @override
    def start(self, name: str, attributes: Attributes) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            self.parts[attributes.get("Id", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"


class Workbook:
    """An opened .xlsx file. BadTable when it is none."""

    def __init__(self, file: BinaryIO) -> None:
        self.package = Package(file)
        sheets, links = _Sheets(), _Links()
        self.package.parse(_WORKBOOK, sheets)
        self.package.parse(_RELATIONS, links)
        self.strings, self.styles = _Strings(), Styles()
        for part, handlers in (("xl/sharedStrings.xml", self.strings), ("xl/styles.xml", self.styles)):
            if self.package.has(part):
                self.package.parse(part, handlers)
        self.epoch = date(1904, 1, 1) if sheets.epoch_1904 else date(1899, 12, 30)
        self.tables = [
            XlsxTable(self, name, links.parts[link], hidden=hidden)
            for name, link, hidden in sheets.found
            if self.package.has(links.parts.get(link, ""))
        ]


@dataclass(frozen=True, slots=True)
class _Merged:
    """One merged range: first column and row, last column and row."""

    left: int
    top: int
    right: int
    bottom: int


class XlsxTable:
    """One sheet."""

    def __init__(self, workbook: Workbook, name: str, part: str, *, hidden: bool) -> None:
        self._workbook = workbook
        self._part = part
        self._name = name
        self._hidden = hidden
        self._ranges: list[_Merged] | None = None

    @property
    def name(self) -> str:
        """The sheet's name."""
        return self._name

    @property
    def hidden(self) -> bool:
        """Whether it is hidden."""
        return self._hidden

    def rows(self) -> Iterator[Row]:
        """The rows with cells; parts of merged cells have the text of the whole."""
        if self._ranges is None:
            self._ranges = _find_merged(self._workbook.package, self._part)
        merged = _Merging(self._ranges)
        reader = _Reader(self._workbook)
        for _ in self._workbook.package.pieces(self._part, reader):
            for row in reader.take():
                whole = merged.completed(row)
                if whole.cells:
                    yield whole


class _Reader(Handlers):
    """Gathers rows of a sheet as they go by."""

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._rows: list[Row] = []
        self._number = 0
        self._hidden = False
        self._cells: dict[int, Cell] = {}
        self._cell = _Raw()
        self._column = 0
        self._taking = self._inline = self._in_cell = False

    def take(self) -> list[Row]:
        """The rows that are complete."""
        rows, self._rows = self._rows, []
        return rows

    @override
    def start(self, name: str, attributes: Attributes) -> None:
        if name == "c":
            self._begin_cell(attributes)
        elif name == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._hidden = attributes.get("hidden", "0") in ("1", "true")
            self._cells, self._column = {}, 0
        elif self._in_cell:
            self._inline |= name == "is"
            self._taking = name == "v" or (name == "t" and self._inline)
            self._cell.formula |= name == "f"

    @override
    def end(self, name: str) -> None:
        self._taking = False
        if name == "c":
            cell = self._cell.read(self._workbook)
            if cell is not None:
                self._cells[self._column] = cell
            self._in_cell = False
        elif name == "row":
            self._rows.append(Row(self._number, self._cells, self._hidden))

    @override
    def text(self, data: str) -> None:
        if self._taking:
            self._cell.pieces.append(data)

    def _begin_cell(self, attributes: Attributes) -> None:
        place = attributes.get("r")
        self._column = parse_reference(place)[0] if place else self._column + 1
        if self._column > _MAX_COLUMNS:
            raise BadTable("IMP-SIZE", f"The sheet has more than {_MAX_COLUMNS} columns.")
        self._cell = _Raw(attributes.get("t", "n"), int(attributes.get("s", 0)))
        self._in_cell, self._inline = True, False


@dataclass(slots=True)
class _Raw:
    """A cell as the XML has it."""

    kind: str = "n"
    style: int = 0
    formula: bool = False
    pieces: list[str] = field(default_factory=list)

    def read(self, workbook: Workbook) -> Cell | None:
        """The cell; None when it is blank."""
        text = "".join(self.pieces)
        if self.kind == "s" and text:
            text = workbook.strings[int(text)]
        if not text.strip():
            return Cell("", Content.UNCALCULATED) if self.formula and self.kind == "n" else None
        if self.kind == "n":
            return self._number(text.strip(), workbook)
        if self.kind == "d":
            return Cell(text[:10], Content.DATE)
        return Cell(text, {"b": Content.BOOLEAN, "e": Content.ERROR}.get(self.kind, Content.TEXT))

    def _number(self, text: str, workbook: Workbook) -> Cell:
        if not workbook.styles.is_date(self.style):
            return Cell(text, Content.NUMBER)
        try:
            number = Decimal(text)
            if not (number.is_finite() and 0 <= number < _MOST_DAYS):
                return Cell(text, Content.NUMBER)
            day = workbook.epoch + timedelta(days=int(number))
        except (InvalidOperation, OverflowError):
            return Cell(text, Content.NUMBER)
        return Cell(day.isoformat(), Content.DATE)


class _Ranges(Handlers):
    """The merged cells of a sheet. They stand behind its rows, so that they are looked for first."""

    def __init__(self) -> None:
        self.found: list[_Merged] = []

    @override
    def start(self, name: str, attributes: Attributes) -> None:
        if name != "mergeCell":
            return
        first, _, last = attributes.get("ref", "").partition(":")
        (left, top), (right, bottom) = parse_reference(first), parse_reference(last or first)
        self.found.append(_Merged(left, top, right, bottom))
        if len(self.found) > MAX_MERGED:
            raise BadTable("IMP-SIZE", f"The sheet has more than {MAX_MERGED} merged cells.")


def _find_merged(package: Package, part: str) -> list[_Merged]:
    """By their first rows."""
    ranges = _Ranges()
    package.parse(part, ranges)
    return sorted(ranges.found, key=lambda each: each.top)


class _Merging:
    """Gives the rows of a sheet, from the top, the text of the merged cells that reach into them."""

    def __init__(self, ranges: list[_Merged]) -> None:
        self._found = ranges
        self._tops = [each.top for each in ranges]
        self._open: list[tuple[_Merged, Cell]] = []

    def completed(self, row: Row) -> Row:
        """One row more."""
        if not self._found:
            return row
        self._open = [each for each in self._open if each[0].bottom >= row.number]
        begin = bisect_right(self._tops, row.number - 1)
        for one in self._found[begin : bisect_right(self._tops, row.number)]:
            anchor = row.cells.get(one.left)
            if anchor is not None:
                self._open.append((one, anchor))
        if not self._open:
            return row
        cells = dict(row.cells)
        for one, anchor in self._open:
            origin = reference(one.left, one.top)
            for column in range(one.left, min(one.right, one.left + 256) + 1):
                if (column, row.number) != (one.left, one.top):
                    cells[column] = Cell(anchor.text, anchor.content, origin, column != one.left)
        return Row(row.number, cells, row.hidden)
