"""What the chain made of an act (登记结果): an outcome leaf, and the act's row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.evidence.commands import Written
from services.evidence.group import Group
from services.platform.clock import rfc3339
from services.platform.errors import RuleRefused
from services.register.acts import repository
from services.register.acts.asking import queue_of
from services.register.acts.legal import Whose, put_beside
from services.register.acts.messages import accounts_of, act_of, securities_of
from services.register.acts.models import ActRow
from services.register.book import repository as book
from services.register.book.projection import ActLeaves
from services.register.names import ACT
from services.register.parts import RegisterParts
from services.register.sources import refusal
from services.register.stream import Entry
from services.transactions.encoding import json_safe
from services.transactions.rules import OperationState
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent, TxView

__all__ = ["REFUSED", "REGISTERED", "Outcomes", "explained"]

REGISTERED, REFUSED = "registered", "refused"
_OPENED = "LienOpened"
_GAS_ONCE, _GAS_EACH = 150_000, {"openInvestors": 32_000, "issue": 34_000}
_ENTERING = frozenset({"open-investors", "issue"})
_PSEUDONYM = 34  # 0x and 16 bytes


class Outcomes:
    """Writes the outcome of each act once. Nothing is sent before what it builds upon is decided."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts

    def register(self, transactions: Transactions) -> None:
        """Asks to be told; fulfilled acts are told by the book, when it has their events."""
        transactions.on_refused(ACT, self.refused)
        transactions.on_prepare(ACT, self.prepared)
        transactions.on_gas(ACT, gas_at_most)

    def registered(self, group: Group, leaf: bytes, event: ChainEvent) -> ActLeaves | None:
        """The chain has it; None for an act that nobody asked for here, or that was decided before.

        Whoever sends the register's transactions may name a leaf again: the first one that does is the act's.
        """
        row = repository.act_of_leaf(group.session, leaf)
        if row is None or row.state != repository.REQUESTED:
            return None
        row.tx_hash, row.block_number = event.tx_hash, event.block_number
        if row.lien is not None and event.name == _OPENED:
            lien = book.lien(group.session, event.chain, row.about, int(event.args["number"]))
            if lien is not None:
                put_beside(group.session, lien, row.lien, Whose(row.record_id, row.actor_id, row.created_at))
        where: JsonObject = {"chain": event.chain, "block": event.block_number, "transaction": event.tx_hash}
        written = self._decide(group, row, REGISTERED, where)
        return ActLeaves(
            log_id=row.log_id,
            request_record=row.record_id,
            request_index=row.leaf_index,
            outcome_record=written.record_id,
            outcome_index=written.leaf.index,
        )

    def refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """It will not happen: the contract says no, or nobody signed in time, or it was taken back."""
        row = repository.act_of_record(group.session, transaction.record_id or "")
        if row is None or row.state != repository.REQUESTED:
            return
        row.reason = dict(transaction.reason or {"error": reason, "args": {}})
        self._decide(group, row, REFUSED, {"reason": reason or "refused", "refusal": json_safe(row.reason)})

    def prepared(self, session: Session, transaction: TxView) -> Mapping[str, Any] | None:
        """No further arguments; None while an earlier act about one of its accounts is on its way in another queue."""
        row = repository.act_of_operation(session, transaction.operation_id or "")
        if row is None:
            return {}
        if row.name in _ENTERING and transaction.queue != queue_of(row.about):
            # of a list: nothing but its own group matters, where accounts come before units, whatever is signed first
            return None if self._parts.transactions.unfinished_before(session, row.operation_id) else {}
        act = act_of(row.struct, row.message)
        about = {*accounts_of(act), *securities_of(act)} - {row.about}
        for earlier in repository.undecided_keys(session, self._parts.chain, about, before=row.id):
            states = self._parts.transactions.states(session, earlier)
            if any(state != OperationState.NEEDS_AUTHORISATION for state in states.values()):
                return None
        return {}

    def _agreed(self, session: Session, row: ActRow) -> list[JsonValue]:
        """Who signed in which role, and when their signature came here."""
        needs = self._parts.transactions.get_operation(session, row.operation_id).needs
        signed = [(each.role, each.signer, each.signed_at) for each in needs if each.signer and each.signed_at]
        return [{"role": role, "signer": signer, "at": rfc3339(at)} for role, signer, at in signed]

    def _decide(self, group: Group, row: ActRow, state: str, said: JsonObject) -> Written:
        phase = Phase.REGISTERED if state == REGISTERED else Phase.REFUSED
        body: JsonObject = {"request": to_hex(row.leaf_hash), **said, "agreed": self._agreed(group.session, row)}
        entry = Entry(name=row.name, about=row.about, actor=row.actor_id, body=body)
        written = self._parts.stream.act(group, entry, phase)
        row.state, row.outcome_record, row.decided_at = state, written.record_id, group.now_ms
        group.session.flush()
        return written


def gas_at_most(function: str, args: Mapping[str, Any]) -> int | None:
    """Of the acts that list many holders, who are new and so cost the most: their gas grows with the list alone."""
    each = _GAS_EACH.get(function)
    return None if each is None else _GAS_ONCE + each * len(args["investors"])


def explained(session: Session, row: ActRow) -> RuleRefused | None:
    """The rule behind a contract's no, with its source and numbers; None where there is none (expired, cancelled)."""
    if row.reason is None:
        return None
    security = book.security(session, row.chain, row.about)
    try:
        arguments = {name: _revived(value) for name, value in row.reason.get("args", {}).items()}
        error, basis = str(row.reason.get("error")), security.basis if security else ""
        return refusal(error, arguments, basis=basis, act=row.name)
    except KeyError:
        return None


def _revived(value: Any) -> Any:
    is_bytes = isinstance(value, str) and value.startswith("0x") and len(value) in (_PSEUDONYM, 66)
    return bytes.fromhex(value[2:]) if is_bytes else value
