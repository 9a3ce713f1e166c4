"""The heads that a witness saw anchored, in the chain's order, and whether a new chain begins with those of a lost one.

`heads.bin` beside the followed state: 72 bytes a head (`chain.proof.epoch`). It is written before the state that counts
it, so whatever lies beyond that count was never told and is cut off.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from chain.party.durable import private_folder
from chain.party.errors import ConfigError
from chain.party.witness.refusal import Refusal
from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.epoch import HEAD_BYTES, AnchoredHead, heads_tree

_CHUNK = 4_096


class HeadsFile:
    """The list of one epoch. One process has it open (the home's lock)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def settle(self, count: int) -> None:
        """Cuts off what the state does not count. ConfigError when heads are missing."""
        size = self._path.stat().st_size if self._path.exists() else 0
        if size < count * HEAD_BYTES:
            raise ConfigError(f"{self._path} has lost heads: {count} were counted")
        if size > count * HEAD_BYTES:
            os.truncate(self._path, count * HEAD_BYTES)

    def append(self, heads: Iterable[AnchoredHead]) -> None:
        """Durable when it returns."""
        data = b"".join(head.encode() for head in heads)
        if not data:
            return
        private_folder(self._path.parent)
        with self._path.open("ab") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())

    def read(self, first: int, count: int) -> Iterator[AnchoredHead]:
        """The heads from `first` on, up to `count` in all."""
        if first >= count:
            return
        with self._path.open("rb") as file:
            file.seek(first * HEAD_BYTES)
            left = count - first
            while left > 0:
                data = file.read(min(left, _CHUNK) * HEAD_BYTES)
                if not data:
                    raise ConfigError(f"{self._path} has lost heads")
                for start in range(0, len(data), HEAD_BYTES):
                    yield AnchoredHead.decode(data[start : start + HEAD_BYTES])
                left -= len(data) // HEAD_BYTES


@dataclass(frozen=True)
class Seen:
    """An epoch's list as far as it is counted."""

    file: HeadsFile
    count: int

    def of(self, logs: Collection[bytes], first: int = 0) -> Iterator[tuple[int, AnchoredHead]]:
        """(place in the file, head) of these logs, from place `first` on."""
        for place, head in enumerate(self.file.read(first, self.count), start=first):
            if head.log in logs:
                yield place, head


class Comparison:
    """Goes along both lists, once; where the new one is at its end it waits for more."""

    def __init__(self) -> None:
        self._lost = self._next = 0
        self.equal = 0
        self._logs: frozenset[bytes] = frozenset()

    def advance(self, lost: Seen, following: Seen, logs: frozenset[bytes]) -> bool:
        """Whether the new chain now has all heads that were seen on the lost one, in the same order.

        `logs`: the logs (keccak256 of the origin) that this witness watches; others on the chain are other people's.

        Raises:
            Refusal: `epoch-differs`, at the first head that is another one.
        """
        if logs != self._logs:
            self._lost = self._next = self.equal = 0
            self._logs = logs
        told = following.of(logs, self._next)
        for place, head in lost.of(logs, self._lost):
            found = next(told, None)
            if found is None:
                return False
            if found[1] != head:
                detail = f"head {self.equal} of the lost chain is another one here"
                raise Refusal("epoch-differs", detail, _both(head, found[1]))
            self._lost, self._next = place + 1, found[0] + 1
            self.equal += 1
        return True


def seen_tree(lost: Seen, logs: Collection[bytes]) -> tuple[int, bytes]:
    """Number and root of the heads of these logs."""
    tree = heads_tree(head for _, head in lost.of(logs))
    return tree.size, tree.root()


def _both(was: AnchoredHead, found: AnchoredHead) -> JsonObject:
    return {"lost": _shown(was), "next": _shown(found)}


def _shown(head: AnchoredHead) -> JsonObject:
    return {"log": to_hex(head.log), "size": str(head.size), "root": to_hex(head.root)}
