"""All SQL of the accounts."""

from collections.abc import Collection, Iterator, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.register.accounts.models import AccountEventRow, AccountRow, HolderKeyRow, IdentityRow

__all__ = [
    "ACCOUNTS",
    "account",
    "accounts",
    "accounts_by_id",
    "add",
    "by_code",
    "due",
    "events",
    "forget_identities",
    "highest_code",
    "holder_key",
    "holders",
    "identities",
    "states",
    "unhashed",
    "unrecorded",
]

ACCOUNTS = AccountRow.__table__
_CHUNK = 500


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def account(session: Session, account_id: str) -> AccountRow | None:
    """One account."""
    return session.get(AccountRow, account_id)


def accounts(session: Session, owner_id: str, *, after: str | None, limit: int) -> list[AccountRow]:
    """An operator's accounts, the oldest first, keyset by id."""
    query = select(AccountRow).where(AccountRow.owner_id == owner_id, AccountRow.id > (after or ""))
    return list(session.scalars(query.order_by(AccountRow.id).limit(limit)))


def accounts_by_id(session: Session, ids: Collection[str]) -> list[AccountRow]:
    """Those of these that there are."""
    wanted = list(ids)
    parts = (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
    return [row for part in parts for row in session.scalars(select(AccountRow).where(AccountRow.id.in_(part)))]


def states(session: Session, ids: Collection[str], *, without: str) -> Iterator[tuple[str, str]]:
    """(account, state) of those of these whose state is another than ``without``."""
    wanted = list(ids)
    for start in range(0, len(wanted), _CHUNK):
        part = AccountRow.id.in_(wanted[start : start + _CHUNK])
        for account_id, state in session.execute(select(AccountRow.id, AccountRow.state).where(part)):
            if state != without:
                yield account_id, state


def holders(session: Session, owner_id: str, keys: Collection[bytes]) -> dict[bytes, AccountRow]:
    """The accounts of these holders, by their keyed hashes."""
    wanted = list(keys)
    found: dict[bytes, AccountRow] = {}
    for start in range(0, len(wanted), _CHUNK):
        part = AccountRow.holder.in_(wanted[start : start + _CHUNK])
        rows = session.scalars(select(AccountRow).where(AccountRow.owner_id == owner_id, part))
        found.update({row.holder: row for row in rows if row.holder is not None})
    return found


def by_code(session: Session, owner_id: str, code: str) -> AccountRow | None:
    """The account with an investor code."""
    query = select(AccountRow).where(AccountRow.owner_id == owner_id, AccountRow.investor_code == code)
    return session.scalar(query)


def highest_code(session: Session, owner_id: str, letter: str) -> str | None:
    """The highest investor code of a kind."""
    mine = AccountRow.investor_code.startswith(letter)
    return session.scalar(select(func.max(AccountRow.investor_code)).where(AccountRow.owner_id == owner_id, mine))


def identities(session: Session, account_id: str) -> Sequence[IdentityRow]:
    """Earlier identities, the oldest first."""
    query = select(IdentityRow).where(IdentityRow.account_id == account_id)
    return list(session.scalars(query.order_by(IdentityRow.version)))


def forget_identities(session: Session, account_id: str) -> None:
    """Removes the earlier identities."""
    session.execute(delete(IdentityRow).where(IdentityRow.account_id == account_id))


def events(session: Session, account_id: str) -> list[AccountEventRow]:
    """What happened to an account, in order."""
    query = select(AccountEventRow).where(AccountEventRow.account_id == account_id)
    return list(session.scalars(query.order_by(AccountEventRow.seq)))


def due(session: Session, now_ms: int, limit: int) -> list[str]:
    """Accounts whose identity may be erased by now, and was asked to be."""
    over = AccountRow.restricted_until <= now_ms
    query = select(AccountRow.id).where(over, AccountRow.erased_at.is_(None)).order_by(AccountRow.restricted_until)
    return list(session.scalars(query.limit(limit)))


def unhashed(session: Session) -> list[AccountRow]:
    """Accounts whose holder is known and not hashed, as while a recovery puts them back."""
    missing = AccountRow.holder.is_(None) & AccountRow.identity.is_not(None)
    return list(session.scalars(select(AccountRow).where(missing).order_by(AccountRow.id)))


def unrecorded(session: Session, limit: int) -> list[AccountRow]:
    """Accounts whose identity no record has, as before there were such records; the oldest first."""
    missing = AccountRow.identity_record.is_(None) & AccountRow.identity.is_not(None)
    return list(session.scalars(select(AccountRow).where(missing).order_by(AccountRow.id).limit(limit)))


def holder_key(session: Session, owner_id: str) -> HolderKeyRow | None:
    """An operator's key."""
    return session.get(HolderKeyRow, owner_id)
