"""Tables of uploads. Only :mod:`repository <services.evidence.bulk.repository>` reads and writes them.

A line that was accepted has no row of its own: its chunk says at which index the chunk's accepted lines begin, and they
stand in the log in the order of their lines.
"""

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["RejectionRow", "UploadChunkRow", "UploadRow"]


class UploadRow(Base):
    """An upload (批量报送) and how far it has come; moves in the transaction of its chunks and nowhere else."""

    __tablename__ = "uploads"
    __table_args__ = (Index("ix_uploads_institution", "institution_id", "id"),)

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    institution_id: Mapped[str] = mapped_column(String(40))
    log_id: Mapped[str] = mapped_column(ForeignKey("logs.id"))
    atomic: Mapped[bool]
    status: Mapped[str] = mapped_column(String(16))  # open, complete, aborted
    position: Mapped[int] = mapped_column(BigInteger)  # bytes committed
    lines: Mapped[int] = mapped_column(BigInteger)
    accepted: Mapped[int] = mapped_column(BigInteger)
    rejected: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[int] = mapped_column(BigInteger)


class UploadChunkRow(Base):
    """A committed chunk: its lines and bytes, their SHA-256, and the acknowledgement of what was accepted."""

    __tablename__ = "upload_chunks"

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    first_line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    lines: Mapped[int] = mapped_column(Integer)
    start: Mapped[int] = mapped_column(BigInteger)
    end: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    accepted: Mapped[int] = mapped_column(Integer)
    first_index: Mapped[int] = mapped_column(BigInteger)
    acknowledgement: Mapped[str | None] = mapped_column(Text)  # none when nothing was accepted


class RejectionRow(Base):
    """A rejected line. ``ciphertext`` is field and reason under the institution's key: they may quote the line."""

    __tablename__ = "upload_rejections"

    upload_id: Mapped[str] = mapped_column(ForeignKey("uploads.id"), primary_key=True)
    line: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    start: Mapped[int] = mapped_column(BigInteger)
    slug: Mapped[str] = mapped_column(String(64))
    ciphertext: Mapped[bytes] = mapped_column(LargeBinary)
