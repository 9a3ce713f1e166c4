"""Asking for a step (试点步骤): a ``requested`` leaf in the project's stream, an operation for the body to sign."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.evidence.commands import Written
from services.evidence.group import Group
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.books import Book
from services.pilots.models import EventRow, ProjectRow
from services.pilots.rulebook.machine import Refused, Step, WorkingDays, advance, needs_proof
from services.pilots.rulebook.model import Body, Effect, Transition
from services.pilots.steps.standing import refusal, standing_of
from services.pilots.stream import FILING, STEP, Entry, Evidence, Stream
from services.platform.errors import Conflict
from services.platform.ids import bytes16
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["CONTRACT", "Act", "Steps", "judge", "queue_of", "signers_of"]

CONTRACT = "PilotLifecycle"
_DAY_S = 86_400
_ITEMS = (Effect.OPEN_ITEM, Effect.CLOSE_ITEM, Effect.TURN_ITEM)
_NOBODY = {"signer": "0x" + "00" * 20, "nonce": 0, "deadline": 0, "signature": "0x"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A step that a body takes: its row of the table, and what it says and rests on."""

    row: Transition
    actor: str
    today: int
    value: int = 0
    content: Mapping[str, Any]
    evidence: Sequence[Evidence] = ()
    public: JsonObject | None = None


def judge(book: Book, project: ProjectRow, act: Act, calendar: WorkingDays, *, seq: int | None = None) -> None:
    """RuleRefused when the table would not let the act pass now; ``seq`` of its leaf, the next one by default."""
    step = Step(
        action=act.row.action,
        body=act.row.body,
        today=act.today,
        seq=project.step_count if seq is None else seq,
        value=act.value,
    )
    try:
        advance(book.table, standing_of(project, book), step, calendar)
    except Refused as error:
        raise refusal(book, error) from error


def signers_of(session: Session, body: Body, project: ProjectRow, actor: str, now_ms: int) -> tuple[str, ...]:
    """Whose signature the step of a body needs: the lead's authority, or the actor's accounts that hold the role."""
    if body.role is None:
        return (IdentityService.authority_of(session, project.lead_id),)
    region = 0 if body.national else project.region
    holders = IdentityService.role_holders(session, body.role, region, now_ms)
    return tuple(account for account, institution in holders if institution == actor)


def queue_of(project_id: str) -> str:
    """All steps of a project keep their order."""
    return f"pilot/{project_id}"


class Steps:
    """In units of the sequencer. ``days``: how long a body has to sign."""

    def __init__(self, stream: Stream, transactions: Transactions, *, chain: str, days: int) -> None:
        self._stream = stream
        self._transactions = transactions
        self._chain = chain
        self._days = days

    def ask(self, group: Group, project: ProjectRow, book: Book, act: Act, calendar: WorkingDays) -> OperationView:
        """The operation that waits for the body. RuleRefused, Conflict ``step-pending``."""
        session, body = group.session, book.rulebook.bodies[act.row.body]
        judge(book, project, act, calendar)
        _require_alone(session, project, act)
        signers = signers_of(session, body, project, act.actor, group.now_ms)
        event, written = self._request(group, project, book, act)
        message = _message(project, act, event, written)
        struct = "OpenPilot" if act.row.state is None else "PilotStep"
        deadline = group.now_ms // 1000 + self._days * _DAY_S
        operation = self._transactions.create_operation(
            session,
            kind=STEP,
            chain=self._chain,
            contract=CONTRACT,
            function=_function(book, project, act.row, event.seq),
            args=message,
            queue=queue_of(project.id),
            typed_data=self._transactions.typed_data(struct, message, self._chain, deadline=deadline),
            signer_hint=signers,
            institution_id=act.actor,
            record_id=written.record_id,
            reference=project.id,
        )
        event.operation_id = operation.id
        repository.add(session, event)
        project.updated_at = group.now_ms
        return operation

    def file(self, group: Group, project: ProjectRow, book: Book, act: Act, calendar: WorkingDays) -> EventRow:
        """A step of the gateway's own (a public comment): sent without anybody's signature. RuleRefused."""
        judge(book, project, act, calendar)
        event, written = self._request(group, project, book, act)
        repository.add(group.session, event)
        self._transactions.enqueue(
            group.session,
            chain=self._chain,
            contract=CONTRACT,
            function=_function(book, project, act.row, event.seq),
            args={**_message(project, act, event, written), "auth": _NOBODY},
            purpose=FILING,
            queue=queue_of(project.id),
            reference=f"{project.id}:{event.seq}",
        )
        return event

    def _request(self, group: Group, project: ProjectRow, book: Book, act: Act) -> tuple[EventRow, Written]:
        rule = book.rulebook.rule(act.row.rule)
        said: JsonObject = {"action": act.row.action, "rulebook": project.rulebook_id, "rule": rule.id}
        said |= {"version": book.rulebook.id, "state": act.row.state or "", "value": act.value}
        if act.content:
            said["content"] = dict(act.content)
        if act.public is not None:
            said["public"] = act.public
        entry = Entry(
            name=act.row.action,
            actor=act.actor,
            content=said,
            phase=Phase.REQUESTED,
            value=act.value,
            body=act.row.body,
            rule=rule.id,
            source=rule.cited,
            evidence=act.evidence,
            public=act.public,
        )
        return self._stream.write(group, project, entry)


def _require_alone(session: Session, project: ProjectRow, act: Act) -> None:
    """A body moves a project by one step at a time; several items it may move at once, each once."""
    for waiting in repository.pending(session, project.id):
        same = (waiting.name, waiting.value) == (act.row.action, act.value)
        item = act.row.effect in _ITEMS
        if same or (waiting.body == act.row.body and not item):
            raise Conflict(
                f"The step {waiting.name} of this project awaits its decision; cancel its operation to ask anew.",
                slug="step-pending",
                extra={"operation": waiting.operation_id, "action": waiting.name},
            )


def _function(book: Book, project: ProjectRow, row: Transition, seq: int) -> str:
    if row.state is None:
        return "open"
    return "gate" if needs_proof(book.table, standing_of(project, book), row, seq) else "step"


def _message(project: ProjectRow, act: Act, event: EventRow, written: Written) -> dict[str, Any]:
    message: dict[str, Any] = {"project": to_hex(bytes16(project.id)), "action": act.row.action, "seq": event.seq}
    if act.row.state is None:
        message |= {"rulebook": project.rulebook_id, "lead": to_hex(bytes16(project.lead_id))}
        message["stream"] = to_hex(written.leaf.stream_id)
    else:
        message["value"] = act.value
    return message | {"commitment": to_hex(written.commitment), "leaf": to_hex(written.leaf.leaf_hash)}
