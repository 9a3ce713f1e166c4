"""A CSV file as a table: UTF-8, UTF-16 with its mark, or GB18030 (as Chinese Excel writes it); comma, tab or other."""

import codecs
import csv
from collections.abc import Iterator
from typing import BinaryIO

from services.register.imports.tables.cells import BadTable, Cell, Row

__all__ = ["CsvTable"]

_CHUNK = 1 << 16
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_DELIMITERS = ",\t;|"
_SAMPLE_LINES = 30


class CsvTable:
    """The one table of a CSV file. BadTable when it is no text in a known encoding."""

    name = ""
    hidden = False

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._encoding = _encoding(file)
        self._delimiter = self._find_delimiter()

    def rows(self) -> Iterator[Row]:
        """The lines with at least one cell; quoted cells may hold line breaks, and count as one row."""
        reader = csv.reader(self._lines(), delimiter=self._delimiter, strict=True)
        number = 0
        try:
            for number, cells in enumerate(reader, 1):
                found = {column: Cell(each) for column, text in enumerate(cells, 1) if (each := _plain(text))}
                if found:
                    yield Row(number, found)
        except (csv.Error, UnicodeDecodeError):
            raise BadTable(
                "IMP-FORMAT", f"Line {number + 1} is no line of a CSV file: a quote is not closed."
            ) from None

    def _lines(self) -> Iterator[str]:
        """Each with its end. Where it reads it keeps to itself: several readings may be under way."""
        decoder = codecs.getincrementaldecoder(self._encoding)()
        position, rest = 0, ""
        while True:
            self._file.seek(position)
            piece = self._file.read(_CHUNK)
            position += len(piece)
            *lines, rest = (rest + decoder.decode(piece, final=not piece)).split("\n")
            yield from (f"{line}\n" for line in lines)
            if not piece:
                break
        if rest:
            yield rest

    def _find_delimiter(self) -> str:
        lines = [line for line, _ in zip(self._lines(), range(_SAMPLE_LINES), strict=False)]
        return max(_DELIMITERS, key=lambda each: sum(line.count(each) for line in lines))


def _plain(text: str) -> str:
    """Without what people put around numbers to keep a spreadsheet from rounding them: ``'123`` and ``="123"``."""
    text = text.strip().removeprefix("'")
    if text.startswith('="') and text.endswith('"'):
        text = text[2:-1]
    return text.strip()


def _encoding(file: BinaryIO) -> str:
    file.seek(0)
    begin = file.read(4)
    if begin[:2] == b"PK" or (b"\x00" in begin and not begin.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))):
        raise BadTable("IMP-FORMAT", "The file is no CSV text.")
    for mark, name in _MARKS:
        if begin.startswith(mark):
            return name
    for name in ("utf-8", "gb18030"):
        if _decodes(file, name):
            return name
    raise BadTable("IMP-ENCODING", "The file is text neither in UTF-8 nor in GB18030.")


def _decodes(file: BinaryIO, name: str) -> bool:
    decoder = codecs.getincrementaldecoder(name)()
    file.seek(0)
    try:
        while piece := file.read(_CHUNK):
            decoder.decode(piece)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True
