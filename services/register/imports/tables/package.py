"""An .xlsx file as a package of XML parts (OPC, ECMA-376), opened as if a stranger had made it.

What is refused before it costs anything: more parts or bytes than a register needs, parts that unpack to far more than
their size (zip bombs), document types and entities (billion laughs), encrypted and old binary workbooks.
"""

import zipfile
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO
from xml.parsers import expat

from services.register.imports.tables.cells import BadTable

__all__ = ["Attributes", "Handlers", "Package"]

MAX_PARTS = 4_000
MAX_PART_BYTES = 512 << 20
MAX_RATIO = 400
_SMALL = 16 << 20
_CHUNK = 1 << 16
_OLD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

Attributes = Mapping[str, str]


class Handlers:
    """What a part's reader wants to hear. Names come without the prefix of their namespace."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, data: str) -> None:
        """Characters, in one or several pieces."""


class Package:
    """The parts of an .xlsx file. BadTable says why it is none."""

    def __init__(self, file: BinaryIO) -> None:
        file.seek(0)
        if file.read(8) == _OLD:
            raise BadTable("IMP-FORMAT", "An old binary or an encrypted workbook: save it as .xlsx without a password.")
        file.seek(0)
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, ValueError):
            raise BadTable("IMP-FORMAT", "The file is no .xlsx workbook.") from None
        parts = self._zip.infolist()
        if len(parts) > MAX_PARTS:
            raise BadTable("IMP-SIZE", f"The workbook has {len(parts)} parts; at most {MAX_PARTS} are read.")
        self._parts = {part.filename.lstrip("/"): part for part in parts}

    def has(self, name: str) -> bool:
        """Whether there is such a part."""
        return name in self._parts

    def parse(self, name: str, handlers: Handlers) -> None:
        """Reads a whole part."""
        for _ in self.pieces(name, handlers):
            pass

    def pieces(self, name: str, handlers: Handlers) -> Iterator[None]:
        """Reads a part piece by piece: between two of them the caller takes what its handlers have gathered."""
        parser = _parser(handlers)
        try:
            with self._zip.open(self._checked(name)) as stream:
                while piece := stream.read(_CHUNK):
                    parser.Parse(piece, False)
                    yield
                parser.Parse(b"", True)
        # NotImplementedError: how zipfile says that it knows no such compression
        except (expat.ExpatError, zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError):
            raise BadTable("IMP-FORMAT", f"The workbook's part {name} is damaged.") from None
        yield

    def _checked(self, name: str) -> zipfile.ZipInfo:
        part = self._parts.get(name)
        if part is None:
            raise BadTable("IMP-FORMAT", f"The workbook has no part {name}.")
        if part.flag_bits & 1:
            raise BadTable("IMP-FORMAT", "The workbook is encrypted: save it without a password.")
        swollen = part.file_size > _SMALL and part.file_size > MAX_RATIO * max(part.compress_size, 1)
        if part.file_size > MAX_PART_BYTES or swollen:
            raise BadTable("IMP-SIZE", f"The workbook's part {name} unpacks to {part.file_size} bytes: too many.")
        return part


def _parser(handlers: Handlers) -> expat.XMLParserType:
    """A parser that calls the handlers directly, without what they do not hear: most of the time is spent in calls."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.EntityDeclHandler = _refuse_entity

    def begin(name: str, attributes: Attributes) -> None:
        prefixed = ":" in name  # the root tells how its children are called
        parser.StartElementHandler = _local(handlers.start) if prefixed else handlers.start
        if type(handlers).end is not Handlers.end:
            parser.EndElementHandler = _local(handlers.end) if prefixed else handlers.end
        if type(handlers).text is not Handlers.text:
            parser.CharacterDataHandler = handlers.text
        handlers.start(name.rpartition(":")[2], attributes)

    parser.StartElementHandler = begin
    return parser


def _local(handler: Callable[..., None]) -> Callable[..., None]:
    """The handler, for names with a prefix."""
    return lambda name, *rest: handler(name.rpartition(":")[2], *rest)


def _refuse_doctype(*_: object) -> None:
    raise BadTable("IMP-FORMAT", "The workbook declares a document type, as no spreadsheet does.")


def _refuse_entity(*_: object) -> None:
    raise BadTable("IMP-FORMAT", "The workbook declares entities, as no spreadsheet does.")
