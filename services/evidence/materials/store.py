"""Where finished files lie: a folder of this machine, or an S3 bucket (:mod:`s3`). Sealed bytes only.

A file's name is its address (keyed hash of the content) and its object id: `ab/abcd….obj_…`. The id makes it unique to
one upload, so that a file nobody refers to can be removed while an equal one is being stored.
"""

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

from services.evidence.materials.errors import Damaged, refusing_full
from services.evidence.materials.sealed import Source

__all__ = ["Entry", "FileStore", "Store", "name_of", "object_of"]

_NO_LINKS = frozenset((errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS))
"""Spool and store on different file systems, or on one without hard links."""
_UNFINISHED = "tmp-"


def name_of(address: bytes, object_id: str) -> str:
    """The name of an object in any store."""
    return f"{address.hex()[:2]}/{address.hex()}.{object_id}"


def object_of(name: str) -> str:
    """The object id of such a name."""
    return name.rpartition(".")[2]


class Entry(NamedTuple):
    """What lies in a store: its name and its length in bytes."""

    name: str
    size: int


class Store(Protocol):
    """What the service needs of a store. All of it blocks; names are those of :func:`name_of`.

    Any method may raise Unavailable (``materials-store-away``, ``materials-store-refuses``): nothing was changed, or
    what was begun can be repeated.
    """

    def put(self, name: str, file: Path) -> None:
        """Stores a copy of the file durably, whole or not at all. Repeating it is harmless and goes on. StorageFull."""

    def size(self, name: str) -> int | None:
        """Length of what is stored, None when there is nothing."""

    def open(self, name: str, start: int) -> Source:
        """The stored bytes from `start` on, to be read once and closed. Damaged when there are none."""

    def remove(self, name: str) -> None:
        """Removes it; harmless when there is nothing."""

    def entries(self) -> Iterator[Entry]:
        """All that is stored, folder (`ab`) by folder in their order."""

    def unfinished(self) -> Iterator[str]:
        """The names of copies that were begun and not finished."""

    def abandon(self, name: str) -> None:
        """Forgets what was begun of this copy; harmless when there is nothing."""


class FileStore:
    """A folder, on the file system of the spool or on another."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def put(self, name: str, file: Path) -> None:
        """See :class:`Store`. The synchronised upload gets a second name; both are one file, so no byte is copied."""
        target = self._folder / name
        with refusing_full():
            target.parent.mkdir(mode=0o700, exist_ok=True)
            try:
                target.hardlink_to(file)
            except FileExistsError:
                pass  # an earlier attempt of this very upload, whose name this is alone
            except OSError as error:
                if error.errno not in _NO_LINKS:
                    raise
                _copy(file, target, self._temporary(name))
            _sync(target.parent)
            _sync(self._folder)

    def size(self, name: str) -> int | None:
        """See :class:`Store`."""
        try:
            return (self._folder / name).stat().st_size
        except FileNotFoundError:
            return None

    def open(self, name: str, start: int) -> Source:
        """See :class:`Store`."""
        try:
            file = (self._folder / name).open("rb")
        except FileNotFoundError:
            raise Damaged("it is gone") from None
        file.seek(start)
        return file

    def remove(self, name: str) -> None:
        """See :class:`Store`."""
        (self._folder / name).unlink(missing_ok=True)

    def entries(self) -> Iterator[Entry]:
        """See :class:`Store`."""
        for place in sorted(self._folder.iterdir()):
            for each in os.scandir(place) if place.is_dir() else ():
                if not each.name.startswith(_UNFINISHED):
                    yield Entry(f"{place.name}/{each.name}", each.stat(follow_symlinks=False).st_size)

    def unfinished(self) -> Iterator[str]:
        """See :class:`Store`."""
        for each in self._folder.glob(f"*/{_UNFINISHED}*"):
            yield f"{each.parent.name}/{each.name.removeprefix(_UNFINISHED)}"

    def abandon(self, name: str) -> None:
        """See :class:`Store`."""
        self._temporary(name).unlink(missing_ok=True)

    def _temporary(self, name: str) -> Path:
        target = self._folder / name
        return target.with_name(f"{_UNFINISHED}{target.name}")  # one writer: the upload is locked


def _copy(file: Path, target: Path, temporary: Path) -> None:
    try:
        with file.open("rb") as source, temporary.open("wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
            sink.flush()
            os.fsync(sink.fileno())
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
