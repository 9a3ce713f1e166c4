"""A dossier's files in a ZIP archive or a folder, read with limits: nothing is ever unpacked to the disk."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from chain.proof.errors import FormatError

_PIECE = 1 << 20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_ENCRYPTED = 0x1
_MOST = 200_000


class Folder:
    """A dossier that somebody unpacked."""

    def __init__(self, place: Path) -> None:
        self._place = place

    def names(self) -> Sequence[str]:
        """All files below the folder; links and everything that is no file refuse it."""
        found: list[str] = []
        for path in sorted(self._place.rglob("*")):
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                raise FormatError(str(path.relative_to(self._place)), "is no plain file")
            if path.is_file():
                found.append(path.relative_to(self._place).as_posix())
            if len(found) > _MOST:
                raise FormatError("", f"has more than {_MOST} files")
        return found

    def read(self, name: str, limit: int) -> bytes:
        """A whole file of at most `limit` bytes. Raises FormatError."""
        return b"".join(self.pieces(name, limit))

    def pieces(self, name: str, limit: int) -> Iterator[bytes]:
        """The file piece by piece. Raises FormatError when it is longer."""
        with (self._place / name).open("rb") as file:
            yield from _limited(file, name, limit)


class Archive:
    """A dossier as it is handed out: a ZIP archive. Raises FormatError for any that hides something."""

    def __init__(self, path: Path | IO[bytes]) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise FormatError("", f"is no ZIP archive: {error}") from None
        try:
            self._check()
        except FormatError:
            self._zip.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    def names(self) -> Sequence[str]:
        """All entries, doubles included: the caller refuses those."""
        return self._zip.namelist()

    def read(self, name: str, limit: int) -> bytes:
        """A whole entry of at most `limit` bytes. Raises FormatError."""
        return b"".join(self.pieces(name, limit))

    def pieces(self, name: str, limit: int) -> Iterator[bytes]:
        """The entry piece by piece; unpacking stops behind the limit, whatever the entry says of its size."""
        try:
            with self._zip.open(name) as file:
                yield from _limited(file, name, limit)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise FormatError(name, f"cannot be unpacked: {error}") from None

    def _check(self) -> None:
        entries = self._zip.infolist()
        if len(entries) > _MOST:
            raise FormatError("", f"has more than {_MOST} entries")
        if self._zip.comment or (entries and min(each.header_offset for each in entries) != 0):
            raise FormatError("", "has something before or behind its entries")
        for each in entries:
            if each.orig_filename != each.filename or each.is_dir():
                raise FormatError(each.filename[:200], "is no file of a dossier")
            if each.compress_type not in _METHODS or each.flag_bits & _ENCRYPTED:
                raise FormatError(each.filename[:200], "is packed in a way that a dossier is not")


def _limited(file: IO[bytes], name: str, limit: int) -> Iterator[bytes]:
    left = limit
    while piece := file.read(min(_PIECE, left + 1)):
        left -= len(piece)
        if left < 0:
            raise FormatError(name, f"is longer than {limit} bytes")
        yield piece
