"""What this context asks of a chain (:class:`chain.client.ChainClient` answers) and of a signing key."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chain.client import Block, RawLog, Receipt
from services.transactions.rules import Quote

__all__ = ["Block", "Chain", "RawLog", "Receipt", "Signed", "Signer"]


@dataclass(frozen=True, slots=True)
class Signed:
    """Raw bytes and their hash (0x hex)."""

    raw: bytes
    hash: str


class Chain(Protocol):
    """One chain, as its newest state is seen through an endpoint.

    Every method that asks it may raise a ChainError (try later); ``gas`` and ``call`` also RevertError (the contract's
    no).
    """

    @property
    def name(self) -> str:
        """As in the settings."""
        ...

    @property
    def chain_id(self) -> int:
        """EIP-155."""
        ...

    @property
    def first_block(self) -> int:
        """The lowest block in which one of the contracts was deployed."""
        ...

    def contracts(self) -> Sequence[str]:
        """Names of the contracts deployed there."""
        ...

    def address(self, contract: str) -> str:
        """Checksummed."""
        ...

    def abi(self, contract: str) -> Sequence[dict[str, Any]]:
        """The JSON ABI."""
        ...

    def head(self) -> int:
        """Number of the newest block."""
        ...

    def final(self) -> int:
        """Number of the newest block that is final by the chain's rule."""
        ...

    def block(self, number: int, *, transactions: bool = False) -> Block | None:
        """By number; None when the endpoint has none such."""
        ...

    def logs(self, first: int, last: int) -> list[RawLog]:
        """Of our contracts, from ``first`` to ``last`` inclusive."""
        ...

    def receipts(self, hashes: Sequence[str]) -> dict[str, Receipt]:
        """Those that exist, by hash."""
        ...

    def nonce(self, address: str, *, pending: bool = False) -> int:
        """The next after the newest block; with ``pending``, after the endpoint's pool."""
        ...

    def gas(self, sender: str, to: str, data: bytes) -> int:
        """Runs the call on the newest state: its gas."""
        ...

    def call(self, to: str, data: bytes, *, sender: str | None = None, gas: int | None = None) -> bytes:
        """``eth_call`` on the newest state, with so much gas where it is given."""
        ...

    def market(self) -> Quote:
        """Fees that get a transaction mined now."""
        ...

    def send(self, raws: Sequence[bytes]) -> list[str | None]:
        """In order, in one batch; per transaction None or the node's error message."""
        ...


class Signer(Protocol):
    """The gateway's account. One instance, one process: the nonce sequence is in the database."""

    @property
    def address(self) -> str:
        """Checksummed."""
        ...

    def sign(self, transaction: dict[str, Any]) -> Signed:
        """EIP-1559 raw bytes."""
        ...
