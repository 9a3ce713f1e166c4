"""All SQL of duties."""

from collections.abc import Collection, Sequence

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from services.pilots.duties.models import DutyRow

__all__ = ["add", "awaited_by", "by_cause", "by_number", "last_number", "latest", "of_project", "open_of", "shared"]


def add(session: Session, row: DutyRow) -> None:
    """A new duty, written now."""
    session.add(row)
    session.flush()


def by_number(session: Session, project_id: str, number: int) -> DutyRow | None:
    """One duty of a project."""
    statement = select(DutyRow).where(DutyRow.project_id == project_id, DutyRow.number == number)
    return session.scalars(statement).one_or_none()


def by_cause(session: Session, project_id: str, cause: str) -> DutyRow | None:
    """The duty that this caused."""
    statement = select(DutyRow).where(DutyRow.project_id == project_id, DutyRow.cause == cause)
    return session.scalars(statement).one_or_none()


def last_number(session: Session, project_id: str) -> int:
    """The number of the newest duty, 0 before the first."""
    return int(session.scalar(select(func.max(DutyRow.number)).where(DutyRow.project_id == project_id)) or 0)


def latest(session: Session, project_id: str, code: str) -> DutyRow | None:
    """The newest duty of a code."""
    statement = select(DutyRow).where(DutyRow.project_id == project_id, DutyRow.code == code)
    return session.scalars(statement.order_by(DutyRow.number.desc()).limit(1)).one_or_none()


def of_project(
    session: Session, project_id: str, *, shared: bool, unfinished: bool, after: int, limit: int
) -> Sequence[DutyRow]:
    """A project's duties by number; only those that applicants have to do with, only those that have not ended."""
    statement = select(DutyRow).where(DutyRow.project_id == project_id, DutyRow.number > after)
    if shared:
        statement = statement.where(DutyRow.shared)
    if unfinished:
        statement = statement.where(DutyRow.awaits != "")
    return session.scalars(statement.order_by(DutyRow.number).limit(limit)).all()


def open_of(session: Session, project_ids: Collection[str]) -> Sequence[DutyRow]:
    """The duties of many projects that have not ended, by project and number."""
    statement = select(DutyRow).where(DutyRow.project_id.in_(project_ids), DutyRow.awaits != "")
    return session.scalars(statement.order_by(DutyRow.project_id, DutyRow.number)).all()


def shared(session: Session, project_id: str, number: int) -> bool:
    """Whether applicants have to do with the duty of this number."""
    found = by_number(session, project_id, number)
    return found is not None and found.shared


def awaited_by(
    session: Session, bodies: Collection[str], *, until: int, after: tuple[int, str] | None, limit: int
) -> Sequence[DutyRow]:
    """What waits for one of the bodies and is due by a day, what is due first comes first."""
    statement = select(DutyRow).where(DutyRow.awaits.in_(bodies), DutyRow.due <= until)
    if after is not None:
        due, duty_id = after
        statement = statement.where(or_(DutyRow.due > due, and_(DutyRow.due == due, DutyRow.id > duty_id)))
    return session.scalars(statement.order_by(DutyRow.due, DutyRow.id).limit(limit)).all()
