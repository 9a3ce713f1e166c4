"""All SQL of uploads. Functions take the caller's session; none commits."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from services.evidence.bulk.models import RejectionRow, UploadChunkRow, UploadRow
from services.evidence.models import LeafRow

__all__ = [
    "CHUNKS",
    "REJECTIONS",
    "add",
    "advance",
    "chunks_from_byte",
    "chunks_over",
    "close",
    "indexed",
    "rejections",
    "upload",
    "uploads",
]

CHUNKS: Table = UploadChunkRow.metadata.tables["upload_chunks"]
REJECTIONS: Table = RejectionRow.metadata.tables["upload_rejections"]


def add(session: Session, row: UploadRow) -> None:
    """A new upload, visible at once."""
    session.add(row)
    session.flush()


def upload(session: Session, upload_id: str) -> UploadRow | None:
    """The upload as committed, or as this session changed it."""
    return session.get(UploadRow, upload_id, populate_existing=True)


def uploads(session: Session, institution_id: str, after: str | None, limit: int) -> Sequence[UploadRow]:
    """Of one institution, the oldest first, from the one after ``after`` on."""
    query = select(UploadRow).where(UploadRow.institution_id == institution_id).order_by(UploadRow.id).limit(limit)
    return session.scalars(query if after is None else query.where(UploadRow.id > after)).all()


def advance(session: Session, upload_id: str, *, position: int, lines: int, moved: dict[str, Any]) -> bool:
    """Moves an open upload that stands exactly there. Whether it did."""
    there = (UploadRow.id == upload_id, UploadRow.status == "open")
    query = update(UploadRow).where(*there, UploadRow.position == position, UploadRow.lines == lines).values(**moved)
    return session.execute(query.returning(UploadRow.id)).first() is not None


def close(session: Session, upload_id: str, status: str, now_ms: int) -> bool:
    """Ends an open upload. Whether it was open."""
    query = update(UploadRow).where(UploadRow.id == upload_id, UploadRow.status == "open")
    return session.execute(query.values(status=status, changed_at=now_ms).returning(UploadRow.id)).first() is not None


def chunks_from_byte(session: Session, upload_id: str, start: int, limit: int) -> Sequence[UploadChunkRow]:
    """The chunks from the one that begins at or after this byte on."""
    query = select(UploadChunkRow).where(UploadChunkRow.upload_id == upload_id, UploadChunkRow.start >= start)
    return session.scalars(query.order_by(UploadChunkRow.first_line).limit(limit)).all()


def chunks_over(session: Session, upload_id: str, after_line: int, limit: int) -> Sequence[UploadChunkRow]:
    """The chunks that hold lines beyond ``after_line``."""
    row = UploadChunkRow
    query = select(row).where(row.upload_id == upload_id, row.first_line + row.lines > after_line + 1)
    return session.scalars(query.order_by(row.first_line).limit(limit)).all()


def rejections(
    session: Session, upload_id: str, after_line: int, limit: int, last_line: int | None = None
) -> Sequence[RejectionRow]:
    """The rejected lines beyond ``after_line``, to ``last_line`` at most."""
    query = select(RejectionRow).where(RejectionRow.upload_id == upload_id, RejectionRow.line > after_line)
    if last_line is not None:
        query = query.where(RejectionRow.line <= last_line)
    return session.scalars(query.order_by(RejectionRow.line).limit(limit)).all()


def indexed(session: Session, log_id: str, start: int, count: int) -> Sequence[str | None]:
    """The record ids at ``count`` indexes from ``start`` on."""
    query = select(LeafRow.record_id).where(LeafRow.log_id == log_id, LeafRow.idx >= start, LeafRow.idx < start + count)
    return session.scalars(query.order_by(LeafRow.idx)).all()
