"""All SQL of the dividends."""

from collections.abc import Collection, Iterable
from dataclasses import fields
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from services.register.dividends.models import DividendEventRow, DividendLineRow, DividendRow
from services.register.dividends.rules import Entitlement

__all__ = ["add", "add_lines", "dividend", "dividends", "events", "line", "lines"]

_CHUNK = 1_000


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def add_lines(session: Session, dividend_id: str, entitlements: Iterable[Entitlement]) -> None:
    """The list of a dividend, nothing of it released yet."""
    names = [each.name for each in fields(Entitlement)]
    made = [
        {"dividend_id": dividend_id, "released": "0", **{name: str(getattr(each, name)) for name in names}}
        for each in entitlements
    ]
    for start in range(0, len(made), _CHUNK):
        session.execute(insert(DividendLineRow), made[start : start + _CHUNK])


def dividend(session: Session, chain: str, dividend_id: str) -> DividendRow | None:
    """One dividend."""
    row = session.get(DividendRow, dividend_id)
    return row if row is not None and row.chain == chain else None


def dividends(
    session: Session,
    chain: str,
    security_id: str | None,
    *,
    companies: Collection[str] | None = None,
    after: str | None,
    limit: int,
) -> list[DividendRow]:
    """The oldest first, keyset by id; of one security or of these companies, if given."""
    query = select(DividendRow).where(DividendRow.chain == chain, DividendRow.id > (after or ""))
    if security_id is not None:
        query = query.where(DividendRow.security_id == security_id)
    if companies is not None:
        query = query.where(DividendRow.company_id.in_(companies))
    return list(session.scalars(query.order_by(DividendRow.id).limit(limit)))


def line(session: Session, dividend_id: str, account_id: str) -> DividendLineRow | None:
    """What one holder gets."""
    return session.get(DividendLineRow, (dividend_id, account_id))


def lines(session: Session, dividend_id: str, *, after: str, limit: int | None) -> list[DividendLineRow]:
    """By account."""
    query = select(DividendLineRow).where(
        DividendLineRow.dividend_id == dividend_id, DividendLineRow.account_id > after
    )
    return list(session.scalars(query.order_by(DividendLineRow.account_id).limit(limit)))


def events(session: Session, dividend_id: str) -> list[DividendEventRow]:
    """In order."""
    query = select(DividendEventRow).where(DividendEventRow.dividend_id == dividend_id)
    return list(session.scalars(query.order_by(DividendEventRow.seq)))
