"""SQL of erasure. Functions take the caller's session; none commits."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import and_, or_, select, text, update
from sqlalchemy.orm import Session

from services.evidence.models import ErasureRow, RecordRow
from services.evidence.retention.views import ERASED, RESTRICTED, RetentionView

__all__ = ["add", "change", "destroy", "due", "erasure", "note_scrubbed", "unscrubbed"]


def erasure(session: Session, record_id: str) -> RetentionView | None:
    """What has become of a record's content; None when nothing."""
    row = session.get(ErasureRow, record_id, populate_existing=True)
    if row is None:
        return None
    return RetentionView(
        record_id=row.record_id,
        state=row.state,
        retention_class=row.class_name,
        rule=row.rule,
        source=row.source,
        erasable_at=row.due_at,
        requested_at=row.requested_at,
        erased_at=row.erased_at,
        evidence=tuple(each for each in (row.request_id, row.outcome_id) if each),
    )


def add(session: Session, **values: Any) -> None:
    """A new request."""
    session.add(ErasureRow(**values))
    session.flush()


def change(session: Session, record_id: str, **values: Any) -> None:
    """What has changed since."""
    session.execute(update(ErasureRow).where(ErasureRow.record_id == record_id).values(**values))


def destroy(session: Session, record_id: str) -> None:
    """Overwrites what is stored of the record by nothing; on SQLite the freed bytes by zeros."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA secure_delete = ON"))
    session.execute(update(RecordRow).where(RecordRow.id == record_id).values(ciphertext=b""))


def due(session: Session, now_ms: int, *, classes: Collection[str], limit: int) -> Sequence[str]:
    """Restricted records whose term is over, and those without one whose class has got one since."""
    row = ErasureRow
    late_term = and_(row.due_at.is_(None), row.class_name.in_(classes))
    query = select(row.record_id).where(row.state == RESTRICTED, or_(row.due_at <= now_ms, late_term))
    return session.scalars(query.order_by(row.due_at, row.record_id).limit(limit)).all()


def unscrubbed(session: Session) -> Sequence[str]:
    """Erased records whose old bytes may still stand in the write-ahead log."""
    query = select(ErasureRow.record_id).where(ErasureRow.state == ERASED, ErasureRow.scrubbed_at.is_(None))
    return session.scalars(query.limit(1_000)).all()


def note_scrubbed(session: Session, record_ids: Collection[str], now_ms: int) -> None:
    """They stand there no more."""
    session.execute(update(ErasureRow).where(ErasureRow.record_id.in_(record_ids)).values(scrubbed_at=now_ms))
