"""SQL of recovery: rows put back as they were. Functions take the caller's session; none commits."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.evidence.bulk.models import UploadRow
from services.evidence.models import LogKeyRow, LogRow, StreamRow

__all__ = ["StreamPlace", "abort_uploads", "add", "log_key", "set_key_index", "streams"]

StreamPlace = tuple[bytes, int, bytes]
"""(key, count, last leaf hash)."""
_CHUNK = 500


def add(session: Session, row: LogRow | LogKeyRow) -> None:
    """A new row, visible at once."""
    session.add(row)
    session.flush()


def log_key(session: Session, key_id: str) -> LogKeyRow | None:
    """A log's key by its row's id."""
    return session.get(LogKeyRow, key_id)


def set_key_index(session: Session, key_id: str, from_index: int) -> None:
    """From which index on a key that the chain has taken acknowledges."""
    query = update(LogKeyRow).where(LogKeyRow.id == key_id, LogKeyRow.from_size.is_not(None))
    session.execute(query.values(from_index=from_index))


def streams(session: Session, log_id: str, stream_ids: Collection[bytes]) -> dict[bytes, StreamPlace]:
    """Those of a log that exist, by stream id."""
    wanted, row = sorted(stream_ids), StreamRow
    found: dict[bytes, StreamPlace] = {}
    for start in range(0, len(wanted), _CHUNK):
        query = select(row.stream_id, row.key, row.count, row.last_leaf_hash)
        query = query.where(row.stream_id.in_(wanted[start : start + _CHUNK]), row.log_id == log_id)
        found.update({each[0]: (each[1], each[2], each[3]) for each in session.execute(query)})
    return found


def abort_uploads(session: Session, log_ids: Collection[str], now_ms: int) -> Sequence[str]:
    """Ends the open uploads into these logs; their ids."""
    changes: dict[str, Any] = {"status": "aborted", "changed_at": now_ms}
    query = update(UploadRow).where(UploadRow.status == "open", UploadRow.log_id.in_(log_ids)).values(**changes)
    return session.scalars(query.returning(UploadRow.id)).all()
