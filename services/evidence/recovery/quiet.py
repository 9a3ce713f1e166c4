"""The chain's events once more, without their leaves: those were put back from a mirror and must not come twice."""

import secrets
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from typing import Any, TypeVar

from sqlalchemy.orm import Session
from typing_extensions import override

from chain.proof.leaf import LEAF_BYTES
from chain.proof.merkle import HASH_BYTES
from services.evidence import repository
from services.evidence.group import Group, LeafDraft, LogState, SequencedLeaf, Sources
from services.platform.database import Database

__all__ = ["QuietUnits"]

T = TypeVar("T")


class _QuietGroup(Group):
    """Keeps what a unit does to rows and states, and none of its leaves and records.

    Its leaves have no place: their ``seq`` is below 0, and no two share hash or ``seq``, which rows are found by.
    """

    @override
    def append_many(self, log_id: str, drafts: Iterable[LeafDraft]) -> list[SequencedLeaf]:
        return [self._nowhere(log_id, draft) for draft in drafts]

    def _nowhere(self, log_id: str, draft: LeafDraft) -> SequencedLeaf:
        place = -1 - secrets.randbits(30)
        hashed = secrets.token_bytes(HASH_BYTES)
        return SequencedLeaf(draft, log_id, 0, bytes(LEAF_BYTES), hashed, self.now_ms, bytes(16), place)

    @override
    def insert(self, table: Any, row: dict[str, Any]) -> None:
        if table is not repository.RECORDS:
            super().insert(table, row)


class QuietUnits:
    """In the place of the sequencer, for an installation that is stopped; each unit is one transaction."""

    def __init__(
        self,
        database: Database,
        now_ms: int,
        *,
        load_log: Callable[[Session, str], LogState],
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._now_ms = now_ms
        self._load_log = load_log
        self._fence = fence

    def submit(self, unit: Callable[[Group], T]) -> Future[T]:
        """Runs the unit now. What it raises, the future raises."""
        future: Future[T] = Future()
        try:
            with self._database.write() as session:
                self._fence(session)
                sources = Sources({}, {}, self._load_log, lambda _log_id: None)
                group = _QuietGroup(session, self._now_ms, sources)
                value = unit(group)
                group.end_unit()
                group.finish()
            future.set_result(value)
        except Exception as error:  # noqa: BLE001 -- the future carries it
            future.set_exception(error)
        return future
