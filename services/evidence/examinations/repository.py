"""SQL of examinations. Functions take the caller's session; none commits."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.evidence.examinations.models import ExaminationRow
from services.evidence.models import LogRow

__all__ = ["places", "put"]


def places(session: Session) -> Sequence[tuple[str, ExaminationRow]]:
    """(origin, where its examination stands) of every log that was examined."""
    query = select(LogRow.origin, ExaminationRow).join(LogRow, LogRow.id == ExaminationRow.log_id)
    return [(origin, row) for origin, row in session.execute(query)]


def put(session: Session, row: ExaminationRow) -> None:
    """Adds a log's place, or replaces it; the last clean examination stays known."""
    before = session.get(ExaminationRow, row.log_id)
    if before is not None and row.clean_at is None:
        row.clean_at = before.clean_at
    session.merge(row)
