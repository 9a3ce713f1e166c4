"""Tables of the platform: idempotency keys, leases, data keys. Times are UTC milliseconds."""

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["DataKeyRow", "IdempotencyRow", "LeaseRow"]


class IdempotencyRow(Base):
    """One Idempotency-Key of one institution and what it made."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index(None, "created_at"),)

    institution_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    request_digest: Mapped[bytes]
    resource_type: Mapped[str]
    resource_id: Mapped[str]
    created_at: Mapped[int]


class LeaseRow(Base):
    """Who is the one writer. ``fence`` grows with each change of holder and never falls."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    fence: Mapped[int]
    expires_at: Mapped[int]


class DataKeyRow(Base):
    """One at-rest key of one institution, wrapped by the master key named ``master_id``."""

    __tablename__ = "data_keys"

    institution_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    master_id: Mapped[str]
    wrapped: Mapped[bytes]
    created_at: Mapped[int]
