"""Putting a rulebook in force (规则手册启用): asked for by a working group, signed by the region's authority."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.evidence.anchoring import chain_log
from services.evidence.commands import Written
from services.evidence.group import Group
from services.evidence.service import EvidenceService
from services.identity.commands import role_hash
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.books import Book
from services.pilots.epochs import stands
from services.pilots.models import RulebookRow
from services.pilots.views import RulebookView
from services.platform.errors import Conflict, Invalid
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent, OperationView, TxView

__all__ = ["ACTIVATION", "CONTRACT", "Activation", "ActivationRequest", "rulebook_view"]

CONTRACT = "RulebookRegistry"
ACTIVATION, RETIREMENT = "rulebook.activation", "rulebook.retirement"
_DAY_S = 86_400
_REASON_MAX = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationRequest:
    """Which rulebook under which settings, for the pilots whose events go into which log."""

    version: str
    text: str
    settings: str
    settings_name: str
    log_id: str


@dataclass(frozen=True, slots=True)
class _Act:
    """One act on the registry of rulebooks: what is signed, and what the contract is given beside the evidence."""

    kind: str
    struct: str
    function: str
    typed: Mapping[str, Any]
    args: Mapping[str, Any]


class Activation:
    """The command and its projection. ``days``: how long the authority has to sign."""

    def __init__(self, evidence: EvidenceService, transactions: Transactions, *, chain: str, days: int) -> None:
        self._evidence = evidence
        self._transactions = transactions
        self._chain = chain
        self._days = days

    def register(self) -> None:
        """Asks to be told what the chain decided."""
        self._transactions.on_event(CONTRACT, "RulebookActivated", self.activated, chain=self._chain)
        self._transactions.on_event(CONTRACT, "RulebookRetired", self.retired, chain=self._chain)
        self._transactions.on_refused(ACTIVATION, self.refused)
        self._transactions.on_refused(RETIREMENT, self.retirement_refused)

    def ask(self, group: Group, actor: str, request: ActivationRequest, book: Book) -> OperationView:
        """An operation for the region's authority. Conflict ``rulebook-known`` when it is in force or asked for."""
        session, region = group.session, book.rulebook.region
        log = group.log(request.log_id)
        if log.house or log.state != "open":
            raise Invalid("/log", "Expected an open log of the region's pilots, not the installation's own.")
        chain_id = to_hex(book.table.id(chain_log(log.origin)))
        known = repository.rulebook(session, chain_id)
        if known is not None and known.state != "refused" and not self._is_lost(session, known):
            raise Conflict(f"This rulebook with these settings is {known.state}.", slug="rulebook-known")
        signer = IdentityService.authority_of_region(session, region)
        written = self._evidence.write_command(
            group,
            type_name=ACTIVATION,
            phase=Phase.REQUESTED,
            subject=request.version,
            actor=actor,
            body=_said(request, book, chain_id, log.origin),
            log_id=log.id,
            stream_key=_stream(chain_id),
        )
        named = {"region": region, "version": request.version, "log": chain_log(log.origin), "document": book.document}
        act = _Act(
            ACTIVATION, "ActivateRulebook", "activate", {"rulebook": chain_id, **named}, {**named, **_table(book)}
        )
        operation = self._operation(group, act, written, actor=actor, signer=signer)
        row = known or RulebookRow(id=chain_id)
        row.version, row.region, row.log_id, row.book = request.version, region, log.id, request.text
        row.settings, row.settings_name, row.document = request.settings, request.settings_name, book.document
        row.state, row.actor_id, row.record_id = "pending", actor, written.record_id
        row.leaf_hash, row.operation_id = written.leaf.leaf_hash, operation.id
        row.created_at, row.decided_at = group.now_ms, None
        repository.add(session, row)
        return operation

    def _is_lost(self, session: Session, row: RulebookRow) -> bool:
        """Whether it was in force on a chain that is lost: then it is asked for again."""
        return row.state == "active" and not stands(session, self._transactions, self._chain, row.operation_id)

    def retire(self, group: Group, actor: str, row: RulebookRow, reason: str) -> OperationView:
        """Asks that no more projects be opened under a rulebook. Conflict when it is not in force."""
        if row.state != "active":
            raise Conflict(f"This rulebook is {row.state}.", slug="rulebook-not-active")
        if not 1 <= len(reason) <= _REASON_MAX:
            raise Invalid("/reason", f"Expected 1 to {_REASON_MAX} characters.")
        written = self._evidence.write_command(
            group,
            type_name=RETIREMENT,
            phase=Phase.REQUESTED,
            subject=row.version,
            actor=actor,
            body={"rulebook": row.id, "reason": reason},
            log_id=row.log_id,
            stream_key=_stream(row.id),
        )
        signer = IdentityService.authority_of_region(group.session, row.region)
        act = _Act(RETIREMENT, "RetireRulebook", "retire", {"rulebook": row.id}, {"rulebook": row.id})
        return self._operation(group, act, written, actor=actor, signer=signer)

    def _operation(self, group: Group, act: _Act, written: Written, *, actor: str, signer: str | None) -> OperationView:
        evidence = {"commitment": written.commitment, "leaf": written.leaf.leaf_hash}
        deadline = group.now_ms // 1000 + self._days * _DAY_S
        return self._transactions.create_operation(
            group.session,
            kind=act.kind,
            chain=self._chain,
            contract=CONTRACT,
            function=act.function,
            args={**act.args, **evidence},
            queue=_stream(act.typed["rulebook"]),
            typed_data=self._transactions.typed_data(
                act.struct, {**act.typed, **evidence}, self._chain, deadline=deadline
            ),
            signer_hint=signer,
            institution_id=actor,
            record_id=written.record_id,
            reference=act.typed["rulebook"],
        )

    def activated(self, group: Group, event: ChainEvent) -> None:
        """The chain has the rulebook: projects may be opened under it."""
        row = repository.rulebook(group.session, to_hex(event.args["rulebook"]))
        if row is None or row.state == "active":
            return
        where: JsonObject = {"chain": event.chain, "block": event.block_number, "transaction": event.tx_hash}
        self._settle(group, row, Phase.REGISTERED, where)
        row.state = "active"

    def retired(self, group: Group, event: ChainEvent) -> None:
        """No new projects under the rulebook; those that there are stay under it."""
        row = repository.rulebook(group.session, to_hex(event.args["rulebook"]))
        if row is not None and row.state != "retired":
            where: JsonObject = {"chain": event.chain, "block": event.block_number, "transaction": event.tx_hash}
            self._outcome(group, row, RETIREMENT, to_hex(event.args["leaf"]), phase=Phase.REGISTERED, said=where)
            row.state = "retired"

    def retirement_refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The rulebook stays in force."""
        row = repository.rulebook(group.session, transaction.reference or "")
        if row is not None:
            said: JsonObject = {"reason": reason or "refused"}
            self._outcome(group, row, RETIREMENT, str(transaction.args["leaf"]), phase=Phase.REFUSED, said=said)

    def refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The activation ended unfulfilled."""
        row = repository.rulebook_of_record(group.session, transaction.record_id or "")
        if row is None or row.state != "pending":
            return
        self._settle(group, row, Phase.REFUSED, {"reason": reason or "refused"})
        row.state = "refused"

    def _settle(self, group: Group, row: RulebookRow, phase: Phase, said: JsonObject) -> None:
        self._outcome(group, row, ACTIVATION, to_hex(row.leaf_hash), phase=phase, said=said)
        row.decided_at = group.now_ms

    def _outcome(
        self, group: Group, row: RulebookRow, kind: str, request: str, *, phase: Phase, said: JsonObject
    ) -> None:
        self._evidence.write_command(
            group,
            type_name=kind,
            phase=phase,
            subject=row.version,
            actor=row.actor_id,
            body={"request": request, "rulebook": row.id, **said},
            log_id=row.log_id,
            stream_key=_stream(row.id),
        )


def _said(request: ActivationRequest, book: Book, chain_id: str, origin: str) -> JsonObject:
    decision = book.rulebook.decision
    return {
        "rulebook": chain_id,
        "version": request.version,
        "region": book.rulebook.region,
        "log_origin": origin,
        "document_sha256": to_hex(book.document),
        "settings_file": request.settings_name,
        "settings_decided_by": decision.by if decision else "",
        "settings_document": decision.document if decision else "",
        "settings": _settings(book),
    }


def _settings(book: Book) -> dict[str, Any]:
    values = book.rulebook.decision.values if book.rulebook.decision else {}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _table(book: Book) -> dict[str, Any]:
    """The members of the contract's rulebook that signers see as its hash alone."""
    bodies = [role_hash(role) for role in book.table.bodies]
    entries = [{"from": each.state, "action": each.action_hash, "rule": each.packed} for each in book.table.entries]
    return {"bodies": bodies, "table": entries}


def rulebook_view(row: RulebookRow, book: Book) -> RulebookView:
    """As it is shown, its settings file named."""
    decision = book.rulebook.decision
    return RulebookView(
        id=row.id,
        version=row.version,
        title=book.rulebook.title,
        region=row.region,
        log_id=row.log_id,
        state=row.state,
        document=row.document,
        settings_name=row.settings_name,
        settings=_settings(book),
        decided_by=decision.by if decision else "",
        sample=decision.sample if decision else False,
        operation_id=row.operation_id,
        created_at=row.created_at,
        decided_at=row.decided_at,
        book=book.rulebook,
    )


def _stream(chain_id: str) -> str:
    return f"rulebook/{chain_id}"
