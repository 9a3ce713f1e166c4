"""Tables of the calendars. Times are UTC milliseconds, days numbers since 1970-01-01 in Shanghai, hashes bytes."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = ["ClosureRow", "YearRow"]


class YearRow(Base):
    """A year of a region on a chain: as it was asked for, then as the chain has it, closures included.

    Bitmaps are 64 bytes, the highest day first. What was published without this service has no record and no actor.
    """

    __tablename__ = "calendar_years"

    chain: Mapped[str] = mapped_column(primary_key=True)
    region: Mapped[int] = mapped_column(primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True)
    working: Mapped[bytes]
    trading: Mapped[bytes]
    source: Mapped[str]
    document: Mapped[str]
    file: Mapped[str | None]
    state: Mapped[str]
    actor_id: Mapped[str | None]
    record_id: Mapped[str | None] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes | None]
    operation_id: Mapped[str | None]
    created_at: Mapped[int]
    decided_at: Mapped[int | None]


class ClosureRow(Base):
    """Days closed in an emergency (临时休市、临时放假), by the operation that asked."""

    __tablename__ = "calendar_closures"
    __table_args__ = (Index(None, "chain", "region", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    chain: Mapped[str]
    region: Mapped[int]
    days: Mapped[Any] = mapped_column(JsonText)
    working: Mapped[bool]
    document: Mapped[str]
    reason: Mapped[str]
    state: Mapped[str]
    actor_id: Mapped[str]
    record_id: Mapped[str] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)
    created_at: Mapped[int]
    decided_at: Mapped[int | None]
