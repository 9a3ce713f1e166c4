"""All SQL of alerts, and of what the watch looks at."""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from chain.proof.types import Phase
from services.pilots.alerts.models import AlertRow
from services.pilots.models import EventRow, ProjectRow

__all__ = [
    "add", "by_cause", "by_number", "counts", "last_number", "of_projects", "opened", "projects", "told", "undecided",
    "within",
]  # fmt: skip


def add(session: Session, row: AlertRow) -> None:
    """A new alert, written now."""
    session.add(row)
    session.flush()


def by_number(session: Session, project_id: str, number: int) -> AlertRow | None:
    """One alert of a project."""
    statement = select(AlertRow).where(AlertRow.project_id == project_id, AlertRow.number == number)
    return session.scalars(statement).one_or_none()


def by_cause(session: Session, project_id: str, cause: str) -> AlertRow | None:
    """The alert of a cause."""
    statement = select(AlertRow).where(AlertRow.project_id == project_id, AlertRow.cause == cause)
    return session.scalars(statement).one_or_none()


def last_number(session: Session, project_id: str) -> int:
    """The number of the newest alert, 0 before the first."""
    return int(session.scalar(select(func.max(AlertRow.number)).where(AlertRow.project_id == project_id)) or 0)


def of_projects(session: Session, project_ids: Collection[str]) -> Sequence[AlertRow]:
    """The alerts of many projects, closed ones too."""
    statement = select(AlertRow).where(AlertRow.project_id.in_(project_ids))
    return session.scalars(statement.order_by(AlertRow.project_id, AlertRow.number)).all()


def within(
    session: Session,
    regions: tuple[int, int],
    *,
    project_id: str | None,
    unfinished: bool,
    after: str | None,
    limit: int,
) -> Sequence[AlertRow]:
    """Those of the regions from the first to the last code, oldest first."""
    statement = select(AlertRow).where(AlertRow.region.between(*regions))
    if project_id is not None:
        statement = statement.where(AlertRow.project_id == project_id)
    if unfinished:
        statement = statement.where(AlertRow.closed.is_(False))
    if after:
        statement = statement.where(AlertRow.id > after)
    return session.scalars(statement.order_by(AlertRow.id).limit(limit)).all()


def told(
    session: Session,
    bodies: Collection[str],
    *,
    project_id: str | None,
    unfinished: bool,
    after: str | None,
    limit: int,
) -> Sequence[AlertRow]:
    """Those told to one of the bodies (names of ``steps.waits``), oldest first."""
    statement = select(AlertRow).where(AlertRow.told.in_(bodies))
    if project_id is not None:
        statement = statement.where(AlertRow.project_id == project_id)
    if unfinished:
        statement = statement.where(AlertRow.closed.is_(False))
    if after:
        statement = statement.where(AlertRow.id > after)
    return session.scalars(statement.order_by(AlertRow.id).limit(limit)).all()


def counts(session: Session) -> dict[tuple[str, str], int]:
    """How many alerts are not closed, by code and kind."""
    statement = select(AlertRow.code, AlertRow.kind, func.count()).where(AlertRow.closed.is_(False))
    rows = session.execute(statement.group_by(AlertRow.code, AlertRow.kind)).all()
    return {(code, kind): int(number) for code, kind, number in rows}


# --- what the watch looks at


def opened(session: Session, *, after: str, limit: int) -> list[str]:
    """The ids of the projects that the chain knows, in order."""
    statement = select(ProjectRow.id).where(ProjectRow.count > 0, ProjectRow.id > after)
    return list(session.scalars(statement.order_by(ProjectRow.id).limit(limit)))


def projects(session: Session, project_ids: Collection[str]) -> Sequence[ProjectRow]:
    """Many projects at once, by id."""
    return session.scalars(select(ProjectRow).where(ProjectRow.id.in_(project_ids)).order_by(ProjectRow.id)).all()


def undecided(session: Session, project_ids: Collection[str]) -> Sequence[EventRow]:
    """The requested steps that await a signature or the chain."""
    statement = select(EventRow).where(
        EventRow.project_id.in_(project_ids),
        EventRow.phase == Phase.REQUESTED,
        EventRow.outcome.is_(None),
        EventRow.operation_id.is_not(None),
    )
    return session.scalars(statement.order_by(EventRow.project_id, EventRow.seq)).all()
