"""One line of a table by its fields; gathers what is wrong with which of its cells. Pure."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from services.register.imports.findings import CellRefused
from services.register.imports.tables.cells import Cell, Content, Row

__all__ = ["Line"]

T = TypeVar("T")


class Line:
    """``cells`` by field, without the right parts of merged cells; ``units`` once they are read."""

    def __init__(self, row: Row, columns: Mapping[str, int]) -> None:
        self.number = row.number
        self.hidden = row.hidden
        self.cells = {
            field: cell
            for field, column in columns.items()
            if (cell := row.cells.get(column)) is not None and not cell.across
        }
        self.wrong: dict[str, CellRefused] = {}
        self.units: int | None = None

    def __contains__(self, field: str) -> bool:
        return field in self.cells

    def text(self, field: str) -> str:
        """The cell as it is, empty when there is none."""
        cell = self.cells.get(field)
        return cell.text if cell is not None else ""

    def need(self, field: str, read: Callable[[Cell], T]) -> T | None:
        """What ``read`` makes of the cell; None once it is noted as wrong or missing."""
        if field not in self.cells:
            self.refuse(field, CellRefused("IMP-MISSING", "The cell is empty."))
            return None
        return self.may(field, read)

    def may(self, field: str, read: Callable[[Cell], T]) -> T | None:
        """The same of a cell that may be empty."""
        cell = self.cells.get(field)
        if cell is None:
            return None
        try:
            if cell.content in {Content.ERROR, Content.UNCALCULATED}:
                detail = "The formula has no result in the file: open it in its program, let it calculate, save it."
                raise CellRefused("IMP-FORMULA", detail)  # noqa: TRY301 (noted like every other refusal)
            return read(cell)
        except CellRefused as refused:
            self.refuse(field, refused)
            return None

    def refuse(self, field: str, refused: CellRefused) -> None:
        """Notes it; the first refusal of a cell stays."""
        self.wrong.setdefault(field, refused)

    def shares_cell(self, *fields: str) -> bool:
        """Whether each of these is the lower part of a merged cell: the line goes on with the holder above."""
        return all(field in self.cells and self.cells[field].origin for field in fields)
