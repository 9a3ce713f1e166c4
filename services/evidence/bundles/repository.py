"""SQL of entry bundles: reading what goes into them."""

from collections.abc import Collection, Sequence
from itertools import starmap
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.evidence.models import ErasureRow, LeafRow, RecordRow, StreamRow
from services.evidence.retention.views import ERASED

__all__ = ["EntryRow", "erased", "erased_count", "rows", "stream_keys"]


class EntryRow(NamedTuple):
    """A leaf and its record; what comes after the leaf is None where there is no record."""

    leaf: bytes
    record_id: str | None
    institution_id: str
    accepted_at: int
    anchor_by: int
    ciphertext: bytes


def rows(session: Session, log_id: str, start: int, end: int) -> list[EntryRow]:
    """The leaves in [start, end) that exist, in order."""
    record = RecordRow
    columns: list[Any] = [LeafRow.leaf, record.id, record.institution_id, record.accepted_at, record.anchor_by]
    query: Any = select(*columns, record.ciphertext).outerjoin(record, record.id == LeafRow.record_id)
    query = query.where(LeafRow.log_id == log_id, LeafRow.idx >= start, LeafRow.idx < end)
    return list(starmap(EntryRow, session.execute(query.order_by(LeafRow.idx))))


def stream_keys(session: Session, stream_ids: Collection[bytes]) -> dict[bytes, bytes]:
    """Stream id -> key, of those that exist."""
    query = select(StreamRow.stream_id, StreamRow.key).where(StreamRow.stream_id.in_(stream_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def erased_count(session: Session, log_id: str) -> int:
    """How many records of a log have lost their content."""
    query = select(func.count()).select_from(ErasureRow).join(RecordRow, RecordRow.id == ErasureRow.record_id)
    return session.scalar(query.where(RecordRow.log_id == log_id, ErasureRow.state == ERASED)) or 0


def erased(session: Session, log_id: str, *, after: int, limit: int) -> Sequence[int]:
    """Indexes above ``after`` whose records have lost their content, in order."""
    query = select(RecordRow.idx).join(ErasureRow, RecordRow.id == ErasureRow.record_id)
    query = query.where(RecordRow.log_id == log_id, ErasureRow.state == ERASED, RecordRow.idx > after)
    return session.scalars(query.order_by(RecordRow.idx).limit(limit)).all()
