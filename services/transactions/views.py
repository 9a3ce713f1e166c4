"""What the context shows to others: values without a session behind them, and the few things it needs from them."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from services.platform.errors import RuleRefused

__all__ = [
    "BlockHandler",
    "ChainEvent",
    "Check",
    "EventHandler",
    "Fence",
    "GasBound",
    "Group",
    "HistoryLine",
    "NeedView",
    "OperationView",
    "Preparation",
    "RefusalHandler",
    "TxView",
    "Units",
]

T = TypeVar("T")


class Group(Protocol):
    """The sequencer's group transaction, as far as this context uses it.

    Handlers get the real one, with ``append`` for leaves.
    """

    @property
    def session(self) -> Session:
        """The group's transaction."""
        ...

    @property
    def now_ms(self) -> int:
        """The group's time."""
        ...


class Units(Protocol):
    """The sequencer: runs a unit in a savepoint of its next group; the future resolves after the durable commit."""

    def submit(self, unit: Callable[[Any], T]) -> Future[T]:
        """Runs ``unit(group)``."""
        ...


class Fence(Protocol):
    """Raises LeaseLost inside a write transaction when this process is no longer the writer."""

    def __call__(self, session: Session) -> None:
        """Checks."""
        ...


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """A decoded log of a final block. ``args``: by the ABI's names; integers, ``bytes``, checksummed addresses, text.

    ``log_index_in_block`` counts over the block, ``transaction_index`` too; hashes are 0x hex.
    """

    chain: str
    contract: str
    name: str
    args: dict[str, Any]
    block_number: int
    block_hash: str
    block_time: int
    tx_hash: str
    transaction_index: int
    log_index_in_block: int


@dataclass(frozen=True, slots=True)
class TxView:
    """A transaction, or an operation that ended before it had one (``id`` is None then)."""

    id: str | None
    chain: str
    contract: str
    function: str
    args: dict[str, Any]
    purpose: str
    reference: str | None
    queue: str
    state: str
    operation_id: str | None
    record_id: str | None
    institution_id: str | None
    nonce: int | None = None
    tx_hash: str | None = None
    block_number: int | None = None
    block_hash: str | None = None
    reason: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One line of an operation's history.

    ``count`` > 1 when the action was repeated between ``first_at`` and ``last_at`` (ms).
    """

    action: str
    state: str
    detail: dict[str, Any]
    count: int
    first_at: int
    last_at: int


@dataclass(frozen=True, slots=True)
class NeedView:
    """A signature that an operation needs (:class:`services.transactions.needs.Need`), and who gave it, when (ms)."""

    role: str
    any_of: tuple[str, ...]
    region: int | None
    signer: str | None
    signed_at: int | None


@dataclass(frozen=True, slots=True)
class OperationView:
    """A command that touches a chain, with everything that happened to it so far.

    ``signers``: who may (still) sign, nobody when the contract decides; ``needs``: of an operation that takes several
    signatures, each of them; ``reason`` tells why it was refused or ended.
    """

    id: str
    kind: str
    state: str
    chain: str
    contract: str
    function: str
    args: dict[str, Any]
    typed_data: dict[str, Any] | None
    signers: tuple[str, ...]
    needs: tuple[NeedView, ...]
    deadline: int | None
    institution_id: str | None
    record_id: str | None
    reference: str | None
    queue: str
    reason: dict[str, Any] | None
    created_at: int
    updated_at: int
    transaction: TxView | None
    history: tuple[HistoryLine, ...]


EventHandler = Callable[[Any, ChainEvent], None]
BlockHandler = Callable[[Any, Sequence[ChainEvent]], None]
RefusalHandler = Callable[[Any, TxView, str], None]
Check = Callable[[Session, str], RuleRefused | None]
"""``check(session, operation_id)``: the rule that stops an operation by now, if one does."""
GasBound = Callable[[str, Mapping[str, Any]], int | None]
"""How much gas a function takes at the most with these arguments, as far as it is known."""
Preparation = Callable[[Session, TxView], Mapping[str, Any] | None]
"""Arguments that a transaction gets only when it is signed; none for nothing more, None for "not yet"."""
