"""Examinations (核验记录) become leaves of the house log, and with each the place that was reached.

So an outsider can see later that a log was examined, when, how much of it and with what outcome. What was found is told
by a digest: the findings themselves are for the operator's log.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chain.proof.canonical import JsonObject, JsonValue, write_checked
from chain.proof.encoding import to_hex
from chain.proof.hashing import sha256
from chain.proof.types import BY_NAME, Phase
from services.evidence import repository as logs
from services.evidence.commands import write_command
from services.evidence.examinations import repository
from services.evidence.examinations.models import ExaminationRow
from services.evidence.gate import Gate
from services.evidence.group import Group
from services.evidence.sequencer import Sequencer
from services.evidence.submission import Desk
from services.platform.clock import rfc3339
from services.platform.database import Database
from services.platform.errors import NotFound

__all__ = ["TYPE", "Examination", "Examinations", "Place"]

TYPE = BY_NAME["log.examination"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One run over one log, ended ``at`` (UTC ms): the new leaves ``[first, end)`` and older stretches by chance.

    ``sampled`` are their first indexes; ``leaves`` were examined in all, ``findings`` (as fsck tells them) found;
    ``incomplete`` says what could not be compared.
    """

    origin: str
    at: int
    first: int
    end: int
    sampled: tuple[int, ...]
    leaves: int
    findings: tuple[JsonObject, ...]
    incomplete: tuple[str, ...]

    @property
    def outcome(self) -> str:
        """clean, findings or incomplete."""
        return "findings" if self.findings else "incomplete" if self.incomplete else "clean"

    @property
    def reached(self) -> int:
        """How many leaves are known to be sound after it."""
        return self.end if self.outcome == "clean" else self.first

    def body(self) -> JsonObject:
        """Of the record (docs/spec/leaf.md)."""
        found: list[JsonValue] = list(self.findings)
        return {
            "log_origin": self.origin,
            "examined_at": rfc3339(self.at),
            "from": self.first,
            "to": self.end,
            "sampled_from": list(self.sampled),
            "leaves": self.leaves,
            "outcome": self.outcome,
            "findings": len(found),
            "findings_digest": to_hex(sha256(write_checked(found))),
            "not_compared": len(self.incomplete),
        }


@dataclass(frozen=True, slots=True)
class Place:
    """Where the examination of a log stands: so many leaves sound, the last run, the last clean one (UTC ms)."""

    reached: int
    examined_at: int
    clean_at: int | None


class Examinations:
    """Where each log's examination stands, and the one way to move it."""

    def __init__(self, database: Database, sequencer: Sequencer, *, desk: Desk, gate: Gate) -> None:
        self._database = database
        self._sequencer = sequencer
        self._desk = desk
        self._gate = gate

    def places(self) -> dict[str, Place]:
        """By origin; logs that were never examined are missing."""
        with self._database.read() as session:
            found = repository.places(session)
            return {origin: Place(row.reached, row.examined_at, row.clean_at) for origin, row in found}

    def keep(self, done: Examination) -> bool:
        """Writes leaf, record and place in one transaction. False, and nothing written, while the house log is shut."""
        with self._database.read() as session:
            house = logs.house_log(session)
            if house is None or house.state != "open" or not self._gate.is_checked(house.id):
                return False
        act: Callable[[Group], None] = partial(self._write, done, house.owner_id)
        self._sequencer.run(act)
        return True

    def _write(self, done: Examination, owner: str, group: Group) -> None:
        log = logs.log_by_origin(group.session, done.origin)
        if log is None:
            raise NotFound(f"There is no log {done.origin}.")
        written = write_command(
            group,
            self._desk,
            type_name=TYPE.name,
            phase=Phase.EVENT,
            subject=done.origin,
            actor=owner,
            body=done.body(),
            stream_key=f"examination/{done.origin}",
        )
        row = ExaminationRow(log_id=log.id, reached=done.reached, examined_at=done.at, record_id=written.record_id)
        row.clean_at = done.at if done.outcome == "clean" else None
        repository.put(group.session, row)
