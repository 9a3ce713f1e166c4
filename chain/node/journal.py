r"""The journal of block plans: append-only lines, each with its own checksum. The one source of the chain.

    <crc32 of the rest, 8 hex digits> <JSON>\n      {"plan": number, "time": seconds, "txs": ["0x…", …]}
                                                     {"done": number, "hash": "0x…"}

A plan is durable before it is mined. A result follows when it was mined and needs no fsync of its own: it can be had
again by mining. So the last line may be torn: a torn plan was never mined, a torn result is made again.
"""

import json
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.errors import NodeError
from chain.node.failpoints import failpoint, is_armed

__all__ = ["Journal", "Planned"]


@dataclass(frozen=True, slots=True)
class Planned:
    """A planned block; ``hash`` is None for a last one without a noted result. ``end``: where it ends, in bytes."""

    number: int
    timestamp: int
    transactions: tuple[str, ...]
    hash: str | None
    end: int


class Journal:
    """Reads from any offset at which a block ends; appends after `recover`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self.end = 0

    def blocks(self, offset: int = 0) -> Iterator[Planned]:
        """The blocks from an offset on. A torn last line is passed over. Raises NodeError on any other damage."""
        plan: Planned | None = None
        for value, end in self._lines(offset):
            if "plan" in value and plan is None:
                plan = Planned(value["plan"], value["time"], tuple(value["txs"]), None, end)
            elif "done" in value and plan is not None and value["done"] == plan.number:
                yield Planned(plan.number, plan.timestamp, plan.transactions, str(value["hash"]), end)
                plan = None
            else:
                raise NodeError(f"{self._path} is damaged before byte {end}: {sorted(value)} out of turn")
        if plan is not None:
            yield plan

    def _lines(self, offset: int) -> Iterator[tuple[dict[str, Any], int]]:
        if not self._path.exists():
            return
        with self._path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            if file.tell() < offset:
                raise NodeError(f"{self._path} has {file.tell()} bytes, the snapshot was taken at {offset}")
            file.seek(offset)
            for line in file:
                value = _parse(line)
                if value is None:
                    if file.read(1):
                        raise NodeError(f"{self._path} is damaged at byte {offset}; restore it from a copy")
                    return
                offset += len(line)
                yield value, offset

    def recover(self, end: int) -> None:
        """Opens for appending after byte `end`, the end of the last whole line; cuts a torn one off."""
        created = not self._path.exists()
        self._descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.ftruncate(self._descriptor, end)
        os.lseek(self._descriptor, end, os.SEEK_SET)
        os.fsync(self._descriptor)
        if created:
            folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
            os.fsync(folder)
            os.close(folder)
        self.end = end

    def plan(self, number: int, timestamp: int, transactions: list[str]) -> None:
        """Makes a plan durable. Raises NodeError; the journal then ends where it ended before, or the disk is gone."""
        line = _format({"plan": number, "time": timestamp, "txs": transactions})
        failpoint("plan-before-write")
        if is_armed("plan-torn"):
            os.write(self._descriptor, line[: len(line) // 2])
            os.kill(os.getpid(), 9)
        self._append(line)
        failpoint("plan-after-write")
        os.fsync(self._descriptor)
        failpoint("plan-after-fsync")

    def done(self, number: int, digest: str) -> None:
        """Notes what became of the plan."""
        self._append(_format({"done": number, "hash": digest}))

    def close(self) -> None:
        """Makes everything durable."""
        if self._descriptor >= 0:
            os.fsync(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, line: bytes) -> None:
        rest = memoryview(line)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            os.ftruncate(self._descriptor, self.end)
            raise NodeError(f"{self._path} cannot be written: {error}") from error
        self.end += len(line)


def _format(value: dict[str, object]) -> bytes:
    body = json.dumps(value, separators=(",", ":")).encode()
    return b"%08x %s\n" % (zlib.crc32(body), body)


def _parse(line: bytes) -> dict[str, Any] | None:
    """None when the line is not whole."""
    if line[-1:] != b"\n" or line[8:9] != b" ":
        return None
    body = line[9:-1]
    try:
        value = json.loads(body) if line[:8] == b"%08x" % zlib.crc32(body) else None  # int() takes capitals, too
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
