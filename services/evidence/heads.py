"""The head file: how far every log has come, told outside the database.

A database restored from yesterday's backup is consistent in itself. What contradicts it is this small file, written
and fsynced after every group of the sequencer and before anybody is told that a record was accepted. The invariant:
an acknowledged leaf is below the head that stands here, so a database that knows fewer leaves has lost some.

The file is a row of 1024-byte cells, one for each log, and a cell is two 512-byte slots. A write goes into the slot
that does not hold the newest head and is followed by one fdatasync for all logs: a torn write spoils that slot alone,
its checksum says so, and the other slot still holds the head before. A slot is

    magic 8 | counter u64 | size u64 | root 32 | origin length u16 | origin | zeros | SHA-256 of all before, at 480

Where several processes may lead, one after the other, each leads with a file of its own, ``heads.FENCE``, which begins
with what all files said (:meth:`HeadFile.take_over`). A leader that was stopped and goes on too late writes into its
own file: what it writes is true, for it was committed under its fence, and nobody's newer head is overwritten by it.
"""

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy.orm import Session

from chain.party.durable import write_private
from chain.proof.hashing import sha256
from services.evidence import repository
from services.platform.errors import StartRefused
from services.platform.failpoints import hit

__all__ = ["Head", "HeadFile", "read_heads", "without_head"]

_NAME = "heads"
_MAGIC = b"rs-head1"
_SLOT = 512
_CELL = 2 * _SLOT
_CHECKED = 480


@dataclass(frozen=True, slots=True)
class Head:
    """``size`` leaves under ``root`` in the log ``origin``."""

    origin: str
    size: int
    root: bytes


@dataclass(slots=True)
class _Cell:
    """Where a log's head stands, its write counter (the slot is its parity) and what was written last."""

    number: int
    counter: int
    head: Head


class HeadFile:
    """The open head file of this process; the sequencer is its one writer."""

    def __init__(self, directory: Path, descriptor: int, cells: dict[str, _Cell], heads: dict[str, Head]) -> None:
        """``cells`` lie in the open file; ``heads`` of other files are known, and written here when they move."""
        self._directory = directory
        self._fd = descriptor
        self._cells = {origin: _Cell(-1, -1, head) for origin, head in heads.items()} | cells
        self._numbers = {origin: cell.number for origin, cell in cells.items()}
        self._next = os.fstat(descriptor).st_size // _CELL + 1  # one spare: the last cell may be half a cell
        self._lock = threading.Lock()

    @classmethod
    def open(cls, directory: Path) -> Self:
        """Opens or creates ``directory/heads``; knows the heads of other leaders' files too.

        StartRefused when a cell has no readable slot: the disk lost what it had confirmed.
        """
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = directory / _NAME
        created = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if created:
                _sync_directory(directory)
            own, known = _read_cells(descriptor, path), read_heads(directory)
            return cls(directory, descriptor, {o: c for o, c in own.items() if c.head == known.get(o)}, known)
        except BaseException:
            os.close(descriptor)
            raise

    def take_over(self, fence: int) -> None:
        """Goes on in a file of this fence's own, with what all files say now; removes those of lower fences.

        Whoever holds one of those open writes where nobody looks. StartRefused as above.
        """
        with self._lock:
            known = read_heads(self._directory)
            cells = {head.origin: _Cell(number, 0, head) for number, head in enumerate(known.values())}
            path = self._directory / f"{_NAME}.{fence}"
            write_private(path, b"".join(_encode(cell).ljust(_CELL, b"\0") for cell in cells.values()))
            descriptor, old = os.open(path, os.O_RDWR | os.O_CLOEXEC), self._fd
            self._fd, self._cells = descriptor, cells
            self._numbers = {origin: cell.number for origin, cell in cells.items()}
            self._next = len(cells) + 1
            os.close(old)
            for file, lower in _files(self._directory):
                if lower < fence:
                    file.unlink(missing_ok=True)
            _sync_directory(self._directory)

    def heads(self) -> dict[str, Head]:
        """The newest head of each log, by origin."""
        with self._lock:
            return {origin: cell.head for origin, cell in self._cells.items()}

    def write(self, heads: Iterable[Head]) -> None:
        """Makes ``heads`` durable; returns after the disk said so. OSError leaves the older heads standing."""
        with self._lock:
            hit("heads.before-write")
            written = [self._put(head) for head in heads]
            if not written:
                return
            os.fdatasync(self._fd)
            hit("heads.after-write")
            for cell in written:
                self._cells[cell.head.origin] = cell

    def close(self) -> None:
        """Closes the file. Harmless when it is closed: its descriptor's number may be somebody else's by then."""
        with self._lock:
            if self._fd >= 0:
                os.close(self._fd)
            self._fd = -1

    def _put(self, head: Head) -> _Cell:
        known = self._cells.get(head.origin)
        if head.origin not in self._numbers:
            self._numbers[head.origin], self._next = self._next, self._next + 1
        cell = _Cell(self._numbers[head.origin], known.counter + 1 if known else 0, head)
        offset = cell.number * _CELL + (cell.counter & 1) * _SLOT
        if os.pwrite(self._fd, _encode(cell), offset) != _SLOT:
            raise OSError(f"short write of the head of {head.origin}")
        return cell


def _encode(cell: _Cell) -> bytes:
    origin = cell.head.origin.encode()
    fixed = _MAGIC + cell.counter.to_bytes(8) + cell.head.size.to_bytes(8) + cell.head.root
    body = (fixed + len(origin).to_bytes(2) + origin).ljust(_CHECKED, b"\0")
    return body + sha256(body)


def _decode(slot: bytes, number: int) -> _Cell | None:
    body, checksum = slot[:_CHECKED], slot[_CHECKED:]
    if len(slot) != _SLOT or not body.startswith(_MAGIC) or sha256(body) != checksum:
        return None
    length = int.from_bytes(body[56:58])
    head = Head(body[58 : 58 + length].decode(), int.from_bytes(body[16:24]), body[24:56])
    return _Cell(number, int.from_bytes(body[8:16]), head)


def _read_cells(descriptor: int, path: Path) -> dict[str, _Cell]:
    cells: dict[str, _Cell] = {}
    data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
    for number, offset in enumerate(range(0, len(data), _CELL)):
        slots = (_decode(data[offset : offset + _SLOT], number), _decode(data[offset + _SLOT : offset + _CELL], number))
        readable = [cell for cell in slots if cell is not None]
        if not readable:
            if not data[offset + _SLOT : offset + _CELL].strip(b"\0"):
                continue  # a log's first write, torn: nothing of it was ever acknowledged
            raise StartRefused(f"The head file {path} is damaged in cell {number}; restore it or recover the log.")
        newest = max(readable, key=lambda cell: cell.counter)
        cells[newest.head.origin] = newest
    return cells


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_heads(directory: Path) -> dict[str, Head]:
    """What the head files say, the longest of each log, without opening one for writing. StartRefused as above."""
    found: dict[str, Head] = {}
    for path, _fence in _files(directory):
        for origin, head in _read_file(path).items():
            if origin not in found or head.size >= found[origin].size:
                found[origin] = head
    return found


def without_head(session: Session, directory: Path) -> list[str]:
    """Origins of the logs that have leaves and no head in ``directory``. StartRefused as above."""
    known = read_heads(directory)
    return [log.origin for log in repository.logs(session) if log.size and log.origin not in known]


def _files(directory: Path) -> list[tuple[Path, int]]:
    """The head files and their fences, the lowest first; the one without a fence is 0."""
    found = []
    for path in directory.glob(f"{_NAME}*") if directory.is_dir() else ():
        suffix = path.name.removeprefix(_NAME)
        if not suffix or suffix[1:].isdecimal():
            found.append((path, int(suffix[1:] or "0")))
    return sorted(found, key=lambda each: each[1])


def _read_file(path: Path) -> dict[str, Head]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # taken over at this moment
        return {}
    try:
        return {origin: cell.head for origin, cell in _read_cells(descriptor, path).items()}
    finally:
        os.close(descriptor)
