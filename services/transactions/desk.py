"""What the parts of the transaction manager share for one chain, and its few settings."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import LeaseLost
from services.platform.logging import get_logger
from services.transactions import cursor, repository, steps
from services.transactions.handlers import Handlers
from services.transactions.models import TransactionRow
from services.transactions.ports import Chain, Signer
from services.transactions.rules import TransactionState
from services.transactions.views import Fence, Units

__all__ = ["Desk", "Policy"]

_UNIT_SECONDS = 60
_log = get_logger("transactions")


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in milliseconds, fees in wei per gas.

    ``stale_ms``: silence after which bytes are sent again (doubling); ``sends_before_bump``: how often before a
    replacement is signed; ``in_flight``: transactions signed and not final; ``max_fee``: no replacement is dearer.
    """

    stale_ms: int = 15_000
    sends_before_bump: int = 3
    in_flight: int = 256
    max_fee: int = 10**12
    look_back: int = 64
    blocks_per_search: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One chain, one signer, one database."""

    chain: Chain
    signer: Signer
    database: Database
    clock: Clock
    units: Units
    fence: Fence
    handlers: Handlers
    policy: Policy = field(default_factory=Policy)
    _abis: dict[str, Sequence[dict[str, Any]]] = field(default_factory=dict)

    def abi(self, contract: str) -> Sequence[dict[str, Any]]:
        """Kept: a client may look for newer sources each time it is asked, and a running process has one set."""
        if contract not in self._abis:
            self._abis[contract] = self.chain.abi(contract)
        return self._abis[contract]

    def write(self, act: Callable[[Session], Any]) -> Any:
        """Runs ``act`` in one fenced write transaction."""
        with self.database.write() as session:
            self.fence(session)
            return act(session)

    def scanned(self, session: Session) -> int | None:
        """The last block whose events are all handled; None when nobody listens."""
        listeners = self.handlers.listeners(self.chain.name, self.chain.contracts())
        return cursor.scanned(session, self.chain.name, listeners)

    @property
    def label(self) -> str:
        """The signer in metrics: one key may serve two chains, and has a nonce sequence on each."""
        return f"{self.chain.name}/{self.signer.address}"

    def target(self, row: TransactionRow) -> str:
        """The contract's address; a filler of a nonce gap goes to ourselves."""
        return self.chain.address(row.contract) if row.contract else self.signer.address

    def data(self, transaction_id: str) -> bytes:
        """What a transaction calls."""
        with self.database.read() as session:
            return repository.call_data(session, transaction_id)

    def settle(self, act: Callable[[Any], None], about: str) -> None:
        """Runs ``act(group)`` as a sequencer unit; what fails is logged and left for the next tick."""
        try:
            self.units.submit(act).result(_UNIT_SECONDS)
        except LeaseLost:
            raise
        except Exception as error:  # noqa: BLE001 (another context's fault must not stop every command)
            reason = type(error).__name__
            _log.warning("not_settled", chain=self.chain.name, about=about, reason=reason, exc_info=True)

    def refuse(self, transaction_id: str, expected: TransactionState, reason: Mapping[str, Any], text: str) -> None:
        """Ends a transaction as refused, together with what its refusal handler writes.

        Does nothing when it has moved on.
        """

        def unit(group: Any) -> None:
            row = repository.lock_transaction(group.session, transaction_id)
            if row is None or row.state != expected:
                return
            row.reason = dict(reason)
            steps.advance(
                group.session,
                row,
                TransactionState.REFUSED,
                action="refused",
                now_ms=group.now_ms,
                detail=row.reason,
            )
            self._tell(group, row, text)

        self.settle(unit, transaction_id)

    def _tell(self, group: Any, row: TransactionRow, text: str) -> None:
        handler = self.handlers.refusal(row.purpose)
        if handler is not None:
            operation = repository.operation(group.session, row.operation_id) if row.operation_id else None
            handler(group, steps.transaction_view(row, operation), text)
