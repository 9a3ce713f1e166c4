"""What this context asks of a chain and of a signing key. :class:`chain.client.ChainClient` stands behind the first (see ``gateway``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from services.transactions.rules import Fees

__all__ = ["Block", "Chain", "RawLog", "Receipt", "Signed", "Signer"]


@dataclass(frozen=True, slots=True)
class Block:
    """``transactions``: (hash, sender, nonce) in order; filled only when asked for."""

    number: int
    hash: str
    parent_hash: str
    timestamp: int
    bloom: bytes
    transactions: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """``ok``: executed; False: reverted."""

    tx_hash: str
    block_number: int
    block_hash: str
    ok: bool


@dataclass(frozen=True, slots=True)
class RawLog:
    """An undecoded event. ``log_index`` counts over the block."""

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    tx_hash: str
    transaction_index: int
    log_index: int


@dataclass(frozen=True, slots=True)
class Signed:
    """Raw bytes and their hash (0x hex)."""

    raw: bytes
    hash: str


class Chain(Protocol):
    """One chain. Every method may raise chain.errors.EndpointError (try later); ``gas`` and ``call`` also RevertError (the contract's no)."""

    @property
    def name(self) -> str: ...

    @property
    def chain_id(self) -> int: ...

    @property
    def first_block(self) -> int:
        """The lowest block in which one of the contracts was deployed."""
        ...

    def contracts(self) -> Sequence[str]: ...

    def address(self, contract: str) -> str: ...

    def abi(self, contract: str) -> Sequence[dict[str, Any]]: ...

    def head(self) -> int: ...

    def final(self) -> int: ...

    def block(self, number: int, *, transactions: bool = False) -> Block | None: ...

    def logs(self, first: int, last: int) -> list[RawLog]: ...

    def receipts(self, hashes: Sequence[str]) -> dict[str, Receipt]: ...

    def nonce(self, address: str, *, pending: bool = False) -> int: ...

    def gas(self, sender: str, to: str, data: bytes) -> int:
        """Runs the call on the newest state: its gas."""
        ...

    def call(self, to: str, data: bytes) -> bytes: ...

    def market(self) -> Fees: ...

    def send(self, raws: Sequence[bytes]) -> list[str | None]:
        """In order, in one batch; per transaction None or the node's error message."""
        ...


class Signer(Protocol):
    """The gateway's account. One instance, one process: the nonce sequence is in the database."""

    @property
    def address(self) -> str: ...

    def sign(self, transaction: dict[str, Any]) -> Signed: ...
