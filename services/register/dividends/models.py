"""Tables of the dividends. Units and money are decimal text; moments UTC milliseconds, a record date a day's number."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = ["DividendEventRow", "DividendLineRow", "DividendRow"]


class DividendRow(Base):
    """A dividend (分红). ``amount`` per unit as resolved, in CNY; ``totals`` and ``digest`` once it is calculated.

    ``released`` in fen; ``count`` of its events.
    """

    __tablename__ = "register_dividends"
    __table_args__ = (Index(None, "chain", "security_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    chain: Mapped[str]
    security_id: Mapped[str]
    company_id: Mapped[str]
    amount: Mapped[str]
    record_day: Mapped[int]
    stage: Mapped[str]
    totals: Mapped[Any] = mapped_column(JsonText, nullable=True)
    digest: Mapped[bytes | None]
    released: Mapped[str]
    count: Mapped[int]
    created_at: Mapped[int]


class DividendLineRow(Base):
    """What one holder gets: fen, but ``remainder`` in 10^-8 yuan; ``released`` of what was withheld."""

    __tablename__ = "register_dividend_lines"

    dividend_id: Mapped[str] = mapped_column(ForeignKey("register_dividends.id"), primary_key=True)
    account_id: Mapped[str] = mapped_column(primary_key=True)
    units: Mapped[str]
    frozen: Mapped[str]
    pledged: Mapped[str]
    gross: Mapped[str]
    withheld: Mapped[str]
    payable: Mapped[str]
    fruits: Mapped[str]
    remainder: Mapped[str]
    released: Mapped[str]


class DividendEventRow(Base):
    """A step of a dividend, with the record that says so."""

    __tablename__ = "register_dividend_events"

    dividend_id: Mapped[str] = mapped_column(ForeignKey("register_dividends.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    said: Mapped[Any] = mapped_column(JsonText)
    actor_id: Mapped[str]
    record_id: Mapped[str]
    at: Mapped[int]
