"""The door to acts (登记事项): asked for by the host's operator, read by whoever may read the register."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import replace

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.evidence.once import do_once, made_before
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.errors import Conflict, NotFound
from services.platform.idempotency import Once
from services.platform.ids import new_id
from services.register.acts import repository
from services.register.acts.asking import Asking, Ready
from services.register.acts.checking import Checking
from services.register.acts.exits import withdraw_exit
from services.register.acts.judging import Judging
from services.register.acts.legal import beside
from services.register.acts.liens import Freeze, Pledge
from services.register.acts.models import ActRow
from services.register.acts.outcomes import explained
from services.register.acts.said import Said
from services.register.acts.views import ActView
from services.register.asking import Asked, Outcome
from services.register.book import repository as book
from services.register.book.holdings import marks_of
from services.register.issuers import IssuerOf
from services.register.names import ACTS
from services.register.parts import RegisterParts
from services.register.sight import Sight, sight_of
from services.transactions.views import OperationView

__all__ = ["ActDesk"]

_MADE = "register-act"
_STEPS = frozenset({"admit", "set-state"})


class ActDesk:
    """Opens its own transactions; what writes leaves gives a Future."""

    def __init__(self, parts: RegisterParts, judging: Judging, checking: Checking, issuer: IssuerOf) -> None:
        self._parts = parts
        self._judging = judging
        self._checking = checking
        self._issuer = issuer
        self._asking = Asking(parts)

    def require(self, caller: Principal) -> None:
        """Forbidden, NotFound or Conflict when the caller asks for no acts of this register."""
        with self._parts.database.read() as session:
            self._parts.require(session, caller, "register.act")

    def request(self, caller: Principal, said: Said, *, once: Once | None, batch: str = "") -> Future[ActView]:
        """Asks for an act, one of a ``batch`` perhaps; its operation waits for those who must agree.

        RuleRefused with rule, source and numbers when a rule of the service or of the register says no, by what is
        known now; Invalid names a field; Forbidden, NotFound and Conflict as the register's door says.
        """
        with self._parts.database.read() as session:
            host = self._parts.require(session, caller, "register.act")
            known = made_before(session, host, once)
            if known is not None:
                return _done(self._view(session, self._require(session, known)))
            self._require_no_step(session, said)
            ready = replace(self._prepared(session, host, said), batch_id=batch or None)

        def unit(group: Group) -> ActView:
            def make() -> tuple[str, ActView]:
                self._make_way(group, said)
                row, _operation = self._asking.ask(group, host, ready)
                return row.id, self._view(group.session, row)

            def again(found: str) -> ActView:
                return self._view(group.session, self._require(group.session, found))

            return do_once(group, host, once, kind=_MADE, make=make, again=again)

        return self._parts.evidence.sequencer.submit(unit)

    def _prepared(self, session: Session, host: str, said: Said, *, one_of_many: bool = False) -> Ready:
        """The request after every check that can be made before the chain's. RuleRefused, Invalid, Conflict."""
        now_ms = self._parts.clock.ms()
        said = self._checking.require(session, host, said, now_ms)
        needs = self._judging.needs(session, said, now_ms, one_of_many=one_of_many)
        rests_on, opens = self._asking.rests_on(host, said.documents), beside(said, new_id("lien", now_ms))
        return Ready(said=said, needs=needs, rests_on=rests_on, lien=opens)

    def ask(self, group: Group, host: str, said: Said, *, batch: str = "", queue: str = "") -> Asked:
        """In another part's unit: the request after every check, under ``batch`` and in the queue of another subject.

        RuleRefused, Invalid, Conflict.
        """
        prepared = self._prepared(group.session, host, said, one_of_many=bool(queue))
        ready = replace(prepared, batch_id=batch or None, queue=queue)
        if not queue:  # what is imported is not in custody yet
            self._make_way(group, said)
        row, operation = self._asking.ask(group, host, ready)
        return Asked(row.id, operation.id)

    def outcomes(self, session: Session, acts: Collection[str]) -> Mapping[str, Outcome]:
        """What has become of these acts, by their ids."""
        return {
            act: Outcome(state, str((reason or {}).get("error", "")))
            for act, state, reason in repository.outcomes(session, acts)
        }

    def get(self, caller: Principal, act_id: str) -> ActView:
        """One act. NotFound."""
        with self._parts.database.read() as session:
            sight = sight_of(self._parts, session, caller)
            row = self._require(session, act_id)
            own = self._own(session, sight)
            if own is not None and row.about not in own:
                raise _unknown()
            return self._view(session, row)

    def list(
        self,
        caller: Principal,
        *,
        about: str | None = None,
        state: str | None = None,
        limit: int = 50,
        cursor: str | None = None,
    ) -> Page[ActView]:
        """Acts, newest first; of one security or account, in one state; an issuer's own companies'."""
        with self._parts.database.read() as session:
            wanted = self._own(session, sight_of(self._parts, session, caller))
            if about is not None:
                wanted = [about] if wanted is None or about in wanted else []
            rows = repository.acts(
                session, self._parts.chain, about=wanted, state=state, before=cursor, limit=limit + 1
            )
            shown = rows[:limit]
            operations = self._parts.transactions.get_operations(session, [row.operation_id for row in shown])
            marks = self._marks(session, shown)
            found = tuple(
                self._view(session, row, operations[row.operation_id], marks.get(row.leaf_hash, ())) for row in shown
            )
        return Page(found, rows[limit - 1].id if len(rows) > limit else None)

    # --- inside

    def _own(self, session: Session, sight: Sight) -> Collection[str] | None:
        """The companies and securities whose acts an issuer sees; None for all."""
        securities = sight.securities(session, self._parts.chain)
        return None if securities is None else {*securities, *(sight.companies or ())}

    def _make_way(self, group: Group, said: Said) -> None:
        """A company does not leave custody past a lien that was asked for before its exit was signed."""
        if isinstance(said, Freeze | Pledge):
            withdraw_exit(self._parts, group, said.security, f"A {said.name} was asked for meanwhile.")

    def _require_no_step(self, session: Session, said: Said) -> None:
        """What is a step of a company's custody is asked for there, where its guards are."""
        security = book.security(session, self._parts.chain, said.about)
        if said.name in _STEPS and security is not None and self._issuer(session, security.issuer_id):
            raise Conflict("This is a step of the company's custody: ask for it there.", slug="custody-step")

    def _require(self, session: Session, act_id: str) -> ActRow:
        row = repository.act(session, act_id)
        if row is None or row.chain != self._parts.chain:
            raise _unknown()
        return row

    def _marks(self, session: Session, rows: Iterable[ActRow]) -> Mapping[bytes, Sequence[int]]:
        """By their leaves, what they are subject to: only those can be that the chain has taken."""
        blocks = [row.block_number for row in rows if row.block_number is not None]
        return marks_of(session, self._parts.chain, blocks) if blocks else {}

    def _view(
        self,
        session: Session,
        row: ActRow,
        operation: OperationView | None = None,
        marks: Sequence[int] | None = None,
    ) -> ActView:
        rule = explained(session, row)
        waits = row.state == repository.REQUESTED
        return ActView(
            id=row.id,
            name=row.name,
            term=ACTS[row.name],
            about=row.about,
            state=row.state,
            message=row.message,
            record_id=row.record_id,
            outcome_record=row.outcome_record,
            batch_id=row.batch_id,
            tx_hash=row.tx_hash,
            block_number=row.block_number,
            reason=row.reason,
            rule=rule.rule if rule else None,
            source=rule.source if rule else None,
            detail=rule.detail if rule else None,
            detail_zh=str(rule.extra["detail_zh"]) if rule else None,
            created_at=row.created_at,
            decided_at=row.decided_at,
            queue_position=repository.count_before(session, row) if waits else None,
            subject_to=self._marks(session, [row]).get(row.leaf_hash, []) if marks is None else marks,
            operation=operation or self._parts.transactions.get_operation(session, row.operation_id),
        )


def _unknown() -> NotFound:
    return NotFound("There is no such act.")


def _done(view: ActView) -> Future[ActView]:
    future: Future[ActView] = Future()
    future.set_result(view)
    return future
