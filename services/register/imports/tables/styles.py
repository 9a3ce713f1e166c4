"""Which cell styles of a workbook show a number as a date (ECMA-376 part 1, 18.8.30)."""

import re

from typing_extensions import override

from services.register.imports.tables.package import Attributes, Handlers

__all__ = ["Styles"]

_BUILT_IN = frozenset((*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)))
_LITERAL = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]')
_DATE_LETTERS = frozenset("ydYD年月日")


class Styles(Handlers):
    """Reads ``styles.xml``."""

    def __init__(self) -> None:
        self._dates = set(_BUILT_IN)
        self._formats: list[int] = []
        self._in_cells = False

    def is_date(self, style: int) -> bool:
        """Whether cells of this style are dates."""
        return style < len(self._formats) and self._formats[style] in self._dates

    @override
    def start(self, name: str, attributes: Attributes) -> None:
        if name == "numFmt" and _DATE_LETTERS & set(_LITERAL.sub("", attributes.get("formatCode", ""))):
            self._dates.add(int(attributes.get("numFmtId", -1)))
        elif name == "cellXfs":
            self._in_cells = True
        elif name == "xf" and self._in_cells:
            self._formats.append(int(attributes.get("numFmtId", 0)))

    @override
    def end(self, name: str) -> None:
        if name == "cellXfs":
            self._in_cells = False
