"""The totals that a list gives itself (合计、小计), compared with its lines. Pure."""

from functools import partial

from services.register.imports.findings import CellRefused
from services.register.imports.line import Line
from services.register.imports.values import read_units

__all__ = ["Totals"]


class Totals:
    """Sums of a table's good lines: since its beginning, and since the last subtotal."""

    def __init__(self) -> None:
        self._total = self._since = 0

    def add(self, units: int) -> None:
        """A line."""
        self._total += units
        self._since += units

    def compare(self, line: Line, factor: int, word: str) -> CellRefused | None:
        """What a total line says wrongly; one without a number says nothing."""
        said = line.may("units", partial(read_units, factor=factor))
        expected = self._total if word == "total" else self._since
        self._since = 0
        if "units" in line.wrong:
            return line.wrong["units"]
        if said is None or said == expected:
            return None
        return CellRefused("IMP-TOTAL", f"The {word} says {said} units, the lines above have {expected}.")
