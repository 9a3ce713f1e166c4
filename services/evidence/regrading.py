"""Grades kept true: given anew when the witness settings changed, and looked at again while an anchor waits.

A grade is a sum that is stored so that statuses and receipts are one indexed look-up. Two things can make it stale:
other settings than those it was given under, and an attestation that committed in the very instant in which the anchor
or its proof did, so that neither transaction saw the other.
"""

from collections.abc import Callable

from sqlalchemy.orm import Session

from services.evidence import repository, standing_repository
from services.evidence.rules import Grade
from services.evidence.standing import Standing
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.logging import get_logger

__all__ = ["Regrader"]

_PAGE = 1_000
_WAITING = (int(Grade.ANCHORED), int(Grade.ANCHORED_WITNESSED))
_log = get_logger("standing")


class Regrader:
    """``adopt()`` at the start, ``run()`` as a job. ``fence`` raises when this process is no longer the writer."""

    def __init__(
        self, database: Database, clock: Clock, *, standing: Standing, fence: Callable[[Session], None]
    ) -> None:
        self._database = database
        self._clock = clock
        self._standing = standing
        self._fence = fence
        self._reached: dict[str, int] = {}

    def adopt(self) -> None:
        """Grades every checkpoint by the present settings.

        One look-up when they are those of the last start. Interrupted, it begins again; before anything else writes.
        """
        with self._database.read() as session:
            if standing_repository.graded_by(session) == self._standing.digest:
                return
            logs = [row.id for row in repository.logs(session)]
        changed = sum(self._regrade_log(log_id) for log_id in logs)
        with self._database.write() as session:
            self._fence(session)
            standing_repository.put_graded_by(session, self._standing.digest, self._clock.ms())
        _log.info("regraded", logs=len(logs), changed=changed)

    def _regrade_log(self, log_id: str) -> int:
        changed, above = 0, 0
        while True:
            with self._database.write() as session:
                self._fence(session)
                rows = standing_repository.page(session, log_id, above=above, limit=_PAGE)
                if not rows:
                    return changed
                above = rows[-1].size
                by_grade: dict[Grade, list[int]] = {}
                for row, grade in self._standing.graded(session, rows):
                    if row.grade != grade:
                        by_grade.setdefault(grade, []).append(row.size)
                for grade, sizes in by_grade.items():
                    standing_repository.set_grades(session, log_id, int(grade), sizes)
                    changed += len(sizes)

    def run(self) -> None:
        """Looks at one page of each log's anchored checkpoints that are not final; the next run at the next page."""
        with self._database.read() as session:
            stale = [found for row in repository.logs(session) for found in self._stale(session, row.id)]
        for log_id, size in stale:
            with self._database.write() as session:
                self._fence(session)
                self._standing.regrade(session, log_id, size)

    def _stale(self, session: Session, log_id: str) -> list[tuple[str, int]]:
        above = self._reached.get(log_id, 0)
        rows = standing_repository.page(session, log_id, above=above, limit=_PAGE, grades=_WAITING)
        self._reached[log_id] = rows[-1].size if len(rows) == _PAGE else 0
        return [(log_id, row.size) for row, grade in self._standing.graded(session, rows) if row.grade != grade]
