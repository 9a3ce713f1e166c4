"""What was on its way to a chain that is gone (链纪元) ends: nobody will ever say what became of it there."""

from collections.abc import Collection
from functools import partial
from typing import Any

from services.platform.database import Database
from services.platform.errors import Unavailable
from services.platform.logging import get_logger
from services.transactions import repository, steps
from services.transactions.handlers import Handlers
from services.transactions.models import TransactionRow
from services.transactions.rules import ENDED, UNFINISHED, OperationState, TransactionState
from services.transactions.views import Units

__all__ = ["Retirement"]

_UNIT_SECONDS = 60
_PAGE = 100
_log = get_logger("transactions")


class Retirement:
    """The job. ``chains``: those there are; whatever waits for another one is cancelled, and its author hears of it."""

    def __init__(self, database: Database, units: Units, handlers: Handlers, *, chains: Collection[str]) -> None:
        self._database = database
        self._units = units
        self._handlers = handlers
        self._chains = chains

    def run(self) -> None:
        """Ends one page of operations, then of the gateway's own transactions."""
        with self._database.read() as session:
            operations = repository.stranded_operations(session, self._chains, ENDED, _PAGE)
            own = repository.stranded_transactions(session, self._chains, UNFINISHED, _PAGE)
        try:
            for operation_id in operations:
                self._units.submit(partial(self._end, operation_id)).result(_UNIT_SECONDS)
            for transaction_id in own:
                self._units.submit(partial(self._withdraw, transaction_id)).result(_UNIT_SECONDS)
        except Unavailable as error:  # a log that is not checked takes no outcome yet
            _log.info("retirement_waits", reason=str(error))

    def _end(self, operation_id: str, group: Any) -> None:
        transaction = repository.transaction_of(group.session, operation_id)  # first, as everywhere
        row = repository.lock_operation(group.session, operation_id)
        if row is None or row.state in ENDED:
            return
        # beside the tables of moves: nobody can say any more whether signed bytes were mined, and it no longer matters
        row.state, row.reason = OperationState.CANCELLED, _reason(row.chain)
        steps.note(group.session, row, "chain-lost", group.now_ms, row.reason)
        if transaction is not None:
            _withdraw(transaction, group.now_ms)
        handler = self._handlers.refusal(row.kind)
        if handler is not None:
            handler(group, steps.ended_view(row, transaction), "the chain was lost")

    def _withdraw(self, transaction_id: str, group: Any) -> None:
        row = repository.lock_transaction(group.session, transaction_id)
        if row is not None and row.state in UNFINISHED:
            _withdraw(row, group.now_ms)


def _withdraw(row: TransactionRow, now_ms: int) -> None:
    row.state, row.reason, row.updated_at = TransactionState.WITHDRAWN, _reason(row.chain), now_ms


def _reason(chain: str) -> dict[str, Any]:
    return {"error": "ChainLost", "args": {"chain": chain}, "stage": "chain-lost"}
