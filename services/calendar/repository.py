"""All SQL of the calendars."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.calendar.models import ClosureRow, YearRow

__all__ = ["add", "closure_of_leaf", "closure_of_record", "closures", "year", "year_of_record", "years"]


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def year(session: Session, chain: str, region: int, number: int) -> YearRow | None:
    """A year of a region."""
    return session.get(YearRow, (chain, region, number))


def year_of_record(session: Session, record_id: str) -> YearRow | None:
    """The year that a record asked for."""
    return session.scalar(select(YearRow).where(YearRow.record_id == record_id))


def years(session: Session, chain: str, region: int | None = None) -> list[YearRow]:
    """The years of a chain, of one region if given, by region and year."""
    query = select(YearRow).where(YearRow.chain == chain).order_by(YearRow.region, YearRow.year)
    return list(session.scalars(query if region is None else query.where(YearRow.region == region)))


def closure_of_leaf(session: Session, leaf: bytes) -> ClosureRow | None:
    """The closure that a leaf asked for."""
    return session.scalar(select(ClosureRow).where(ClosureRow.leaf_hash == leaf))


def closure_of_record(session: Session, record_id: str) -> ClosureRow | None:
    """The closure that a record asked for."""
    return session.scalar(select(ClosureRow).where(ClosureRow.record_id == record_id))


def closures(session: Session, chain: str, region: int) -> list[ClosureRow]:
    """The closures of a region, oldest first."""
    query = select(ClosureRow).where(ClosureRow.chain == chain, ClosureRow.region == region)
    return list(session.scalars(query.order_by(ClosureRow.created_at, ClosureRow.id)))
