"""All SQL of the companies."""

from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from services.register.companies.models import CompanyEventRow, CompanyRow, FurtherSecurityRow

__all__ = ["add", "companies", "company", "events", "further", "further_one", "ids_of", "taken"]


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def company(session: Session, company_id: str) -> CompanyRow | None:
    """One company."""
    return session.get(CompanyRow, company_id)


def companies(
    session: Session, *, owner_id: str | None = None, issuer_id: str | None = None, after: str | None, limit: int
) -> list[CompanyRow]:
    """Those of an operator, or of an issuer, the oldest first, keyset by id."""
    query = select(CompanyRow).where(CompanyRow.id > (after or ""))
    if owner_id is not None:
        query = query.where(CompanyRow.owner_id == owner_id)
    if issuer_id is not None:
        query = query.where(CompanyRow.issuer_id == issuer_id)
    return list(session.scalars(query.order_by(CompanyRow.id).limit(limit)))


def ids_of(session: Session, owner_id: str, issuer_id: str) -> list[str]:
    """The companies of an operator that are this institution."""
    return list(
        session.scalars(select(CompanyRow.id).where(CompanyRow.owner_id == owner_id, CompanyRow.issuer_id == issuer_id))
    )


def further(session: Session, company_id: str) -> list[FurtherSecurityRow]:
    """A company's further securities, by id."""
    row = FurtherSecurityRow
    return list(session.scalars(select(row).where(row.company_id == company_id).order_by(row.security_id)))


def further_one(session: Session, security_id: str) -> FurtherSecurityRow | None:
    """One of them."""
    return session.get(FurtherSecurityRow, security_id)


def taken(session: Session, owner_id: str, number: str, usci: str) -> CompanyRow | None:
    """A company that has this code or this credit code."""
    query = select(CompanyRow).where(CompanyRow.owner_id == owner_id)
    return session.scalar(query.where(or_(CompanyRow.number == number, CompanyRow.usci == usci)).limit(1))


def events(session: Session, company_id: str) -> list[CompanyEventRow]:
    """What happened, in order."""
    query = select(CompanyEventRow).where(CompanyEventRow.company_id == company_id)
    return list(session.scalars(query.order_by(CompanyEventRow.seq)))
