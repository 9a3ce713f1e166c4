"""Tables of the workers. Only :mod:`repository <services.workers.repository>` reads and writes them."""

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["IntakeRow", "WorkerRow"]


class IntakeRow(Base):
    """A request that a follower took (收件): its question until it is answered, then its answer until it is fetched.

    Both are encrypted; who asked what is inside. Times are UTC milliseconds.
    """

    __tablename__ = "intake"
    __table_args__ = (Index("ix_intake_worker", "worker", "answered_at"), Index("ix_intake_answered_at", "answered_at"))

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    worker: Mapped[str] = mapped_column(String(40))
    asked_at: Mapped[int] = mapped_column(BigInteger)
    answered_at: Mapped[int | None] = mapped_column(BigInteger)
    question: Mapped[bytes | None] = mapped_column(LargeBinary)
    answer: Mapped[bytes | None] = mapped_column(LargeBinary)


class WorkerRow(Base):
    """A process (工作进程), by what fence it leads (0: it follows), and when it was seen last; the database's clock."""

    __tablename__ = "workers"

    id: Mapped[str] = mapped_column(String(40), primary_key=True)
    holder: Mapped[str] = mapped_column(Text)
    fence: Mapped[int] = mapped_column(BigInteger)
    seen_at: Mapped[int] = mapped_column(BigInteger)
