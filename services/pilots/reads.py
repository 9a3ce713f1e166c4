"""What is read of projects: one, lists, timelines, queues, and what is public. Every list by key, nothing counted."""

from collections.abc import Collection, Sequence

from sqlalchemy.orm import Session

from chain.proof.types import Phase
from services.pilots import repository
from services.pilots.books import Book, Books
from services.pilots.models import EventRow, ProjectRow
from services.pilots.projects.forms import Forms
from services.pilots.rulebook.model import Transition
from services.pilots.steps.names import DRAFT, TAKEN
from services.pilots.steps.standing import day_name, items_of
from services.pilots.steps.waits import foreseen, waiting_body
from services.pilots.views import ActionView, EventView, ProjectView, PublicView, QueueItem
from services.platform.errors import NotFound

__all__ = ["Reads", "event_view", "require_event"]

_OFF_CHAIN = {DRAFT: "申报草稿", TAKEN: "编号被占用"}


class Reads:
    """Within a session of the caller's."""

    def __init__(self, books: Books, forms: Forms) -> None:
        self._books = books
        self._forms = forms

    def project(self, session: Session, row: ProjectRow) -> ProjectView:
        """One project, with the operations that are under way."""
        pending = [each.operation_id for each in repository.pending(session, row.id) if each.operation_id]
        return self._view(session, row, repository.applicants(session, row.id), tuple(pending))

    def projects(self, session: Session, rows: Sequence[ProjectRow]) -> tuple[ProjectView, ...]:
        """Many, without what is under way."""
        applicants = repository.applicants_of(session, [row.id for row in rows])
        return tuple(self._view(session, row, applicants[row.id], ()) for row in rows)

    def public(self, session: Session, row: ProjectRow) -> PublicView:
        """What anybody may know."""
        book = self._books.get(session, row.rulebook_id)
        return PublicView(
            id=row.id,
            region=row.region,
            version=book.rulebook.id,
            state=row.state,
            state_term=_term(book, row),
            notice_from=day_name(row.notice_from),
            ends_on=day_name(row.ends_on),
            published=row.published or {},
        )

    def timeline(self, session: Session, row: ProjectRow, *, after: int, limit: int) -> tuple[EventView, ...]:
        """The project's events in the order of its stream."""
        return tuple(event_view(each, row) for each in repository.events(session, row.id, after=after, limit=limit))

    def queue_items(
        self, session: Session, rows: Sequence[ProjectRow], held: Collection[str], institution_id: str, *, today: int
    ) -> tuple[QueueItem, ...]:
        """What each project waits for today from these bodies (by the names of :mod:`steps.waits`)."""
        views = self.projects(session, rows)
        awaited = repository.awaited(session, [row.id for row in rows], institution_id)
        found: list[QueueItem] = []
        for row, view in zip(rows, views, strict=True):
            book = self._books.get(session, row.rulebook_id)
            bodies = book.rulebook.bodies
            actions = [each for each in foreseen(book, row, today) if waiting_body(bodies[each.body], row) in held]
            signatures = tuple(awaited[row.id])
            found.append(QueueItem(view, row.updated_at, tuple(_action(each) for each in actions), signatures))
        return tuple(found)

    def _view(
        self, session: Session, row: ProjectRow, applicants: Sequence[str], pending: tuple[str, ...]
    ) -> ProjectView:
        book = self._books.get(session, row.rulebook_id)
        return ProjectView(
            id=row.id,
            rulebook_id=row.rulebook_id,
            version=book.rulebook.id,
            region=row.region,
            track=row.track,
            title=self._forms.title(session, row),
            lead_id=row.lead_id,
            applicants=tuple(applicants),
            state=row.state,
            state_term=_term(book, row),
            flags=tuple(sorted(book.table.flag_names(row.flags))),
            items=items_of(row),
            notice_from=day_name(row.notice_from),
            ends_on=day_name(row.ends_on),
            count=row.count,
            last_leaf=row.last_leaf,
            draft_version=row.draft_version,
            pending=pending,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _term(book: Book, row: ProjectRow) -> str:
    return _OFF_CHAIN.get(row.state) or book.rulebook.states[row.state].term


def _action(row: Transition) -> ActionView:
    return ActionView(row.action, row.body, row.rule, row.to, tuple(need.code for need in row.evidence))


def event_view(row: EventRow, project: ProjectRow) -> EventView:
    """As the timeline shows it."""
    return EventView(
        seq=row.seq,
        phase=Phase(row.phase).name.lower(),
        name=row.name,
        actor_id=row.actor_id,
        body=row.body,
        rule=row.rule,
        source=row.source,
        value=row.value,
        evidence=tuple(row.evidence or ()),
        record_id=row.record_id,
        leaf_hash=row.leaf_hash,
        operation_id=row.operation_id,
        outcome=row.outcome,
        request=row.request,
        reason=row.reason,
        signer=row.signer,
        state=row.state,
        tx_hash=row.tx_hash,
        block_number=row.block_number,
        accepted_at=row.accepted_at,
        sealed=row.seq < project.count,
    )


def require_event(session: Session, project: ProjectRow, seq: int) -> EventRow:
    """An event at its place. NotFound."""
    found = repository.request_of(session, project.id, seq)
    if found is None:
        raise NotFound("There is no such event.")
    return found
