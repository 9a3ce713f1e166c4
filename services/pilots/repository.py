"""All SQL of the pilots' context."""

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from chain.proof.types import Phase
from services.pilots.models import (
    ApplicantRow,
    CommentRow,
    ConfirmationRow,
    DraftRow,
    EventRow,
    MaterialRow,
    ProjectRow,
    RulebookRow,
    WaitRow,
)

__all__ = [
    "add",
    "applicants",
    "applicants_of",
    "awaited",
    "comment",
    "comments",
    "comments_in",
    "comments_standing",
    "confirmations",
    "draft",
    "drafts",
    "drop_unlogged",
    "event_of_leaf",
    "events",
    "events_named",
    "last_comment",
    "material_versions",
    "materials",
    "opening",
    "openings",
    "own_projects",
    "pending",
    "project",
    "projects",
    "put_applicants",
    "put_waits",
    "request_of",
    "rulebook",
    "rulebook_of_leaf",
    "rulebook_of_record",
    "rulebooks",
    "visible_projects",
    "waiting",
]

_ALL = 1_000_000


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


# --- rulebooks


def rulebook(session: Session, rulebook_id: str) -> RulebookRow | None:
    """One rulebook by the chain's id."""
    return session.get(RulebookRow, rulebook_id)


def rulebooks(session: Session, *, after: str | None, limit: int) -> Sequence[RulebookRow]:
    """By id, from after ``after`` on."""
    statement = select(RulebookRow).order_by(RulebookRow.id).limit(limit)
    return session.scalars(statement.where(RulebookRow.id > after) if after else statement).all()


def rulebook_of_leaf(session: Session, leaf_hash: bytes) -> RulebookRow | None:
    """The rulebook that this ``requested`` leaf asks to activate."""
    return session.scalars(select(RulebookRow).where(RulebookRow.leaf_hash == leaf_hash)).one_or_none()


def rulebook_of_record(session: Session, record_id: str) -> RulebookRow | None:
    """The rulebook that this record asks to activate."""
    return session.scalars(select(RulebookRow).where(RulebookRow.record_id == record_id)).one_or_none()


# --- projects


def project(session: Session, project_id: str) -> ProjectRow | None:
    """One project."""
    return session.get(ProjectRow, project_id)


def projects(
    session: Session,
    *,
    regions: tuple[int, int],
    states: Collection[str],
    drafts: bool,
    after: str | None,
    limit: int,
) -> Sequence[ProjectRow]:
    """Of the regions from the first to the last code, by id; ``drafts`` of others only when asked for."""
    first, last = regions
    statement = select(ProjectRow).order_by(ProjectRow.id).limit(limit)
    statement = statement.where(ProjectRow.region.between(first, last))
    if states:
        statement = statement.where(ProjectRow.state.in_(states))
    if not drafts:
        statement = statement.where(ProjectRow.count > 0)
    return session.scalars(statement.where(ProjectRow.id > after) if after else statement).all()


def own_projects(
    session: Session, institution_id: str, *, states: Collection[str], after: str | None, limit: int
) -> Sequence[ProjectRow]:
    """Those of which the institution is an applicant, by id."""
    statement = (
        select(ProjectRow)
        .join(ApplicantRow, ApplicantRow.project_id == ProjectRow.id)
        .where(ApplicantRow.institution_id == institution_id)
        .order_by(ApplicantRow.project_id)
        .limit(limit)
    )
    if states:
        statement = statement.where(ProjectRow.state.in_(states))
    return session.scalars(statement.where(ApplicantRow.project_id > after) if after else statement).all()


def visible_projects(session: Session, *, after: str | None, limit: int) -> Sequence[ProjectRow]:
    """Those of which something is public, by id."""
    statement = select(ProjectRow).where(ProjectRow.visible).order_by(ProjectRow.id).limit(limit)
    return session.scalars(statement.where(ProjectRow.id > after) if after else statement).all()


def put_waits(session: Session, project_id: str, bodies: Collection[str]) -> None:
    """For whom the project waits from now on."""
    session.execute(delete(WaitRow).where(WaitRow.project_id == project_id))
    session.add_all(WaitRow(project_id=project_id, body=body) for body in sorted(set(bodies)))
    session.flush()


def waiting(session: Session, bodies: Collection[str], *, after: str | None, limit: int) -> Sequence[ProjectRow]:
    """The projects that wait for one of the bodies, by id, each once."""
    ids = select(WaitRow.project_id).where(WaitRow.body.in_(bodies))
    ids = ids.where(WaitRow.project_id > after) if after else ids
    page = ids.distinct().order_by(WaitRow.project_id).limit(limit)
    return session.scalars(select(ProjectRow).where(ProjectRow.id.in_(page)).order_by(ProjectRow.id)).all()


# --- applications


def applicants(session: Session, project_id: str) -> list[str]:
    """The applicants' ids, the lead first."""
    statement = select(ApplicantRow.institution_id).where(ApplicantRow.project_id == project_id)
    return list(session.scalars(statement.order_by(ApplicantRow.position)))


def applicants_of(session: Session, project_ids: Collection[str]) -> dict[str, list[str]]:
    """The applicants of many projects, the lead first."""
    found: dict[str, list[str]] = {each: [] for each in project_ids}
    statement = select(ApplicantRow.project_id, ApplicantRow.institution_id)
    statement = statement.where(ApplicantRow.project_id.in_(project_ids)).order_by(ApplicantRow.position)
    for project_id, institution_id in session.execute(statement):
        found[project_id].append(institution_id)
    return found


def put_applicants(session: Session, project_id: str, institution_ids: Sequence[str]) -> None:
    """These are the applicants from now on."""
    session.execute(delete(ApplicantRow).where(ApplicantRow.project_id == project_id))
    session.add_all(
        ApplicantRow(project_id=project_id, institution_id=each, position=position)
        for position, each in enumerate(institution_ids)
    )
    session.flush()


def draft(session: Session, project_id: str, version: int) -> DraftRow | None:
    """One version of the application form."""
    return session.get(DraftRow, (project_id, version))


def drafts(session: Session, project_id: str) -> Sequence[DraftRow]:
    """All versions, the oldest first."""
    statement = select(DraftRow).where(DraftRow.project_id == project_id)
    return session.scalars(statement.order_by(DraftRow.version)).all()


def materials(session: Session, project_id: str) -> list[MaterialRow]:
    """The newest version of each material, by code and owner."""
    newest = {(row.code, row.owner): row for row in material_versions(session, project_id)}
    return [newest[key] for key in sorted(newest)]


def material_versions(session: Session, project_id: str) -> Sequence[MaterialRow]:
    """All versions of all materials, by code, owner and version."""
    statement = select(MaterialRow).where(MaterialRow.project_id == project_id)
    return session.scalars(statement.order_by(MaterialRow.code, MaterialRow.owner, MaterialRow.version)).all()


def confirmations(session: Session, project_id: str, digest: bytes) -> Sequence[ConfirmationRow]:
    """The confirmations of one state of the application."""
    statement = select(ConfirmationRow).where(
        ConfirmationRow.project_id == project_id, ConfirmationRow.digest == digest
    )
    return session.scalars(statement.order_by(ConfirmationRow.institution_id)).all()


# --- events


def events(session: Session, project_id: str, *, after: int = -1, limit: int = _ALL) -> Sequence[EventRow]:
    """The project's leaves in the order of its stream, from after the number ``after`` on."""
    statement = select(EventRow).where(EventRow.project_id == project_id, EventRow.seq > after)
    return session.scalars(statement.order_by(EventRow.seq).limit(limit)).all()


def events_named(session: Session, project_id: str, names: Collection[str]) -> Sequence[EventRow]:
    """The facts and requests of these names, in order."""
    statement = select(EventRow).where(EventRow.project_id == project_id, EventRow.name.in_(names))
    statement = statement.where(EventRow.phase.in_((Phase.EVENT, Phase.REQUESTED)))
    return session.scalars(statement.order_by(EventRow.seq)).all()


def event_of_leaf(session: Session, leaf_hash: bytes) -> EventRow | None:
    """The event of a leaf."""
    return session.scalars(select(EventRow).where(EventRow.leaf_hash == leaf_hash)).one_or_none()


def opening(session: Session, project_id: str) -> str | None:
    """The operation that opened the project on the chain; None when the service did not ask for it."""
    statement = select(EventRow.operation_id).where(
        EventRow.project_id == project_id,
        EventRow.phase == Phase.REQUESTED,
        EventRow.outcome == "registered",
        EventRow.operation_id.is_not(None),
    )
    return session.scalars(statement.order_by(EventRow.seq).limit(1)).first()


def openings(session: Session, project_ids: Collection[str]) -> dict[str, str]:
    """As :func:`opening`, of many; without those that the service did not ask for."""
    first = select(EventRow.project_id, func.min(EventRow.seq).label("seq")).where(
        EventRow.project_id.in_(project_ids),
        EventRow.phase == Phase.REQUESTED,
        EventRow.outcome == "registered",
        EventRow.operation_id.is_not(None),
    )
    each = first.group_by(EventRow.project_id).subquery()
    same = (EventRow.project_id == each.c.project_id) & (EventRow.seq == each.c.seq)
    found = session.execute(select(EventRow.project_id, EventRow.operation_id).join(each, same))
    return {project_id: str(operation_id) for project_id, operation_id in found}


def request_of(session: Session, project_id: str, seq: int) -> EventRow | None:
    """The event at a place of the project's stream."""
    return session.get(EventRow, (project_id, seq))


def drop_unlogged(session: Session) -> None:
    """Removes events without a place in a stream, which reading the chain again makes in a recovery."""
    session.execute(delete(EventRow).where(EventRow.seq < 0))


def pending(session: Session, project_id: str) -> Sequence[EventRow]:
    """The requests that the chain has not decided, in order."""
    statement = select(EventRow).where(
        EventRow.project_id == project_id, EventRow.phase == Phase.REQUESTED, EventRow.outcome.is_(None)
    )
    return session.scalars(statement.order_by(EventRow.seq)).all()


def awaited(session: Session, project_ids: Collection[str], actor_id: str) -> dict[str, list[str]]:
    """The operations of an institution that are not decided yet, by project."""
    found: dict[str, list[str]] = {each: [] for each in project_ids}
    statement = select(EventRow.project_id, EventRow.operation_id).where(
        EventRow.project_id.in_(project_ids),
        EventRow.phase == Phase.REQUESTED,
        EventRow.outcome.is_(None),
        EventRow.actor_id == actor_id,
        EventRow.operation_id.is_not(None),
    )
    for project_id, operation_id in session.execute(statement.order_by(EventRow.seq)):
        found[project_id].append(str(operation_id))
    return found


# --- comments


def comment(session: Session, project_id: str, number: int) -> CommentRow | None:
    """One public comment."""
    return session.get(CommentRow, (project_id, number))


def comments(session: Session, project_id: str, *, after: int, limit: int) -> Sequence[CommentRow]:
    """The project's comments by number."""
    statement = select(CommentRow).where(CommentRow.project_id == project_id, CommentRow.number > after)
    return session.scalars(statement.order_by(CommentRow.number).limit(limit)).all()


def comments_in(session: Session, state: str, *, limit: int) -> Sequence[CommentRow]:
    """Comments of all projects in a state, the oldest first."""
    statement = select(CommentRow).where(CommentRow.state == state)
    return session.scalars(statement.order_by(CommentRow.received_at).limit(limit)).all()


def comments_standing(session: Session, project_id: str, states: Collection[str]) -> dict[str, list[int]]:
    """The numbers of a project's comments in each of these states, in order."""
    statement = select(CommentRow.state, CommentRow.number).where(CommentRow.project_id == project_id)
    found: dict[str, list[int]] = {state: [] for state in states}
    for state, number in session.execute(statement.where(CommentRow.state.in_(states)).order_by(CommentRow.number)):
        found[state].append(number)
    return found


def last_comment(session: Session, project_id: str) -> int:
    """The number of the newest comment, 0 before the first."""
    statement = select(func.max(CommentRow.number)).where(CommentRow.project_id == project_id)
    return int(session.scalar(statement) or 0)
