"""How far the service has examined each log."""

from sqlalchemy import BigInteger, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base

__all__ = ["ExaminationRow"]


class ExaminationRow(Base):
    """Where the self-audit of one log stands: it survives restarts, and a change of the leader.

    ``reached``: so many leaves were found sound; ``record_id``: the last ``log.examination``. Times in UTC ms.
    """

    __tablename__ = "examinations"

    log_id: Mapped[str] = mapped_column(ForeignKey("logs.id"), primary_key=True)
    reached: Mapped[int] = mapped_column(BigInteger)
    examined_at: Mapped[int] = mapped_column(BigInteger)
    clean_at: Mapped[int | None] = mapped_column(BigInteger)  # none: never without a finding
    record_id: Mapped[str] = mapped_column(String(40))
