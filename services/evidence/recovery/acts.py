"""Acts of recovery: what an operator did to a stopped installation, kept beside the head file until it is a leaf.

They lie outside the database, in ``acts.json`` of the head file's folder: who can write there could as well write the
head file, and a database that is restored once more does not bring them back. The service reads them at its start
(:mod:`services.evidence.gate`) and removes each when it stands in the house log as ``log.recovery``.
"""

import json
import threading
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from chain.party.durable import read_optional, write_json
from services.platform.errors import StartRefused

__all__ = ["Act", "Acts", "Kind", "State"]

FILE = "acts.json"


class Kind(StrEnum):
    """What was done."""

    RECOVERED = "recovered"  # leaves were put back from a mirror
    HEAD_FILE_LOST = "head-file-lost"  # the head file is gone: chain and witnesses vouch instead
    LOSS_ACCEPTED = "loss-accepted"  # what only the head file knows is gone for good


class State(StrEnum):
    """How far an act has come."""

    BEGUN = "begun"  # leaves are being put back: the service does not go on from half of it
    ASKED = "asked"  # waits for the chain and every witness, at the service's start
    DONE = "done"  # to be written into the house log


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act on one log.

    The log had ``first`` leaves before and ``size`` under ``root`` (hex) afterwards; ``known`` is how many the head
    file knew. ``at`` in UTC ms.
    """

    id: str
    kind: Kind
    state: State
    origin: str
    first: int
    size: int
    root: str
    known: int
    reason: str
    at: int


class Acts:
    """The file; thread-safe."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._lock = threading.Lock()

    def all(self) -> list[Act]:
        """In the order of their making. StartRefused when the file is damaged."""
        data = read_optional(self._file)
        try:
            found = [Act(**each) for each in json.loads(data)] if data is not None else []
            return [replace(each, kind=Kind(each.kind), state=State(each.state)) for each in found]
        except (ValueError, TypeError, KeyError):
            raise StartRefused(f"{self._file} is damaged: it says what was done to recover logs.") from None

    def put(self, act: Act) -> None:
        """Adds an act, or replaces it."""
        with self._lock:
            others = [each for each in self.all() if each.id != act.id]
            self._write([*others, act])

    def remove(self, act_id: str) -> None:
        """It stands in the house log."""
        with self._lock:
            self._write([each for each in self.all() if each.id != act_id])

    def unfinished(self) -> bool:
        """Whether leaves were put back and what follows from them was not."""
        return any(each.state is State.BEGUN for each in self.all())

    def asked(self, origin: str, size: int, root: bytes) -> Act | None:
        """The act that sets the head file's word on this very tree aside."""
        return next(
            (
                each
                for each in self.all()
                if each.state is State.ASKED and (each.origin, each.size, each.root) == (origin, size, root.hex())
            ),
            None,
        )

    def _write(self, acts: list[Act]) -> None:
        if acts or self._file.exists():
            write_json(self._file, [asdict(each) for each in acts])
