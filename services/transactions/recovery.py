"""Operations of an older database whose outcome a recovered log tells: ended as they ended, and never sent again.

What was signed with a nonce stays as it is: its bytes are on the chain or void, and the manager finds out which.
"""

from collections.abc import Callable, Collection, Mapping
from contextlib import suppress

from sqlalchemy.orm import Session

from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Unavailable
from services.transactions import cursor, repository, steps
from services.transactions.handlers import Handlers
from services.transactions.indexer import Indexer, LogsMissing
from services.transactions.models import OperationRow, TransactionRow
from services.transactions.ports import Chain
from services.transactions.rules import ENDED, OperationState, TransactionState
from services.transactions.views import Fence, Units

__all__ = ["known_leaves", "reread", "settle"]

_OPEN = frozenset(OperationState) - ENDED
_PAGE = 1_000
_PATIENCE = 20  # readings that bring nothing


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
