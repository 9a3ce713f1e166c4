"""A ZIP archive as it is written: piece by piece, nothing kept but the directory. Equal contents give equal bytes."""

import zipfile
from collections.abc import Iterator

__all__ = ["Packing"]

_WHEN = (1980, 1, 1, 0, 0, 0)


class _Sink:
    """What the archive wrote since it was asked last."""

    def __init__(self) -> None:
        self._written = bytearray()

    def write(self, data: bytes, /) -> int:
        self._written += data
        return len(data)

    def flush(self) -> None:
        """Nothing waits anywhere."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        taken = bytes(self._written)
        self._written.clear()
        return taken


class Packing:
    """Each call gives the bytes of the archive that are new."""

    def __init__(self) -> None:
        self._sink = _Sink()
        self._zip = zipfile.ZipFile(self._sink, "w", zipfile.ZIP_DEFLATED)

    def add(self, name: str, content: bytes) -> bytes:
        """A whole file."""
        self._zip.writestr(_entry(name), content)
        return self._sink.take()

    def stream(self, name: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """A file of any size; it is not packed, for most documents are already."""
        entry = _entry(name)
        entry.compress_type = zipfile.ZIP_STORED
        with self._zip.open(entry, "w", force_zip64=True) as file:
            for piece in pieces:
                file.write(piece)
                yield self._sink.take()
        yield self._sink.take()

    def close(self) -> bytes:
        """The directory, without which it is no archive."""
        self._zip.close()
        return self._sink.take()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _WHEN)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    entry.external_attr = 0o600 << 16
    return entry
