"""The door to what is read of rulebooks and projects, and to putting rulebooks in force."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import ChainError
from services.days import on
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity import policy
from services.identity.policy import Principal, Target
from services.identity.service import IdentityService
from services.identity.views import Page
from services.pilots import access, epochs, repository
from services.pilots.activation import Activation, ActivationRequest, rulebook_view
from services.pilots.books import prepare, require_row, text_of
from services.pilots.parts import Parts
from services.pilots.projects.submitting import DRAFTED, submitted
from services.pilots.readings import Readings
from services.pilots.reads import event_view, require_event
from services.pilots.steps.names import own_name, role_name
from services.pilots.steps.standing import today_of
from services.pilots.views import (
    ChainStanding,
    CommentView,
    EventDetail,
    EventView,
    ProjectView,
    PublicView,
    QueueItem,
    RulebookView,
)
from services.platform.errors import Invalid, NotFound, Unavailable
from services.platform.idempotency import Once
from services.platform.ids import bytes16
from services.transactions.views import OperationView

__all__ = ["ReadChain", "ReadDesk", "RulebookDesk", "regions_in_force"]

ReadChain = Callable[..., Any]
"""(contract, view, arguments...) -> what a view of a contract on the supervision chain says. ChainError."""
_ALL = 10_000


def regions_in_force(session: Session) -> set[int]:
    """The regions with a rulebook in force: where days are counted."""
    return {row.region for row in repository.rulebooks(session, after=None, limit=_ALL) if row.state == "active"}


class RulebookDesk:
    """Rulebooks: asked for by a working group of the region, in force once the region's authority has signed."""

    def __init__(self, parts: Parts, activation: Activation) -> None:
        self._parts = parts
        self._activation = activation

    def activate(
        self, caller: Principal, version: str, settings: str, settings_name: str, *, log_id: str, once: Once | None
    ) -> Future[OperationView]:
        """Asks to put a rulebook in force. RuleRefused ``PILOT-SETTINGS`` lists what the settings leave open."""
        text = text_of(version)
        book = prepare(text, settings, settings_name)
        policy.require(caller, "rulebook.activate", Target("", book.rulebook.region))
        request = ActivationRequest(
            version=version, text=text, settings=settings, settings_name=settings_name, log_id=log_id
        )

        def unit(group: Group) -> OperationView:
            def make() -> tuple[str, OperationView]:
                operation = self._activation.ask(group, caller.institution_id, request, book)
                return operation.id, operation

            def again(found: str) -> OperationView:
                return self._parts.transactions.get_operation(group.session, found)

            return do_once(group, caller.institution_id, once, kind="operation", make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def retire(self, caller: Principal, rulebook_id: str, reason: str, *, once: Once | None) -> Future[OperationView]:
        """Asks that no more projects be opened under a rulebook; those that there are go on under it."""

        def unit(group: Group) -> OperationView:
            row = require_row(group.session, rulebook_id)
            policy.require(caller, "rulebook.activate", Target("", row.region))

            def make() -> tuple[str, OperationView]:
                self._parts.require_rulebook(group.session, row)
                operation = self._activation.retire(group, caller.institution_id, row, reason)
                return operation.id, operation

            def again(found: str) -> OperationView:
                return self._parts.transactions.get_operation(group.session, found)

            return do_once(group, caller.institution_id, once, kind="operation", make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def get(self, caller: Principal, rulebook_id: str) -> RulebookView:
        """One rulebook with its settings. NotFound."""
        policy.require(caller, "rulebook.read")
        with self._parts.database.read() as session:
            row = require_row(session, rulebook_id)
            return rulebook_view(row, self._parts.books.of(row))

    def list(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[RulebookView]:
        """All rulebooks, by id."""
        policy.require(caller, "rulebook.read")
        with self._parts.database.read() as session:
            found = repository.rulebooks(session, after=cursor, limit=limit + 1)
            items = tuple(rulebook_view(row, self._parts.books.of(row)) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)


class ReadDesk:
    """Projects as each may see them. ``read_chain`` asks the supervision chain."""

    def __init__(self, parts: Parts, read_chain: ReadChain) -> None:
        self._parts = parts
        self._read_chain = read_chain

    def get(self, caller: Principal, project_id: str) -> ProjectView:
        """One project. NotFound when it is not the caller's affair."""
        with self._parts.database.read() as session:
            return self._parts.reads.project(session, access.require(session, caller, project_id))

    def list(self, caller: Principal, *, states: Sequence[str], limit: int, cursor: str | None) -> Page[ProjectView]:
        """The caller's own projects, or those of its region for who supervises or audits one; oldest first."""
        policy.require(caller, "pilot.read")
        own = not policy.allowed(caller, "pilot.read", Target("", caller.region))
        with self._parts.database.read() as session:
            if own:
                found = repository.own_projects(
                    session, caller.institution_id, states=states, after=cursor, limit=limit + 1
                )
            else:
                regions = access.regions_of(caller)
                found = repository.projects(
                    session, regions=regions, states=states, drafts=False, after=cursor, limit=limit + 1
                )
            items = self._parts.reads.projects(session, found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def timeline(self, caller: Principal, project_id: str, *, limit: int, cursor: str | None) -> Page[EventView]:
        """The project's events (时间线) in the order of its stream, with actor, rule, evidence and transaction."""
        after = _number(cursor, -1)
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id)
            found = self._parts.reads.timeline(session, row, after=after, limit=limit + 1)
        items = found[:limit]
        return Page(items, str(items[-1].seq) if len(found) > limit else None)

    def event(self, caller: Principal, project_id: str, seq: int) -> EventDetail:
        """One event with what its record says, as far as the caller may read that. NotFound."""
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id)
            event = require_event(session, row, seq)
            readable = access.may_read(session, caller, row, event)
            if readable and event.name in DRAFTED and Readings.needed(session, caller, row):
                done = submitted(session, row, self._parts.book(session, row), self._parts.checking.content)
                readable = event.record_id not in done.withheld(session, row)
            view = event_view(event, row)
        return EventDetail(view, self._parts.checking.content(view.record_id) if readable else None)

    def receipt(self, caller: Principal, project_id: str, seq: int) -> bytes:
        """The public receipt of an event, for whoever may read the project. NotFound, Conflict ``not-sealed``."""
        with self._parts.database.read() as session:
            event = require_event(session, access.require(session, caller, project_id), seq)
            record_id = event.record_id
        return self._parts.evidence.receipt(record_id, private=False)

    def queue(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[QueueItem]:
        """The projects that wait for the caller's institution (待办), oldest first, and for what.

        Those of a lost chain take no steps and wait for nobody.
        """
        policy.require(caller, "pilot.read")
        with self._parts.database.read() as session:
            bodies = self._bodies(session, caller)
            found = repository.waiting(session, bodies, after=cursor, limit=limit + 1)
            here = epochs.here(session, self._parts.transactions, self._parts.chain, found[:limit])
            today = today_of(self._parts.clock.ms())
            items = self._parts.reads.queue_items(session, here, bodies, caller.institution_id, today=today)
        return Page(items, found[limit - 1].id if len(found) > limit else None)

    def comments(self, caller: Principal, project_id: str, *, limit: int, cursor: str | None) -> Page[CommentView]:
        """The public comments on a project; what they say only for who may read its application."""
        after = _number(cursor, 0)
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id)
            readable = access.may(session, caller, "pilot.application", row)
            whole = access.may(session, caller, "pilot.decide", row)
            found = repository.comments(session, row.id, after=after, limit=limit + 1)
            items = tuple(
                CommentView(
                    each.number,
                    each.state,
                    each.record_id,
                    each.received_at,
                    self._parts.comments.content(each, whole=whole) if readable else None,
                )
                for each in found[:limit]
            )
        return Page(items, str(items[-1].number) if len(found) > limit else None)

    def standing(self, caller: Principal, project_id: str) -> ChainStanding:
        """What the contract says of the project now, asked of the chain itself. Unavailable ``chain-away``."""
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id)
            self._parts.require_here(session, row)
            table = self._parts.book(session, row).table
        try:
            found = self._read_chain("PilotLifecycle", "project", bytes16(row.id))
        except ChainError as error:
            raise Unavailable("chain-away", "The supervision chain does not answer.") from error
        rulebook, _lead, stream, _region, state, flags, _open, notice_from, ends_on, count, last_leaf = found[:11]
        return ChainStanding(
            state=table.state_name(state) or "",
            flags=tuple(sorted(table.flag_names(flags))),
            notice_from=on(notice_from).isoformat() if notice_from else None,
            ends_on=on(ends_on).isoformat() if ends_on else None,
            count=count,
            last_leaf=bytes(last_leaf),
            stream=bytes(stream),
            rulebook="0x" + bytes(rulebook).hex(),
        )

    # --- for everybody

    def public_list(self, *, limit: int, cursor: str | None) -> Page[PublicView]:
        """Projects that a notice or a launch made public (试点项目信息公示)."""
        with self._parts.database.read() as session:
            found = repository.visible_projects(session, after=cursor, limit=limit + 1)
            items = tuple(self._parts.reads.public(session, row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def public(self, project_id: str) -> PublicView:
        """One of them. NotFound for a project of which nothing is public."""
        with self._parts.database.read() as session:
            row = repository.project(session, project_id)
            if row is None or not row.visible:
                raise NotFound("There is no such project.")
            return self._parts.reads.public(session, row)

    def _bodies(self, session: Session, caller: Principal) -> tuple[str, ...]:
        """The names under which projects wait for the caller: as an applicant, and by the roles it holds."""
        held = IdentityService.roles_of(session, caller.institution_id, self._parts.clock.ms())
        return (own_name(caller.institution_id), *(role_name(role, region) for role, region in held))


def _number(cursor: str | None, first: int) -> int:
    if cursor is None:
        return first
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Invalid("cursor", "Expected the `next` of a page before.")
    return int(cursor)
