"""Which records need a stored file. With the last of them goes the file.

A manifest's claim on its files is a row written with the record, so none of them is erased meanwhile. An erasure takes
the claims of its record back and destroys, in the same transaction, name, digests and key of every file that nobody
claims any more: from then on its bytes are noise wherever they lie. A tombstone says which bytes are still to be
removed; the job removes them, from whatever store, as often as it takes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.evidence.materials import uses_repository as repository
from services.evidence.materials.store import Store
from services.evidence.retention import repository as erasures
from services.evidence.retention.views import withheld
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Invalid, RegsealError
from services.platform.failpoints import hit
from services.platform.logging import get_logger

__all__ = ["ErasedFiles", "Files", "claim", "require_readable"]

_BATCH = 256
_log = get_logger("materials")


@dataclass(frozen=True, slots=True)
class ErasedFiles:
    """Materials whose erasure goes with a record's, and those that other records still need."""

    destroyed: Sequence[str] = ()
    kept: Sequence[str] = ()


def claim(group: Group, institution_id: str, record_id: str, material_ids: Sequence[str]) -> None:
    """Binds stored files to the record of this unit. Invalid when one of them is not there any more."""
    wanted = sorted(set(material_ids))
    if not wanted:
        return
    gone = set(wanted) - repository.usable(group.reading, institution_id, wanted)
    if gone:
        raise Invalid("/record/body/files", f"The material {min(gone)} was erased or is not stored.")
    for each in wanted:
        group.insert(repository.USES, {"record_id": record_id, "material_id": each})


def require_readable(session: Session, material_id: str, erased_at: int | None) -> None:
    """410 ``material-erased``, or the refusal of the restricted record that names it."""
    if erased_at is not None:
        detail = "The file was erased with the last record that named it."
        raise RegsealError("material-erased", 410, "The file was erased", detail)
    record_id = repository.restricted_by(session, material_id)
    held = erasures.erasure(session, record_id) if record_id else None
    if held is not None:
        raise withheld(held)


class Files:
    """What erasure does to stored files. ``fence(session)`` raises when this process is no longer the writer."""

    def __init__(self, database: Database, clock: Clock, *, store: Store, fence: Callable[[Session], None]) -> None:
        self._database = database
        self._clock = clock
        self._store = store
        self._fence = fence

    def erase(self, session: Session, record_id: str) -> ErasedFiles:
        """Destroys what only this record needs, in the caller's transaction: names, digests and keys."""
        named = repository.used_by(session, record_id)
        lone = repository.unneeded(session, record_id)
        repository.erase(session, record_id, lone, self._clock.ms())
        return ErasedFiles(lone, [each for each in named if each not in set(lone)])

    def destroy(self) -> None:
        """The job: removes the bytes. Unavailable while the store is away; it goes on the next time."""
        while True:
            with self._database.read() as session:
                due = repository.tombstones(session, limit=_BATCH)
            if not due:
                return
            for each in due:
                self._store.remove(each.name)
                hit("material.after-remove")
            with self._database.write() as session:
                self._fence(session)
                repository.bury(session, [each.object_id for each in due], self._clock.ms())
            _log.info("files_destroyed", objects=len(due))
