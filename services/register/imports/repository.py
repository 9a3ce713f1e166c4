"""All SQL of the imports."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from services.register.imports.models import FindingsRow, GroupRow, ImportRow

__all__ = [
    "GROUPS",
    "add",
    "findings",
    "forget_groups",
    "group",
    "groups",
    "imports",
    "imports_in",
    "newest_of",
    "next_steps",
    "of_security",
    "one",
    "states",
    "steps",
    "unfinished",
]

GROUPS = GroupRow.__table__


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def one(session: Session, import_id: str) -> ImportRow | None:
    """One import."""
    return session.get(ImportRow, import_id)


def imports(
    session: Session, owner_id: str, company_id: str | None, *, after: str | None, limit: int
) -> list[ImportRow]:
    """An operator's imports, of one company if given, the oldest first, keyset by id."""
    query = select(ImportRow).where(ImportRow.owner_id == owner_id, ImportRow.id > (after or ""))
    if company_id is not None:
        query = query.where(ImportRow.company_id == company_id)
    return list(session.scalars(query.order_by(ImportRow.id).limit(limit)))


def imports_in(session: Session, found: Collection[str]) -> list[str]:
    """Imports in one of these states, the oldest first."""
    return list(session.scalars(select(ImportRow.id).where(ImportRow.state.in_(found)).order_by(ImportRow.id)))


def newest_of(session: Session, company_id: str, found: Collection[str]) -> ImportRow | None:
    """The newest import of a company's first security in one of these states."""
    query = select(ImportRow).where(ImportRow.company_id == company_id, ImportRow.state.in_(found))
    query = query.where(ImportRow.further_id.is_(None))
    return session.scalar(query.order_by(ImportRow.id.desc()).limit(1))


def of_security(session: Session, security_id: str) -> ImportRow | None:
    """The import that is carried out into a security."""
    return session.scalar(select(ImportRow).where(ImportRow.security_id == security_id).limit(1))


def groups(session: Session, import_id: str, found: Collection[str], limit: int) -> list[GroupRow]:
    """Groups in one of these states, in order."""
    query = select(GroupRow).where(GroupRow.import_id == import_id, GroupRow.state.in_(found))
    return list(session.scalars(query.order_by(GroupRow.number).limit(limit)))


def steps(session: Session, import_id: str, found: Collection[str]) -> list[tuple[int, str, list[str]]]:
    """(number, state, acts of the present step) of groups in one of these states, without what they hold."""
    query = select(GroupRow.number, GroupRow.state, GroupRow.acts).where(GroupRow.import_id == import_id)
    rows = session.execute(query.where(GroupRow.state.in_(found)).order_by(GroupRow.number))
    return [(number, state, acts) for number, state, acts in rows]


def next_steps(
    session: Session, import_id: str, kind: str, found: Collection[str], limit: int
) -> list[tuple[int, str]]:
    """(number, state) of the first groups of a kind that are in one of these states."""
    query = select(GroupRow.number, GroupRow.state).where(GroupRow.import_id == import_id, GroupRow.kind == kind)
    rows = session.execute(query.where(GroupRow.state.in_(found)).order_by(GroupRow.number).limit(limit))
    return [(number, state) for number, state in rows]


def group(session: Session, import_id: str, number: int) -> GroupRow | None:
    """One group."""
    return session.get(GroupRow, (import_id, number))


def states(session: Session, import_id: str) -> dict[str, int]:
    """How many groups are in which state."""
    query = select(GroupRow.state, func.count()).where(GroupRow.import_id == import_id).group_by(GroupRow.state)
    return {state: int(count) for state, count in session.execute(query)}


def unfinished(session: Session, import_id: str, kind: str) -> bool:
    """Whether a group of this kind is not done."""
    query = select(GroupRow.number).where(GroupRow.import_id == import_id, GroupRow.kind == kind)
    return session.scalar(query.where(GroupRow.state != "done").limit(1)) is not None


def forget_groups(session: Session, import_id: str) -> None:
    """Removes the groups and findings of a check that is made anew."""
    session.execute(delete(GroupRow).where(GroupRow.import_id == import_id))
    session.execute(delete(FindingsRow).where(FindingsRow.import_id == import_id))


def findings(session: Session, import_id: str, first: int) -> Sequence[FindingsRow]:
    """The parts of a report from the one with number ``first`` on: two at the most."""
    begin = select(func.max(FindingsRow.first)).where(FindingsRow.import_id == import_id, FindingsRow.first <= first)
    query = select(FindingsRow).where(FindingsRow.import_id == import_id, FindingsRow.first >= begin.scalar_subquery())
    return list(session.scalars(query.order_by(FindingsRow.first).limit(2)))
