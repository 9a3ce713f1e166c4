"""The door of the context. What writes takes the caller's session: rows, leaves and operations commit together."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chain.party import evm
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict, NotFound
from services.platform.ids import new_id
from services.transactions import cursor, repository, signatures, steps, typed
from services.transactions import needs as required
from services.transactions.cursor import Position
from services.transactions.encoding import Abi, calldata, json_safe
from services.transactions.handlers import Handlers, Listener
from services.transactions.models import AuthorisationRow, OperationRow, TransactionRow
from services.transactions.needs import Need
from services.transactions.ports import Chain
from services.transactions.rules import ENDED, OperationState, TransactionState
from services.transactions.signatures import CheckedSignature
from services.transactions.views import (
    BlockHandler,
    Check,
    EventHandler,
    GasBound,
    Group,
    OperationView,
    Preparation,
    RefusalHandler,
    TxView,
)

__all__ = ["Transactions"]


class Transactions:
    """Operations, authorisations, and the gateway's own transactions. Sending them is the manager's job."""

    def __init__(
        self, database: Database, clock: Clock, chains: Mapping[str, Chain], handlers: Handlers | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._chains = chains
        self._abis: dict[tuple[str, str], Abi] = {}
        self.handlers = handlers or Handlers()

    # --- wiring

    def on_event(
        self, contract: str, event: str, handler: EventHandler, *, chain: str | None = None, listener: str | None = None
    ) -> None:
        """Calls ``handler(group, event)`` once for each such event of a final block, in chain order.

        It begins at the deployment block, however late it is registered. ``listener`` names the cursor (default
        ``Contract.Event``); ``chain`` None means every chain that has the contract.
        """
        name = listener or f"{contract}.{event}"
        self.handlers.on_event(Listener(name, contract, (event,), chain, handler=handler))

    def on_block(
        self, contract: str, events: Collection[str], handler: BlockHandler, *, listener: str, chain: str | None = None
    ) -> None:
        """Calls ``handler(group, events)`` once for each final block that has any of these events, with all it has.

        In chain order, after those that are told single events; otherwise as :meth:`on_event`.
        """
        self.handlers.on_event(Listener(listener, contract, frozenset(events), chain, block=handler))

    def on_refused(self, purpose: str, handler: RefusalHandler) -> None:
        """Calls ``handler(group, transaction, reason)`` once when something ends unfulfilled.

        ``purpose`` is an operation's kind or a transaction's purpose; the end may be refused, expired or cancelled.
        """
        self.handlers.on_refused(purpose, handler)

    def on_prepare(self, purpose: str, hook: Preparation) -> None:
        """Calls ``hook(session, transaction)`` in the tick that signs a transaction of this purpose, before all others.

        It gives the arguments that could not be known earlier (a proof under the head that the transaction will meet),
        none when there are none, None when the transaction has to wait. It is asked again when the contract says no,
        and that no counts only if the answer is still the same.
        """
        self.handlers.on_prepare(purpose, hook)

    def on_check(self, kind: str, check: Check) -> None:
        """Asks ``check(session, operation_id)`` with each signature of an operation of this kind, and before sending.

        Its answer refuses the signature; before the sending, the operation for good, of a kind that has a preparation
        (:meth:`on_prepare`).
        """
        self.handlers.on_check(kind, check)

    def on_gas(self, purpose: str, bound: GasBound) -> None:
        """Asks ``bound(function, arguments)`` how much gas a transaction of this purpose takes at the most.

        The node then runs the call once with so much instead of searching for the least; should that fail, it searches.
        """
        self.handlers.on_gas(purpose, bound)

    def read_until(self, session: Session, chain: str, listener: str) -> int | None:
        """The last block that a listener to a chain has passed, as this session sees it; None before it began."""
        place = self.place_read(session, chain, listener)
        return None if place is None else place.block

    def place_read(self, session: Session, chain: str, listener: str) -> Position | None:
        """The same block with its hash and time."""
        return cursor.positions(session, chain).get(listener)

    # --- operations

    def typed_data(self, struct: str, message: Mapping[str, Any], chain: str, *, deadline: int) -> dict[str, Any]:
        """The document to sign for ``struct`` on ``chain``, with a fresh nonce.

        ``deadline`` in Unix seconds, inclusive.
        """
        port = self._chain(chain)
        contract = typed.struct_of(struct).contract
        domain = typed.Domain(contract, port.chain_id, port.address(contract))
        return typed.document(struct, message, domain, nonce=typed.new_nonce(), deadline=deadline)

    def create_operation(
        self,
        session: Session,
        *,
        kind: str,
        chain: str,
        contract: str,
        function: str,
        args: Mapping[str, Any],
        queue: str,
        typed_data: dict[str, Any] | None = None,
        signer_hint: str | Sequence[str] | None = None,
        needs: Sequence[Need] | None = None,
        institution_id: str | None = None,
        record_id: str | None = None,
        reference: str | None = None,
        operation_id: str | None = None,
    ) -> OperationView:
        """A new operation, queued, or waiting for its authorisation when it has ``typed_data`` (of :meth:`typed_data`).

        ``args`` are JSON-safe and named as in the ABI (members of structs may stand on their own). ``signer_hint``:
        who may sign, one or several addresses; None leaves the competence to the contract. ``needs`` in its place:
        the function takes ``auths``, and one signature is awaited for each need; none at all when it is empty.
        Without a ``function`` nothing is sent: it waits, signed, for who asked to carry it out (:mod:`local`).
        ``queue`` names the subject whose operations keep their order; ``operation_id`` is one that a record names.
        """
        now = self._clock.ms()
        row = OperationRow(id=operation_id or new_id("op", now), kind=kind, queue=queue)
        row.state = OperationState.NEEDS_AUTHORISATION
        row.chain, row.contract, row.function, row.args = chain, contract, function, json_safe(args)
        row.typed_data, row.signers = typed_data, _addresses(signer_hint)
        row.needs = None if needs is None else required.stored(needs)
        row.deadline = int(typed_data["message"]["deadline"]) if typed_data else None
        row.institution_id, row.record_id, row.reference = institution_id, record_id, reference
        row.created_at = row.updated_at = now
        repository.add(session, row)
        steps.note(session, row, "received", now)
        if typed_data is None or row.needs == []:
            row.state = OperationState.QUEUED
            self._queue(session, row, now)
        return self._view(session, row)

    def check_signature(self, operation_id: str, *, signer: str, signature: bytes) -> CheckedSignature:
        """Who signed, verified against the operation's typed data.

        It holds no transaction, for a contract wallet is asked on its chain (ERC-1271). NotFound; Conflict when the
        operation takes no authorisation; Forbidden for a signer who is not expected; Invalid for a wrong signature;
        Unavailable when only the chain could tell and it is away.
        """
        with self._database.read() as session:
            row = self._require(repository.operation(session, operation_id))
        if row.typed_data is None:
            raise Conflict("This operation needs no authorisation.", slug="operation-needs-no-authorisation")
        if row.chain not in self._chains:
            raise Conflict(f"The chain {row.chain} is gone, and the operation with it.", slug="chain-lost")
        return signatures.check(row, signer=signer, signature=signature, chain=self._chain(row.chain))

    def authorise(self, session: Session, checked: CheckedSignature) -> OperationView:
        """Stores a checked authorisation and queues the operation once it waits for no other.

        The same signature again changes nothing. Conflict when it is past its deadline, ended, authorised by another
        signature, or has all that this signer could give; RuleRefused where a check (:meth:`on_check`) objects.
        """
        now = self._clock.ms()
        row = self._require(repository.lock_operation(session, checked.operation_id))
        known = repository.authorisations(session, [row.id])[row.id]
        mine = next((one for one in known if one.signer == checked.signer), None)
        if mine is not None and mine.signature == checked.signature and set(checked.meets) <= set(mine.meets):
            return self._view(session, row)
        if row.state != OperationState.NEEDS_AUTHORISATION:
            raise Conflict(f"The operation is {row.state}; it takes no authorisation.", slug="operation-not-waiting")
        if row.deadline is not None and row.deadline < now // 1000:
            raise Conflict("The authorisation's deadline has passed.", slug="authorisation-expired")
        waits = self._missing(row, known)
        if row.needs is not None and not set(checked.meets) & set(waits):
            raise Conflict("Somebody has signed in this role already.", slug="authorisation-not-needed")
        objection = self.handlers.objection(session, row.kind, row.id)
        if objection is not None:
            raise objection
        authorisation = mine or AuthorisationRow(operation_id=row.id, signer=checked.signer)
        authorisation.signature, authorisation.digest, authorisation.created_at = checked.signature, checked.digest, now
        authorisation.meets = list(checked.meets)
        if mine is None:
            repository.add(session, authorisation)
        if row.needs is not None:
            roles = [row.needs[place]["role"] for place in checked.meets]
            steps.note(session, row, "authorised", now, {"signer": checked.signer, "roles": roles})
        if not self._missing(row, [*(one for one in known if one is not mine), authorisation]):
            row.state = OperationState.QUEUED
            self._queue(session, row, now)
        return self._view(session, row)

    def cancel(self, group: Group, operation_id: str, *, detail: str = "") -> OperationView:
        """Takes an operation back while nothing is signed for it, else Conflict; its refusal handler hears of it."""
        transaction = repository.transaction_of(group.session, operation_id)  # first, as the manager locks them
        row = self._require(repository.lock_operation(group.session, operation_id))
        waiting = row.state == OperationState.NEEDS_AUTHORISATION
        if not waiting and (transaction is None or transaction.state != TransactionState.QUEUED):
            raise Conflict(
                f"The operation is {row.state}; it can no longer be cancelled.", slug="operation-not-cancellable"
            )
        reason = {"error": "Cancelled", "args": {"detail": detail}, "stage": "cancelled"}
        view = steps.end_operation(group.session, row, OperationState.CANCELLED, reason, group.now_ms)
        handler = self.handlers.refusal(row.kind)
        if handler is not None:
            handler(group, view, "cancelled")
        return self._view(group.session, row)

    def get_operation(self, session: Session, operation_id: str) -> OperationView:
        """One operation with its history. NotFound; whose it is, the caller checks."""
        return self._view(session, self._require(repository.operation(session, operation_id)))

    def chains_of(self, session: Session, operation_ids: Collection[str]) -> Mapping[str, str]:
        """The chain of each operation that there is, of many at once."""
        return repository.chains_of(session, operation_ids)

    def get_operations(self, session: Session, ids: Collection[str]) -> dict[str, OperationView]:
        """Those of these that there are, by id."""
        rows = repository.operations_by_id(session, ids)
        return {view.id: view for view in self._views(session, rows)}

    def list_operations(
        self,
        session: Session,
        *,
        institution_id: str | None,
        after: str | None = None,
        limit: int = 50,
        states: Collection[str] = (),
    ) -> list[OperationView]:
        """Newest first, keyset by ``after`` (an operation id); every institution's when ``institution_id`` is None."""
        rows = repository.operations(session, institution_id=institution_id, after=after, limit=limit, states=states)
        return self._views(session, rows)

    @staticmethod
    def _views(session: Session, rows: Sequence[OperationRow]) -> list[OperationView]:
        ids = [row.id for row in rows]
        histories, signed = repository.events(session, ids), repository.authorisations(session, ids)
        sent = repository.transactions(session, ids)
        return [steps.operation_view(row, sent.get(row.id), histories[row.id], signed[row.id]) for row in rows]

    def states(self, session: Session, operation_ids: Collection[str]) -> dict[str, str]:
        """The state of each of these operations."""
        return repository.operation_states(session, operation_ids)

    def unfinished_before(self, session: Session, operation_id: str) -> bool:
        """Whether an operation of the same queue that was asked for earlier has not ended, be it unsigned."""
        return repository.unfinished_before(session, operation_id)

    def waiting(self, session: Session, chain: str) -> set[tuple[str, str]]:
        """(kind, reference) of the operations of ``chain`` that have not ended."""
        return repository.waiting_operations(session, chain, ENDED)

    # --- the gateway's own acts

    def enqueue(
        self,
        session: Session,
        *,
        chain: str,
        contract: str,
        function: str,
        args: Mapping[str, Any],
        purpose: str,
        queue: str,
        reference: str | None = None,
    ) -> str:
        """A transaction in the gateway's own name (an anchor 锚定); its id.

        It is sent when everything before it in ``queue`` has ended.
        """
        row = TransactionRow(chain=chain, contract=contract, function=function, args=json_safe(args))
        row.purpose, row.queue, row.reference = purpose, queue, reference
        return self._add_transaction(session, row, {})

    def supersede(self, session: Session, transaction_id: str) -> bool:
        """Withdraws a transaction of the gateway's own that is not signed yet. False when it is too late."""
        row = repository.lock_transaction(session, transaction_id)
        if row is None or row.operation_id is not None or row.state != TransactionState.QUEUED:
            return False
        row.reason = {"error": "Superseded", "args": {}, "stage": "superseded"}
        steps.advance(session, row, TransactionState.WITHDRAWN, action="superseded", now_ms=self._clock.ms())
        return True

    def get_transaction(self, session: Session, transaction_id: str) -> TxView | None:
        """A transaction by its id."""
        row = repository.transaction(session, transaction_id)
        if row is None:
            return None
        return steps.transaction_view(
            row, repository.operation(session, row.operation_id) if row.operation_id else None
        )

    def nonces(self, session: Session, transaction_ids: Collection[str]) -> dict[str, int]:
        """The nonces of those of these transactions that were signed."""
        return repository.nonces_of(session, transaction_ids)

    # --- inside

    @staticmethod
    def _missing(row: OperationRow, signed: Sequence[AuthorisationRow]) -> tuple[int, ...]:
        if row.needs is None:
            return () if signed else (0,)
        return required.missing(required.load(row.needs), (place for one in signed for place in one.meets))

    def _queue(self, session: Session, row: OperationRow, now: int) -> None:
        if not row.function:
            steps.note(session, row, "queued", now)
            return
        signed = repository.authorisations(session, [row.id])[row.id]
        transaction = TransactionRow(chain=row.chain, contract=row.contract, function=row.function, args=row.args)
        transaction.purpose, transaction.queue, transaction.reference = row.kind, row.queue, row.reference
        transaction.operation_id = row.id
        self._add_transaction(session, transaction, signatures.arguments(row, signed))
        detail = {"signer": signed[0].signer} if signed and row.needs is None else None
        steps.note(session, row, "queued", now, detail)

    def _add_transaction(self, session: Session, row: TransactionRow, signed: Mapping[str, Any]) -> str:
        now = self._clock.ms()
        is_late = self.handlers.preparation(row.purpose) is not None
        abi = self._abi(row.chain, row.contract)
        row.data = b"" if is_late else calldata(abi, row.function, {**row.args, **signed})
        row.id, row.state = new_id("tx", now), TransactionState.QUEUED
        row.created_at = row.updated_at = now
        repository.add(session, row)
        return row.id

    def _view(self, session: Session, row: OperationRow) -> OperationView:
        sent = repository.transactions(session, [row.id]).get(row.id)
        history, signed = repository.events(session, [row.id]), repository.authorisations(session, [row.id])
        return steps.operation_view(row, sent, history[row.id], signed[row.id])

    def _chain(self, name: str) -> Chain:
        return self._chains[name]

    def _abi(self, chain: str, contract: str) -> Abi:
        # Kept: a client may look for newer sources each time it is asked (0.1 s), and a running process has one set.
        key = (chain, contract)
        if key not in self._abis:
            self._abis[key] = self._chain(chain).abi(contract)
        return self._abis[key]

    @staticmethod
    def _require(row: OperationRow | None) -> OperationRow:
        if row is None:
            raise NotFound("There is no such operation.")
        return row


def _addresses(hint: str | Sequence[str] | None) -> list[str]:
    """Checksummed, as a list."""
    if hint is None:
        return []
    return [evm.checksummed(evm.parse_address(each)) for each in ([hint] if isinstance(hint, str) else hint)]
