"""Steps of operations and transactions.

The row, its operation and the history line move together, in the caller's transaction.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.platform import metrics
from services.transactions import repository
from services.transactions.models import AuthorisationRow, OperationEventRow, OperationRow, TransactionRow
from services.transactions.needs import load
from services.transactions.rules import (
    OPERATION_MOVES,
    OPERATION_OF,
    TRANSACTION_MOVES,
    OperationState,
    TransactionState,
    move,
)
from services.transactions.views import HistoryLine, NeedView, OperationView, TxView

__all__ = ["advance", "end_operation", "ended_view", "note", "note_on", "operation_view", "transaction_view"]

_COUNTED = {"preparation": "simulation", "simulation": "simulation", "chain": "reverted"}


def note(
    session: Session, operation: OperationRow, action: str, now_ms: int, detail: Mapping[str, Any] | None = None
) -> None:
    """Adds a line to the history; the same action with the same detail again is counted on the last line."""
    operation.updated_at = now_ms
    last = repository.last_event(session, operation.id)
    if last is not None and last.action == action and last.detail == dict(detail or {}):
        last.count += 1
        last.last_at = now_ms
        return
    line = OperationEventRow(operation_id=operation.id, action=action, state=operation.state, detail=dict(detail or {}))
    line.count, line.first_at, line.last_at = 1, now_ms, now_ms
    repository.add(session, line)


def note_on(
    session: Session, row: TransactionRow, action: str, now_ms: int, detail: Mapping[str, Any] | None = None
) -> None:
    """Adds a line to the history of the transaction's operation, where it has one."""
    operation = _operation_of(session, row)
    if operation is not None:
        note(session, operation, action, now_ms, detail)


def advance(
    session: Session,
    row: TransactionRow,
    state: TransactionState,
    *,
    action: str,
    now_ms: int,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Moves a transaction, and its operation with it. IllegalMove when the tables do not allow it."""
    row.state = move(TRANSACTION_MOVES, TransactionState(row.state), state)
    row.updated_at = now_ms
    operation = _operation_of(session, row)
    if operation is not None and state in OPERATION_OF:
        wanted = OPERATION_OF[state]
        if operation.state != wanted:
            operation.state = move(OPERATION_MOVES, OperationState(operation.state), wanted)
        operation.reason = row.reason
        note(session, operation, action, now_ms, detail)
    if state is TransactionState.REFUSED and row.reason is not None:
        metrics.TX_REJECTED.labels(_COUNTED[row.reason["stage"]]).inc()


def end_operation(
    session: Session, operation: OperationRow, state: OperationState, reason: dict[str, Any], now_ms: int
) -> TxView:
    """Ends an operation for which nothing was signed (expired, cancelled).

    And withdraws its transaction if it has one.
    """
    operation.state = move(OPERATION_MOVES, OperationState(operation.state), state)
    operation.reason = reason
    note(session, operation, state.value, now_ms, reason)
    row = repository.transaction_of(session, operation.id)
    if row is not None:
        row.reason = reason
        advance(session, row, TransactionState.WITHDRAWN, action="withdrawn", now_ms=now_ms)
    return ended_view(operation, row)


def ended_view(operation: OperationRow, row: TransactionRow | None) -> TxView:
    """What a refusal handler sees of an operation, with its transaction if it got one."""
    return _without_transaction(operation) if row is None else transaction_view(row, operation)


def transaction_view(row: TransactionRow, operation: OperationRow | None) -> TxView:
    """What handlers and readers see of a transaction."""
    return TxView(
        id=row.id,
        chain=row.chain,
        contract=row.contract,
        function=row.function,
        args=row.args,
        purpose=row.purpose,
        reference=row.reference,
        queue=row.queue,
        state=row.state,
        operation_id=row.operation_id,
        record_id=operation.record_id if operation else None,
        institution_id=operation.institution_id if operation else None,
        nonce=row.nonce,
        tx_hash=row.tx_hash,
        block_number=row.block_number,
        block_hash=row.block_hash,
        reason=row.reason,
    )


def _without_transaction(operation: OperationRow) -> TxView:
    return TxView(
        id=None,
        chain=operation.chain,
        contract=operation.contract,
        function=operation.function,
        args=operation.args,
        purpose=operation.kind,
        reference=operation.reference,
        queue=operation.queue,
        state=operation.state,
        operation_id=operation.id,
        record_id=operation.record_id,
        institution_id=operation.institution_id,
        reason=operation.reason,
    )


def operation_view(
    row: OperationRow,
    transaction: TransactionRow | None,
    history: list[OperationEventRow],
    signed: list[AuthorisationRow],
) -> OperationView:
    """What readers see of an operation."""
    needs = _needs(row, signed)
    return OperationView(
        id=row.id,
        kind=row.kind,
        state=row.state,
        chain=row.chain,
        contract=row.contract,
        function=row.function,
        args=row.args,
        typed_data=row.typed_data,
        signers=tuple(row.signers) if row.needs is None else _awaited(needs),
        needs=needs,
        deadline=row.deadline,
        institution_id=row.institution_id,
        record_id=row.record_id,
        reference=row.reference,
        queue=row.queue,
        reason=row.reason,
        created_at=row.created_at,
        updated_at=row.updated_at,
        transaction=transaction_view(transaction, row) if transaction else None,
        history=tuple(
            HistoryLine(line.action, line.state, line.detail, line.count, line.first_at, line.last_at)
            for line in history
        ),
    )


def _needs(row: OperationRow, signed: list[AuthorisationRow]) -> tuple[NeedView, ...]:
    by_place = {place: one for one in reversed(signed) for place in one.meets}
    return tuple(
        NeedView(
            role=need.role,
            any_of=need.any_of,
            region=need.region,
            signer=by_place[place].signer if place in by_place else None,
            signed_at=by_place[place].created_at if place in by_place else None,
        )
        for place, need in enumerate(load(row.needs or []))
    )


def _awaited(needs: tuple[NeedView, ...]) -> tuple[str, ...]:
    """The addresses that may still sign; nobody named when one of the missing needs names nobody."""
    waits = [each for each in needs if each.signer is None]
    if not all(each.any_of for each in waits):
        return ()
    return tuple(dict.fromkeys(one for each in waits for one in each.any_of))


def _operation_of(session: Session, row: TransactionRow) -> OperationRow | None:
    return None if row.operation_id is None else repository.lock_operation(session, row.operation_id)
