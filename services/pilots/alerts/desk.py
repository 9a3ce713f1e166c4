"""The door to alerts: lists for who supervises, decisions by the body that is told, findings of its own."""

from concurrent.futures import Future

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity import policy
from services.identity.policy import Principal, Target
from services.identity.service import IdentityService
from services.identity.views import Page
from services.pilots import access
from services.pilots.alerts import repository
from services.pilots.alerts.keeping import Alerts
from services.pilots.alerts.models import AlertRow
from services.pilots.alerts.rules import BY_HAND, KINDS, MOVES, Cause, moves_in
from services.pilots.alerts.views import AlertRequest, AlertView
from services.pilots.bodies import require_body
from services.pilots.books import Book
from services.pilots.duties.keeping import Told
from services.pilots.duties.rules import duty_of
from services.pilots.duties.views import MoveRequest
from services.pilots.models import ProjectRow
from services.pilots.parts import Parts
from services.pilots.rulebook.model import Duty
from services.pilots.steps.names import own_name, role_name
from services.pilots.steps.standing import day_name, today_of
from services.platform.errors import Conflict, Invalid, NotFound, RuleRefused
from services.platform.idempotency import Once

__all__ = ["AlertDesk"]

_PLAN_CHANGE = "plan-change"
_LEAD, _WORKING_GROUP = "lead", "working_group"


class AlertDesk:
    """Opens its own transactions; what writes leaves gives a Future."""

    def __init__(self, parts: Parts, alerts: Alerts) -> None:
        self._parts = parts
        self._alerts = alerts

    def list(
        self, caller: Principal, *, project_id: str | None, unfinished: bool, limit: int, cursor: str | None
    ) -> Page[AlertView]:
        """Those of the caller's region for who supervises or audits it, else those told to it; oldest first."""
        policy.require(caller, "pilot.read")
        with self._parts.database.read() as session:
            if policy.allowed(caller, "pilot.alerts", Target("", caller.region)):
                rows = repository.within(
                    session, access.regions_of(caller), project_id=project_id, unfinished=unfinished, after=cursor,
                    limit=limit + 1,
                )  # fmt: skip
            else:
                held = IdentityService.roles_of(session, caller.institution_id, self._parts.clock.ms())
                bodies = (own_name(caller.institution_id), *(role_name(role, region) for role, region in held))
                rows = repository.told(
                    session, bodies, project_id=project_id, unfinished=unfinished, after=cursor, limit=limit + 1
                )
            items = tuple(_view(row) for row in rows[:limit])
        return Page(items, items[-1].id if len(rows) > limit else None)

    def open(
        self, caller: Principal, project_id: str, request: AlertRequest, *, once: Once | None
    ) -> Future[AlertView]:
        """An alert from what a body has found out: a plan that was changed without approval."""
        if request.kind != BY_HAND:
            raise Invalid("/kind", f"Expected {BY_HAND}; the others come of themselves.")
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            book = self._parts.book(session, project)
            duty = _plan_change(book)
            rule = book.rulebook.rule(duty.rule)
            body = book.rulebook.bodies[duty.body]
            require_body(session, caller, project, body, rule=rule, now_ms=self._parts.clock.ms())
            if not project.ends_on:
                raise Conflict("The pilot has not been launched.", slug="project-state")
            evidence = self._parts.evidence_of(session, project, caller.institution_id, request.evidence)
        told = Told(actor=caller.institution_id, body=duty.body, content=request.content, evidence=evidence)

        def unit(group: Group) -> AlertView:
            fresh = access.require(group.session, caller, project_id)

            def make() -> tuple[str, AlertView]:
                number = repository.last_number(group.session, fresh.id) + 1
                today = today_of(group.now_ms)
                cause = Cause(key=f"found/{number}", kind=request.kind, rule=rule.id, body=duty.body, day=today)
                row = self._alerts.raise_one(group, fresh, book, cause)
                self._alerts.decide(group, fresh, row, move="raise", to=row.state, told=told)
                return str(row.number), _view(row)

            return do_once(
                group, caller.institution_id, once, kind="pilot-alert", make=make,
                again=lambda found: _view(_require(group.session, fresh, int(found))),
            )  # fmt: skip

        return self._parts.evidence.sequencer.submit(unit)

    def move(
        self, caller: Principal, project_id: str, number: int, request: MoveRequest, *, once: Once | None
    ) -> Future[AlertView]:
        """A decision of the body that was told. Forbidden for another, RuleRefused when it is not its turn."""
        if request.move not in MOVES:
            raise Invalid("/move", f"Expected one of {', '.join(MOVES)}.")
        if request.due is not None or not str(request.content.get("note", "")).strip():
            raise Invalid("/body/note", "A decision about an alert says why, in `note`, and sets no date.")
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            book, row = self._parts.book(session, project), _require(session, project, number)
            deciding = row.body if row.body != _LEAD else _WORKING_GROUP
            body, rule = book.rulebook.bodies[deciding], book.rulebook.rule(row.rule)
            require_body(session, caller, project, body, rule=rule, now_ms=self._parts.clock.ms())
            evidence = self._parts.evidence_of(session, project, caller.institution_id, request.evidence)
        told = Told(actor=caller.institution_id, body=deciding, content=request.content, evidence=evidence)

        def unit(group: Group) -> AlertView:
            fresh = access.require(group.session, caller, project_id)
            found = _require(group.session, fresh, number)

            def make() -> tuple[str, AlertView]:
                to = _judged(found, request.move)
                self._alerts.decide(group, fresh, found, move=request.move, to=to, told=told)
                return str(number), _view(found)

            return do_once(
                group, caller.institution_id, once, kind="pilot-alert-move", make=make, again=lambda _: _view(found)
            )

        return self._parts.evidence.sequencer.submit(unit)


def _judged(row: AlertRow, move: str) -> str:
    """Where the decision leads. RuleRefused names what could be decided instead."""
    possible = moves_in(row.state, cleared=row.cleared_at is not None)
    if move not in possible:
        raise RuleRefused(
            row.rule,
            f"{move} is not possible while the alert stands at {row.state}.",
            source=row.source,
            extra={"state": row.state, "allowed": list(possible)},
        )
    return possible[move]


def _plan_change(book: Book) -> Duty:
    found = duty_of(book.rulebook, _PLAN_CHANGE)
    if found is None:
        raise Invalid("/kind", f"{book.rulebook.id} knows no change of a plan.")
    return found


def _require(session: Session, project: ProjectRow, number: int) -> AlertRow:
    found = repository.by_number(session, project.id, number)
    if found is None:
        raise NotFound("There is no such alert.")
    return found


def _view(row: AlertRow) -> AlertView:
    kind = KINDS[row.kind]
    return AlertView(
        id=row.id,
        project_id=row.project_id,
        number=row.number,
        region=row.region,
        code=row.code,
        kind=row.kind,
        term=kind.term,
        rule=row.rule,
        source=row.source,
        body=row.body,
        subject=row.subject,
        day=day_name(row.day),
        proposal=row.proposal or None,
        state=row.state,
        reminds=kind.reminds,
        moves=tuple(moves_in(row.state, cleared=row.cleared_at is not None)),
        last_seq=row.last_seq,
        since=row.since,
        cleared_at=row.cleared_at,
        updated_at=row.updated_at,
    )
