"""The door to steps (步骤), facts (事实), public comments (公众意见) and seals."""

from concurrent.futures import Future

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from services.evidence.group import Group
from services.evidence.once import do_once, made_before
from services.identity import policy
from services.identity.policy import Principal
from services.pilots import access, repository
from services.pilots.bodies import require_body
from services.pilots.books import Book
from services.pilots.facts.comments import CommentRequest, Filed, filing_row, require_disposed
from services.pilots.facts.facts import FactRequest, check_fact
from services.pilots.models import ProjectRow
from services.pilots.parts import Parts, check_content
from services.pilots.projects.submitting import completed
from services.pilots.reads import event_view, require_event
from services.pilots.rulebook.machine import Refused, Step, WorkingDays, advance
from services.pilots.rulebook.model import Transition
from services.pilots.steps.commands import CONTRACT, Act, judge
from services.pilots.steps.gates import SEAL
from services.pilots.steps.names import TAKEN
from services.pilots.steps.standing import refusal, standing_of, today_of
from services.pilots.views import CommentReceipt, EventView, Fault, StepRequest
from services.platform.errors import Conflict, Invalid, NotFound, RuleRefused
from services.platform.idempotency import Once
from services.platform.ids import bytes16
from services.transactions.views import OperationView

__all__ = ["StepDesk"]


class StepDesk:
    """Opens its own transactions; what writes leaves gives a Future."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def step(
        self, caller: Principal, project_id: str, request: StepRequest, *, once: Once | None
    ) -> Future[OperationView]:
        """Asks for a step. The operation waits for the signature of the body that the rulebook names.

        RuleRefused with rule, source and value when the table or a check says no; Forbidden for another body.
        """
        check_content(request.content, "/body")
        check_content(request.public, "/public")
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            known = made_before(session, caller.institution_id, once)
            if known is not None:
                return _done(self._parts.transactions.get_operation(session, known))
            self._parts.require_going(session, project)
            book, now_ms = self._parts.book(session, project), self._parts.clock.ms()
            row = self._row(book, project, request)
            rule, body = book.rulebook.rule(row.rule), book.rulebook.bodies[row.body]
            require_body(session, caller, project, body, rule=rule, now_ms=now_ms)
            request = completed(session, project, request)
            evidence = self._parts.evidence_of(session, project, caller.institution_id, request.evidence)
            act = Act(
                row=row,
                actor=caller.institution_id,
                today=today_of(now_ms),
                value=request.value,
                content=dict(request.content),
                evidence=evidence,
                public=_public(book, request),
            )
            calendar = self._parts.calendar(project)
            judge(book, project, act, calendar)
            faults = self._parts.checking.faults(session, project, book, request, actor=act.actor, now_ms=now_ms)
            _require_none(faults)

        def unit(group: Group) -> OperationView:
            fresh = access.require(group.session, caller, project_id)

            def make() -> tuple[str, OperationView]:
                if completed(group.session, fresh, request) != request:
                    raise Conflict("The application has changed since; look at it again.", slug="application-changed")
                require_disposed(group.session, fresh, book, row, request.content)
                operation = self._parts.steps.ask(group, fresh, book, act, calendar)
                return operation.id, operation

            def again(found: str) -> OperationView:
                return self._parts.transactions.get_operation(group.session, found)

            return do_once(group, caller.institution_id, once, kind="operation", make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def fact(self, caller: Principal, project_id: str, request: FactRequest, *, once: Once | None) -> Future[EventView]:
        """Adds a fact to the project's stream: an applicant's, or that of a body of the region."""
        check_content(request.content, "/body")
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            book = self._parts.book(session, project)
            applicant = caller.institution_id in repository.applicants(session, project.id)
            policy.require(
                caller, "pilot.act" if applicant else "pilot.decide", access.target(session, caller, project)
            )
            check_fact(request, book, applicant=applicant, lead=caller.institution_id == project.lead_id)
            evidence = self._parts.evidence_of(session, project, caller.institution_id, request.evidence)

        def unit(group: Group) -> EventView:
            fresh = access.require(group.session, caller, project_id)

            def make() -> tuple[str, EventView]:
                event = self._parts.facts.add(group, fresh, caller.institution_id, request, evidence=evidence)
                return str(event.seq), event_view(event, fresh)

            def again(found: str) -> EventView:
                return event_view(require_event(group.session, fresh, int(found)), fresh)

            return do_once(group, caller.institution_id, once, kind="pilot-fact", make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def comment(self, project_id: str, request: CommentRequest, *, once: Once | None) -> CommentReceipt:
        """Takes a public comment while the notice runs; blocks until it is durable. RuleRefused, NotFound."""
        request.content()
        with self._parts.database.read() as session:
            project = repository.project(session, project_id)
            if project is None or not project.visible:
                raise NotFound("There is no such project.")
            book, calendar = self._parts.book(session, project), self._parts.calendar(project)
            if made_before(session, project_id, once) is None:
                self._require_notice(session, book, project, calendar)

        def unit(group: Group) -> Filed:
            fresh = repository.project(group.session, project_id)
            if fresh is None:
                raise NotFound("There is no such project.")

            def make() -> tuple[str, Filed]:
                filed = self._parts.comments.file(group, fresh, book, request, calendar)
                return str(filed.number), filed

            def again(found: str) -> Filed:
                return self._parts.comments.again(group, fresh, int(found))

            return do_once(group, project_id, once, kind="pilot-comment", make=make, again=again)

        filed: Filed = self._parts.evidence.sequencer.submit(unit).result()
        opening = self._parts.evidence.opening(filed.accepted.record_id)
        accepted = filed.accepted
        return CommentReceipt(
            project_id=project_id,
            number=filed.number,
            origin=accepted.origin,
            index=accepted.index,
            leaf=accepted.leaf,
            leaf_hash=accepted.leaf_hash,
            accepted_at=accepted.accepted_at,
            anchor_by=accepted.anchor_by,
            acknowledgement=accepted.acknowledgement,
            document=dict(opening.document) if isinstance(opening.document, dict) else {},
            secret=opening.secret,
        )

    def seal(self, caller: Principal, project_id: str) -> str:
        """Asks the gateway to tell the chain of the project's newest anchored leaf; the transaction's id."""
        with self._parts.database.read() as session:
            project = access.require(session, caller, project_id)
            self._parts.require_here(session, project)
            newer = repository.events(session, project.id, after=project.count - 1, limit=1)
            if not project.count or not newer:
                raise Conflict("The chain knows every leaf that the project has.", slug="sealed")

        def unit(group: Group) -> str:
            return self._parts.transactions.enqueue(
                group.session,
                chain=self._parts.chain,
                contract=CONTRACT,
                function="seal",
                args={"id": to_hex(bytes16(project_id))},
                purpose=SEAL,
                queue=f"seal/{project_id}",  # its own: a seal that waits for an anchor holds up no step
                reference=project_id,
            )

        done: str = self._parts.evidence.sequencer.submit(unit).result()
        return done

    def _require_notice(self, session: Session, book: Book, project: ProjectRow, calendar: WorkingDays) -> None:
        """Asks the chain's calendar before the unit does."""
        self._parts.require_going(session, project)
        row = filing_row(book, project.state)
        if row is None:
            raise Conflict("The project is not under public notice.", slug="no-notice")
        number, today = repository.last_comment(session, project.id) + 1, today_of(self._parts.clock.ms())
        judge(book, project, Act(row=row, actor="", today=today, value=number, content={}), calendar)

    def _row(self, book: Book, project: ProjectRow, request: StepRequest) -> Transition:
        """The row of the table. RuleRefused when there is none for this action where the project stands."""
        if project.state == TAKEN:
            raise Conflict(
                "Somebody opened this project's number on the chain as another project; begin the draft anew.",
                slug="project-taken",
            )
        standing = standing_of(project, book)
        row = book.table.rows.get((standing.state, request.action))
        if row is not None:
            return row
        step = Step(action=request.action, body="", today=0, seq=project.step_count)
        try:
            advance(book.table, standing, step, self._parts.calendar(project))
        except Refused as error:
            raise refusal(book, error) from error
        raise AssertionError("a step without a row is refused")


def _done(view: OperationView) -> Future[OperationView]:
    future: Future[OperationView] = Future()
    future.set_result(view)
    return future


def _public(book: Book, request: StepRequest) -> JsonObject | None:
    if request.public is not None and request.action not in book.rulebook.publicity:
        raise Invalid("/public", f"Only {', '.join(book.rulebook.publicity)} publish something.")
    return None if request.public is None else dict(request.public)


def _require_none(faults: list[Fault]) -> None:
    """RuleRefused names the first fault; all of them are beside it."""
    if faults:
        first = faults[0]
        raise RuleRefused(
            first.rule,
            f"{first.message} ({first.field})",
            source=first.source,
            extra={"value": first.value, "faults": [each.document() for each in faults]},
        )
