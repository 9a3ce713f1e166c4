"""Operations of an older database whose outcome a recovered log tells: ended as they ended, and never sent again.

What was signed with a nonce stays as it is: its bytes are on the chain or void, and the manager finds out which.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Unavailable
from services.transactions import cursor, repository, steps
from services.transactions.handlers import Handlers
from services.transactions.indexer import Indexer, LogsMissing
from services.transactions.models import AuthorisationRow, OperationRow, TransactionRow
from services.transactions.ports import Chain
from services.transactions.rules import ENDED, OperationState, TransactionState
from services.transactions.views import Fence, Units

__all__ = ["Ended", "Lost", "known_leaves", "reread", "restore", "settle"]

_OPEN = frozenset(OperationState) - ENDED
_PAGE = 1_000
_PATIENCE = 20  # readings that bring nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """An operation as a record tells of it. ``needs`` as a row keeps them; ``deadline`` in Unix seconds."""

    id: str
    kind: str
    chain: str
    contract: str
    function: str
    args: Mapping[str, Any]
    needs: Sequence[Mapping[str, Any]]
    institution_id: str
    record_id: str
    reference: str
    queue: str
    created_at: int
    deadline: int


@dataclass(frozen=True, slots=True)
class Ended:
    """When an operation ended (UTC milliseconds), and why if it was not fulfilled.

    ``agreed``: (role, signer, when) of each signature that is known; the signatures themselves are on the chain.
    """

    at: int
    reason: Mapping[str, Any] | None
    agreed: Sequence[tuple[str, str, int]] = ()


def restore(session: Session, lost: Lost, ended: Ended | None) -> None:
    """Puts back an operation that the database does not have, ended as the log tells.

    One that did not end waits without anything to sign: its nonce and signatures are gone. What was sent for it may
    still be mined, and decides it; else it expires, or its author takes it back.
    """
    if repository.operation(session, lost.id) is not None:
        return
    row = OperationRow(id=lost.id, kind=lost.kind, state=OperationState.NEEDS_AUTHORISATION, queue=lost.queue)
    row.chain, row.contract, row.function, row.args = lost.chain, lost.contract, lost.function, dict(lost.args)
    row.typed_data, row.signers, row.needs = None, [], [dict(each) for each in lost.needs]
    row.deadline, row.institution_id, row.record_id = lost.deadline, lost.institution_id, lost.record_id
    row.reference, row.reason, row.created_at = lost.reference, None, lost.created_at
    row.updated_at = lost.created_at
    if ended is not None:
        row.reason = None if ended.reason is None else dict(ended.reason)
        row.state = OperationState.FINAL if ended.reason is None else _way_out(ended.reason)
    repository.add(session, row)
    steps.note(session, row, "recovered", ended.at if ended else lost.created_at, {"from": "log"})
    _signed(session, row, ended.agreed if ended else ())
    session.flush()


def _signed(session: Session, row: OperationRow, agreed: Sequence[tuple[str, str, int]]) -> None:
    roles = [str(each["role"]) for each in row.needs or ()]
    for signer in dict.fromkeys(each[1] for each in agreed):
        by = [(roles.index(role), at) for role, one, at in agreed if one == signer and role in roles]
        signed = AuthorisationRow(operation_id=row.id, signer=signer, meets=[place for place, _ in by])
        signed.signature = signed.digest = b""
        signed.created_at = min((at for _, at in by), default=row.updated_at)
        repository.add(session, signed)


def _way_out(reason: Mapping[str, Any]) -> OperationState:
    found = {each.value: each for each in (OperationState.EXPIRED, OperationState.CANCELLED)}
    return found.get(str(reason.get("stage")), OperationState.REFUSED)


def known_leaves(session: Session) -> set[str]:
    """The ``requested`` leaves (0x hex) of all operations there are."""
    return {str(row.args.get("leaf")) for row in _operations(session, ())}


def settle(session: Session, outcomes: Mapping[str, tuple[bool, str]], now_ms: int) -> list[str]:
    """Ends open operations by their leaf (0x hex): (whether it was fulfilled, where or why). Their ids."""
    ended = []
    for row in _operations(session, _OPEN):
        outcome = outcomes.get(str(row.args.get("leaf")))
        if outcome is not None:
            _end(session, row, *outcome, now_ms)
            ended.append(row.id)
    return ended


def _end(session: Session, row: OperationRow, fulfilled: bool, detail: str, now_ms: int) -> None:  # noqa: FBT001
    row.state = OperationState.FINAL if fulfilled else OperationState.REFUSED
    row.reason = None if fulfilled else {"error": "Recovered", "args": {"reason": detail}, "stage": "chain"}
    steps.note(session, row, "recovered", now_ms, {"from": "log", "outcome": detail})
    transaction = repository.transaction_of(session, row.id)
    if transaction is not None:
        _end_transaction(transaction, row, detail if fulfilled else "", now_ms)
    session.flush()


def _end_transaction(transaction: TransactionRow, row: OperationRow, tx_hash: str, now_ms: int) -> None:
    """Not by the table of moves: what lies between happened, and the database forgot it."""
    fulfilled = row.state == OperationState.FINAL
    transaction.state = TransactionState.FINAL if fulfilled else TransactionState.REFUSED
    transaction.tx_hash, transaction.reason, transaction.updated_at = tx_hash or None, row.reason, now_ms


def _operations(session: Session, states: Collection[OperationState]) -> list[OperationRow]:
    found: list[OperationRow] = []
    after: str | None = None
    while page := repository.operations(session, institution_id=None, after=after, limit=_PAGE, states=states):
        found += page
        after = page[-1].id
    return found


def reread(
    chain: Chain,
    database: Database,
    *,
    clock: Clock,
    units: Units,
    fence: Fence,
    handlers: Handlers,
    until: int,
    progress: Callable[[int], None] = lambda _block: None,
) -> None:
    """Hands on the events up to the block ``until`` that this database has not handled. ChainError, Unavailable."""
    indexer = Indexer(chain, database, clock=clock, units=units, fence=fence, handlers=handlers, until=until)
    listeners = handlers.listeners(chain.name, chain.contracts())
    idle = 0
    while idle < _PATIENCE:
        with database.read() as session:
            reached = cursor.scanned(session, chain.name, listeners)
        if reached is None or reached >= until:
            return
        progress(reached)
        with suppress(LogsMissing):
            indexer.tick()
        with database.read() as session:
            idle = 0 if cursor.scanned(session, chain.name, listeners) != reached else idle + 1
    raise Unavailable("chain-behind", f"The chain {chain.name} does not show its blocks up to {until}.")
