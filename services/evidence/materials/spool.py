"""Uploads under way: one growing encrypted file each, in a folder of this machine. Never a byte in plain text.

How much of an upload stands is the file's length in whole chunks, and nothing else: no counter that could disagree
with it. A part that is cut off leaves at most a piece of a chunk, which the next part overwrites.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chain.proof.digest import Digester, FileDigest
from services.evidence.materials.errors import Damaged, OffsetMismatch, UploadBusy, refusing_full
from services.evidence.materials.sealed import CHUNK, HEADER, Sealer, place_of, read_range, sealed_size, whole_chunks
from services.platform.failpoints import hit

__all__ = ["Spool", "Upload"]

_SYNC_CHUNKS = 64
_KEPT = 64


class Upload:
    """An open, locked upload of `size` bytes; `offset` is how many of them stand."""

    def __init__(self, descriptor: int, *, size: int, sealer: Sealer, digester: Digester | None) -> None:
        self._descriptor = descriptor
        self._size = size
        self._sealer = sealer
        self.offset = offset_of(os.fstat(descriptor).st_size, size)
        self._digester = digester if digester is not None and digester.size == self.offset else None
        self._index = whole_chunks(os.fstat(descriptor).st_size)

    @property
    def done(self) -> bool:
        """Whether the last chunk stands."""
        return os.fstat(self._descriptor).st_size == sealed_size(self._size)

    def append(self, content: bytes | bytearray | memoryview) -> None:
        """The next chunk: 1 MiB, or what is left of the file. StorageFull leaves the offset where it was."""
        last = self.offset + len(content) == self._size
        if self.done or not (len(content) == CHUNK or last):
            raise ValueError("not a chunk")
        digester = self.digester()
        with refusing_full():
            self._write(self._sealer.seal(bytes(content), self._index, last=last))
            if self._index % _SYNC_CHUNKS == _SYNC_CHUNKS - 1:
                os.fdatasync(self._descriptor)
        digester.update(content)
        self.offset += len(content)
        self._index += 1
        hit("material.after-chunk")

    def _write(self, chunk: bytes) -> None:
        place = place_of(self._index)
        os.ftruncate(self._descriptor, place)
        left = memoryview(chunk)
        while left:
            written = os.pwrite(self._descriptor, left, place)
            left, place = left[written:], place + written

    def digester(self) -> Digester:
        """The digests of what stands; read anew when another process, or another life of this one, received it."""
        if self._digester is None:
            self._digester = self._reread()
        return self._digester

    def _reread(self) -> Digester:
        fresh = Digester()
        try:
            for piece in self._stored():
                fresh.update(piece)
        except Damaged:
            # A power cut took what was not yet synchronised (or somebody changed it): the rest is asked for again.
            os.ftruncate(self._descriptor, place_of(fresh.size // CHUNK))
            raise OffsetMismatch(fresh.size) from None
        return fresh

    def digest(self) -> FileDigest:
        """The digests of the whole, once it is done."""
        return self.digester().result()

    def sync(self) -> None:
        """Makes durable what was appended."""
        with refusing_full():
            os.fsync(self._descriptor)

    def _stored(self) -> Iterator[bytes]:
        """What stands, in pieces."""
        if not self.offset:
            return
        with open(os.dup(self._descriptor), "rb") as file:  # noqa: PTH123 - a descriptor, not a path
            file.seek(place_of(0))
            yield from read_range(file, self._sealer, self._size, 0, self.offset)


def offset_of(length: int, size: int) -> int:
    """How many bytes of the content stand in a growing file of this length."""
    return size if length == sealed_size(size) else whole_chunks(length) * CHUNK


class Spool:
    """The folder of uploads, by object id."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._digesters: dict[str, Digester] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def path(self, object_id: str) -> Path:
        """Where the upload lies."""
        return self._folder / object_id

    def offset(self, object_id: str, size: int) -> int:
        """How much stands; 0 when there is nothing."""
        try:
            return offset_of(self.path(object_id).stat().st_size, size)
        except FileNotFoundError:
            return 0

    @contextmanager
    def open(self, object_id: str, *, size: int, sealer: Sealer) -> Iterator[Upload]:
        """The upload, for this caller alone; its file is made by the first. UploadBusy, StorageFull.

        No file is made before its row is committed, so a file without one is nobody's.
        """
        with refusing_full():
            descriptor = os.open(self.path(object_id), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise UploadBusy from None
            if os.fstat(descriptor).st_size < len(HEADER):
                with refusing_full():
                    os.pwrite(descriptor, HEADER, 0)
            upload = Upload(descriptor, size=size, sealer=sealer, digester=self._digesters.pop(object_id, None))
            yield upload
            upload.sync()
            self._remember(object_id, upload)
        finally:
            os.close(descriptor)

    def _remember(self, object_id: str, upload: Upload) -> None:
        """So that the next part need not read all before it; of the most recent uploads only."""
        while len(self._digesters) >= _KEPT:
            self._digesters.pop(next(iter(self._digesters)), None)
        self._digesters[object_id] = upload.digester()

    def discard(self, object_id: str) -> None:
        """Removes an upload; harmless when there is none."""
        self._digesters.pop(object_id, None)
        self.path(object_id).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """The object ids of all uploads that lie here."""
        return [each.name for each in self._folder.iterdir()]
