"""Operations that end off the chain (链下事项): signed as all others are, carried out by the context that asked.

They name the contract in whose domain they are signed, and no function: nothing is sent for them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.transactions import repository, steps
from services.transactions.models import OperationRow
from services.transactions.needs import Need, load
from services.transactions.rules import OPERATION_MOVES, OperationState, move
from services.transactions.views import TxView

__all__ = ["Signature", "Signed", "finish", "look", "refuse", "signed", "take"]


@dataclass(frozen=True, slots=True)
class Signature:
    """``signer`` checksummed; ``role``: in which it signed."""

    role: str
    signer: str
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """An operation that waits to be carried out. ``leaf`` (0x hex): of the record that asked for it.

    ``needs``: whose signatures its row says that it takes.
    """

    id: str
    chain: str
    record_id: str
    institution_id: str
    leaf: str
    typed_data: Mapping[str, Any]
    needs: tuple[Need, ...]
    signatures: tuple[Signature, ...]


def signed(session: Session, kind: str, limit: int) -> list[str]:
    """Ids of the operations of this kind that have every signature, the oldest first."""
    return repository.signed_operations(session, kind, limit)


def take(session: Session, operation_id: str) -> Signed | None:
    """Locks it. None when it no longer waits: it was done, or it has ended."""
    row = repository.lock_operation(session, operation_id)
    return None if row is None else _signed(session, row)


def look(session: Session, operation_id: str) -> Signed | None:
    """The same without a lock."""
    row = repository.operation(session, operation_id)
    return None if row is None else _signed(session, row)


def _signed(session: Session, row: OperationRow) -> Signed | None:
    if row.state != OperationState.QUEUED or row.function:
        return None
    needs = load(row.needs or ())
    given = repository.authorisations(session, [row.id])[row.id]
    return Signed(
        id=row.id,
        chain=row.chain,
        record_id=str(row.record_id),
        institution_id=str(row.institution_id),
        leaf=str(row.args["leaf"]),
        typed_data=row.typed_data or {},
        needs=needs,
        signatures=tuple(
            Signature(needs[place].role, one.signer, one.signature) for one in given for place in one.meets
        ),
    )


def finish(session: Session, operation_id: str, now_ms: int) -> None:
    """It was carried out, in this transaction."""
    row = repository.lock_operation(session, operation_id)
    if row is not None:
        row.state = move(OPERATION_MOVES, OperationState(row.state), OperationState.FINAL)
        steps.note(session, row, "done", now_ms)


def refuse(session: Session, operation_id: str, reason: dict[str, Any], now_ms: int) -> TxView | None:
    """It cannot be carried out any more, and why. None when it no longer waits."""
    row = repository.lock_operation(session, operation_id)
    if row is None or row.state != OperationState.QUEUED:
        return None
    return steps.end_operation(session, row, OperationState.REFUSED, reason, now_ms)
