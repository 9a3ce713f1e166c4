"""What fsck reads, in streams: nothing here loads a whole log."""

from collections.abc import Iterator, Sequence
from itertools import starmap
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select, text
from sqlalchemy.orm import Session

from services.evidence.models import AnchorRow, CheckpointRow, LeafRow, RecordRow, StreamRow, TileRow

__all__ = ["LeafAndRecord"]

_PAGE = 2_000


class LeafAndRecord(NamedTuple):
    """A leaf's row and that of its record; the record's columns are None when there is none, or none was asked for."""

    idx: int
    leaf: bytes
    leaf_hash: bytes
    record_id: str | None
    found_id: str | None = None
    log_id: str | None = None
    record_idx: int | None = None
    institution_id: str | None = None
    type_code: int | None = None
    phase: int | None = None
    accepted_at: int | None = None
    ciphertext: bytes | None = None


def patient(session: Session) -> None:
    """Lets this session's statements take their time (PostgreSQL ends others after half a minute)."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL statement_timeout = 0"))


def leaves(session: Session, log_id: str, start: int, end: int, *, records: bool) -> Iterator[LeafAndRecord]:
    """The leaves in [start, end), by index, with their records when ``records``."""
    columns: list[Any] = [LeafRow.idx, LeafRow.leaf, LeafRow.leaf_hash, LeafRow.record_id]
    query: Any = select(*columns)
    if records:
        row = RecordRow
        found: list[Any] = [row.id, row.log_id, row.idx, row.institution_id, row.type_code, row.phase, row.accepted_at]
        query = select(*columns, *found, row.ciphertext).outerjoin(row, row.id == LeafRow.record_id)
    query = query.where(LeafRow.log_id == log_id, LeafRow.idx >= start, LeafRow.idx < end).order_by(LeafRow.idx)
    return starmap(LeafAndRecord, session.execute(query.execution_options(yield_per=_PAGE)))


def records_of(session: Session, log_id: str, codes: Sequence[int]) -> Iterator[LeafAndRecord]:
    """The leaves whose records are of these types and have content, by index."""
    row = RecordRow
    found: list[Any] = [row.id, row.log_id, row.idx, row.institution_id, row.type_code, row.phase, row.accepted_at]
    query = select(LeafRow.idx, LeafRow.leaf, LeafRow.leaf_hash, LeafRow.record_id, *found, row.ciphertext)
    query = query.join(row, row.id == LeafRow.record_id).where(LeafRow.log_id == log_id, row.type_code.in_(codes))
    query = query.where(func.length(row.ciphertext) > 0).order_by(LeafRow.idx)
    return starmap(LeafAndRecord, session.execute(query.execution_options(yield_per=_PAGE)))


def count_beyond(session: Session, log_id: str, size: int) -> int:
    """Leaves at or behind ``size``."""
    query = select(func.count()).select_from(LeafRow).where(LeafRow.log_id == log_id, LeafRow.idx >= size)
    return session.scalar(query) or 0


def orphans(session: Session, log_id: str, limit: int) -> Sequence[tuple[str, int]]:
    """(id, index) of records at whose index is no leaf of theirs."""
    same = (LeafRow.log_id == RecordRow.log_id) & (LeafRow.idx == RecordRow.idx)
    strangers = or_(LeafRow.record_id.is_(None), LeafRow.record_id != RecordRow.id)
    query = select(RecordRow.id, RecordRow.idx).outerjoin(LeafRow, same)
    query = query.where(RecordRow.log_id == log_id, strangers).order_by(RecordRow.idx).limit(limit)
    return [(row[0], row[1]) for row in session.execute(query)]


def tiles(session: Session, log_id: str, level: int, first: int, end: int) -> dict[int, bytes]:
    """The tiles of a level with indexes in [first, end)."""
    query = select(TileRow.idx, TileRow.hashes).where(
        TileRow.log_id == log_id, TileRow.level == level, TileRow.idx >= first, TileRow.idx < end
    )
    return {row[0]: bytes(row[1]) for row in session.execute(query)}


def checkpoints(session: Session, log_id: str, above: int, to: int) -> Sequence[CheckpointRow]:
    """Those of ``above`` < size <= ``to``, the smallest first."""
    row = CheckpointRow
    query = select(row).where(row.log_id == log_id, row.size > above, row.size <= to).order_by(row.size)
    return session.scalars(query).all()


def checkpoint_sizes_around(session: Session, log_id: str, index: int) -> tuple[int | None, int | None]:
    """The largest checkpoint without the leaf at ``index``, and the smallest with it."""
    row = CheckpointRow
    below = session.scalar(select(func.max(row.size)).where(row.log_id == log_id, row.size <= index))
    above = session.scalar(select(func.min(row.size)).where(row.log_id == log_id, row.size > index))
    return below, above


def streams(session: Session, log_id: str) -> Iterator[tuple[bytes, int, bytes]]:
    """(stream id, count, last leaf hash) of every stream."""
    query = select(StreamRow.stream_id, StreamRow.count, StreamRow.last_leaf_hash).where(StreamRow.log_id == log_id)
    for row in session.execute(query.execution_options(yield_per=_PAGE)):
        yield bytes(row[0]), row[1], bytes(row[2])


def anchors(session: Session, log_id: str) -> Iterator[AnchorRow]:
    """All of a log, by size."""
    query = select(AnchorRow).where(AnchorRow.log_id == log_id).order_by(AnchorRow.size)
    return iter(session.scalars(query.execution_options(yield_per=_PAGE)))
