"""The door to duties: opening and moving them as the body that must, lists by project and by who is awaited."""

from concurrent.futures import Future
from typing import Any

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity import policy
from services.identity.policy import Principal
from services.identity.service import IdentityService
from services.identity.views import Page
from services.pilots import access
from services.pilots import repository as projects
from services.pilots.bodies import require_body
from services.pilots.books import Book
from services.pilots.duties import repository, rules
from services.pilots.duties.forms import CLAIM, MEASURES, ClaimForm, MeasuresForm
from services.pilots.duties.keeping import Duties, Told, require_duty
from services.pilots.duties.models import DutyRow
from services.pilots.duties.views import DutyRequest, DutyView, MoveRequest
from services.pilots.models import ProjectRow
from services.pilots.parts import Parts
from services.pilots.projects.formats import read_as
from services.pilots.rulebook.model import Duty
from services.pilots.steps.names import own_name, role_name
from services.pilots.steps.standing import today_of
from services.platform.errors import Forbidden, Invalid, NotFound, RuleRefused
from services.platform.idempotency import Once

__all__ = ["DutyDesk"]

_LEAD, _INCIDENT, _TAKE = "lead", "incident", "take"
_EVEN_AFTER = frozenset({"exit", "complaint", "claim"})
"""Triggers of what may still be opened when the project has ended."""


class DutyDesk:
    """Opens its own transactions; what writes leaves gives a Future."""

    def __init__(self, parts: Parts, duties: Duties) -> None:
        self._parts = parts
        self._duties = duties

    def open(self, caller: Principal, project_id: str, request: DutyRequest, *, once: Once | None) -> Future[DutyView]:
        """Opens a duty: a body demands a report, plans an inspection, an applicant tells of an incident."""
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            book = self._parts.book(session, project)
            duty = _known(book, request.code)
            body = self._opener(session, caller, project, book, duty)
            evidence = self._parts.evidence_of(session, project, caller.institution_id, request.evidence)
        content = {**request.content, **_wording(book, duty)}
        told = Told(actor=caller.institution_id, body=body, content=content, evidence=evidence)
        due = rules.NEVER if request.due is None else request.due

        def unit(group: Group) -> DutyView:
            fresh = access.require(group.session, caller, project_id)

            def make() -> tuple[str, DutyView]:
                self._check_opening(group.session, fresh, duty, request, body=body)
                row = self._duties.open(group, fresh, book, duty, due=due, told=told)
                return str(row.number), self._view(fresh, book, row)

            return do_once(
                group, caller.institution_id, once, kind="pilot-duty", make=make,
                again=lambda found: self._view(fresh, book, _require(group.session, fresh, int(found))),
            )  # fmt: skip

        return self._parts.evidence.sequencer.submit(unit)

    def move(
        self, caller: Principal, project_id: str, number: int, request: MoveRequest, *, once: Once | None
    ) -> Future[DutyView]:
        """Takes a duty on. Forbidden for another body, RuleRefused from a state that the course does not allow."""
        with self._parts.database.read() as session:
            project, row = self._readable(session, caller, project_id, number)
            book = self._parts.book(session, project)
            _check_words(row, request)
            evidence = self._parts.evidence_of(session, project, caller.institution_id, request.evidence)

        def unit(group: Group) -> DutyView:
            fresh = access.require(group.session, caller, project_id)
            found = _require(group.session, fresh, number)

            def make() -> tuple[str, DutyView]:
                made = self._judged(group.session, caller, fresh, found, request)
                told = Told(actor=caller.institution_id, body=made.body, content=request.content, evidence=evidence)
                self._duties.move(group, fresh, book, found, made=made, told=told)
                if not book.rulebook.states[fresh.state].terminal:
                    self._duties.keep_up(group, fresh, book, today=today_of(group.now_ms))
                return str(number), self._view(fresh, book, found)

            return do_once(
                group, caller.institution_id, once, kind="pilot-duty-move", make=make,
                again=lambda _: self._view(fresh, book, found),
            )  # fmt: skip

        return self._parts.evidence.sequencer.submit(unit)

    # --- reading

    def get(self, caller: Principal, project_id: str, number: int) -> DutyView:
        """One duty. NotFound also for what an applicant has nothing to do with."""
        with self._parts.database.read() as session:
            project, row = self._readable(session, caller, project_id, number)
            return self._view(project, self._parts.book(session, project), row)

    def list(
        self, caller: Principal, project_id: str, *, unfinished: bool, limit: int, cursor: str | None
    ) -> Page[DutyView]:
        """A project's duties by number."""
        after = _number(cursor)
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            book = self._parts.book(session, project)
            shared = _applies(session, caller, project)
            found = repository.of_project(
                session, project.id, shared=shared, unfinished=unfinished, after=after, limit=limit + 1
            )
            items = tuple(self._view(project, book, row) for row in found[:limit])
        return Page(items, str(items[-1].number) if len(found) > limit else None)

    def queue(self, caller: Principal, *, until: int | None, limit: int, cursor: str | None) -> Page[DutyView]:
        """What waits for the caller's institution (待办义务), what is due first comes first."""
        policy.require(caller, "pilot.read")
        after = _place(cursor)
        with self._parts.database.read() as session:
            held = IdentityService.roles_of(session, caller.institution_id, self._parts.clock.ms())
            bodies = (own_name(caller.institution_id), *(role_name(role, region) for role, region in held))
            last = rules.NEVER if until is None else until
            rows = repository.awaited_by(session, bodies, until=last, after=after, limit=limit + 1)
            items = []
            for row in rows[:limit]:
                project = projects.project(session, row.project_id)
                if project is not None and access.may(session, caller, "pilot.read", project):
                    items.append(self._view(project, self._parts.book(session, project), row))
            following = f"{rows[limit - 1].due}.{rows[limit - 1].id}" if len(rows) > limit else None
        return Page(tuple(items), following)

    # --- rules

    def _readable(
        self, session: Session, caller: Principal, project_id: str, number: int
    ) -> tuple[ProjectRow, DutyRow]:
        project = access.require(session, caller, project_id)
        row = _require(session, project, number)
        if not row.shared and _applies(session, caller, project):
            raise NotFound("There is no such duty.")
        return project, row

    def _opener(self, session: Session, caller: Principal, project: ProjectRow, book: Book, duty: Duty) -> str:
        """The body as which the caller opens it. Forbidden when it may open none."""
        rule = book.rulebook.rule(duty.rule)
        for code in duty.opened_by:
            try:
                require_body(session, caller, project, book.rulebook.bodies[code], rule=rule, now_ms=self._now())
            except Forbidden:
                continue
            return code
        who = "、".join(book.rulebook.bodies[code].term for code in duty.opened_by) or "nobody: it follows from a step"
        raise Forbidden(f"{duty.code} {duty.term} is opened by {who}.", rule=rule.id, source=rule.cited)

    def _check_opening(
        self, session: Session, project: ProjectRow, duty: Duty, request: DutyRequest, *, body: str
    ) -> None:
        book = self._parts.book(session, project)
        rule = book.rulebook.rule(duty.rule)
        state = book.rulebook.states.get(project.state)
        ended = state is None or state.terminal
        if not project.ends_on or (ended and duty.trigger not in _EVEN_AFTER):
            text = f"{rule.text}: the project stands at {project.state}, where none can be opened."
            raise RuleRefused(rule.id, text, source=rule.cited, extra={"state": project.state})
        if request.due is not None and (body == _LEAD or request.due < today_of(self._now())):
            raise Invalid("/due", "A body of the region says until when it is due, and no day before today.")
        if duty.code == CLAIM:
            claim = read_as(ClaimForm, request.content, "/body")
            incident = repository.by_number(session, project.id, claim.incident)
            if incident is None or incident.code != _INCIDENT:
                raise Invalid("/body/incident", "Expected the number of an incident's duty of this project.")

    def _judged(
        self, session: Session, caller: Principal, project: ProjectRow, row: DutyRow, request: MoveRequest
    ) -> rules.Moved:
        book = self._parts.book(session, project)
        duty = require_duty(book, row)
        rule = book.rulebook.rule(duty.rule)
        move = rules.judge(book.rulebook, duty, row.state, row.due, name=request.move)
        body = book.rulebook.bodies[rules.mover(duty, move.by)]
        require_body(session, caller, project, body, rule=rule, now_ms=self._now())
        brought = {item.code for item in request.evidence}
        lacking = [code for code in duty.evidence if move.evidence and code not in brought]
        if lacking:
            raise RuleRefused(
                rule.id, f"{move.name} of {duty.term} needs evidence: {', '.join(lacking)}.", source=rule.cited,
                extra={"missing": lacking},
            )  # fmt: skip
        return rules.moved(duty, move, row.due, today=today_of(self._now()), wanted=request.due)

    def _now(self) -> int:
        return self._parts.clock.ms()

    def _view(self, project: ProjectRow, book: Book, row: DutyRow) -> DutyView:
        duty = require_duty(book, row)
        course, rule = book.rulebook.courses[duty.course], book.rulebook.rule(duty.rule)
        return DutyView(
            id=row.id,
            project_id=project.id,
            number=row.number,
            code=row.code,
            term=duty.term,
            body=duty.body,
            overseer=rules.overseer(duty),
            state=row.state,
            state_term=course.states.get(row.state, rules.LAPSED_TERM),
            ended=not row.awaits,
            due=rules.day_text(row.due),
            overdue=row.due < today_of(self._now()),
            round=row.round,
            rule=rule.id,
            source=rule.cited,
            needs=duty.evidence,
            moves={move.name: rules.mover(duty, move.by) for move in course.moves_in(row.state)},
            last_seq=row.last_seq,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )


def _known(book: Book, code: str) -> Duty:
    found = rules.duty_of(book.rulebook, code)
    if found is None:
        raise Invalid("/code", f"{book.rulebook.id} has no such duty; it has {_codes(book)}.")
    return found


def _codes(book: Book) -> str:
    return ", ".join(duty.code for duty in book.rulebook.duties)


def _wording(book: Book, duty: Duty) -> dict[str, Any]:
    """A claim to tolerance stands under the region's own words."""
    words = book.rulebook.tolerance
    if duty.code != CLAIM or words is None:
        return {}
    said = {"event": words.event, "loss": words.loss, "impact": words.impact, "outcome": words.outcome}
    return {"wording": {**said, "rule": words.rule}}


def _check_words(duty: DutyRow, request: MoveRequest) -> None:
    if duty.code in MEASURES and request.move == _TAKE:
        read_as(MeasuresForm, request.content, "/body")


def _require(session: Session, project: ProjectRow, number: int) -> DutyRow:
    found = repository.by_number(session, project.id, number)
    if found is None:
        raise NotFound("There is no such duty.")
    return found


def _applies(session: Session, caller: Principal, project: ProjectRow) -> bool:
    """Whether the caller is an applicant, who sees what applicants have to do with."""
    return caller.institution_id in projects.applicants(session, project.id)


def _number(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Invalid("cursor", "Expected the `next` of a page before.")
    return int(cursor)


def _place(cursor: str | None) -> tuple[int, str] | None:
    if cursor is None:
        return None
    due, dot, duty_id = cursor.partition(".")
    if not dot or not due.isdecimal() or len(due) > 10:
        raise Invalid("cursor", "Expected the `next` of a page before.")
    return int(due), duty_id
