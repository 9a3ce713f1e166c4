"""What may follow what. Pure: no session, no clock, no chain.

operation    needs_authorisation → queued → submitted → mined → final (off the chain: queued → final)
                    │                │  ↑______↓ ↑______↓     │
                    └→ cancelled     └→ refused (simulation) ←┘ refused (reverted on chain)
                       expired          cancelled, expired

transaction  queued → signed → sent → mined → final | refused

Only when its chain is lost (链纪元) does whatever was on its way there end in between (:mod:`retiring`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from chain.proof.hashing import keccak256

__all__ = [
    "ENDED",
    "IN_FLIGHT",
    "OPERATION_MOVES",
    "OPERATION_OF",
    "TRANSACTION_MOVES",
    "UNFINISHED",
    "Answer",
    "Fees",
    "IllegalMove",
    "OperationState",
    "Quote",
    "TransactionState",
    "bloom_has",
    "bump",
    "classify",
    "free_nonces",
    "gas_limit",
    "is_stale",
    "move",
]


class OperationState(StrEnum):
    """Where a command stands, as its author sees it."""

    NEEDS_AUTHORISATION = "needs_authorisation"  # 待授权
    QUEUED = "queued"
    SUBMITTED = "submitted"
    MINED = "mined"
    FINAL = "final"
    REFUSED = "refused"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


class TransactionState(StrEnum):
    """Where a transaction stands.

    From ``signed`` on it has its nonce for good: its bytes are stored and may be on the wire.
    """

    QUEUED = "queued"
    SIGNED = "signed"
    SENT = "sent"
    MINED = "mined"
    FINAL = "final"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


_O = OperationState
_T = TransactionState

OPERATION_MOVES: Mapping[OperationState, frozenset[OperationState]] = {
    _O.NEEDS_AUTHORISATION: frozenset({_O.QUEUED, _O.EXPIRED, _O.CANCELLED}),
    _O.QUEUED: frozenset({_O.SUBMITTED, _O.FINAL, _O.REFUSED, _O.EXPIRED, _O.CANCELLED}),
    _O.SUBMITTED: frozenset({_O.MINED, _O.QUEUED}),  # back: its nonce went to a foreign transaction
    _O.MINED: frozenset({_O.FINAL, _O.REFUSED, _O.SUBMITTED}),  # back: a reorganisation took its block
    _O.FINAL: frozenset(),
    _O.REFUSED: frozenset(),
    _O.EXPIRED: frozenset(),
    _O.CANCELLED: frozenset(),
}

TRANSACTION_MOVES: Mapping[TransactionState, frozenset[TransactionState]] = {
    _T.QUEUED: frozenset({_T.SIGNED, _T.REFUSED, _T.WITHDRAWN}),
    _T.SIGNED: frozenset({_T.SENT, _T.MINED, _T.QUEUED}),
    _T.SENT: frozenset({_T.MINED, _T.QUEUED}),
    _T.MINED: frozenset({_T.FINAL, _T.REFUSED, _T.SENT}),
    _T.FINAL: frozenset(),
    _T.REFUSED: frozenset(),
    _T.WITHDRAWN: frozenset(),
}

OPERATION_OF: Mapping[TransactionState, OperationState] = {
    _T.QUEUED: _O.QUEUED,
    _T.SIGNED: _O.SUBMITTED,
    _T.SENT: _O.SUBMITTED,
    _T.MINED: _O.MINED,
    _T.FINAL: _O.FINAL,
    _T.REFUSED: _O.REFUSED,
}
"""The state a transaction gives its operation.

A withdrawn one ends as cancelled or expired, which its author decides.
"""

IN_FLIGHT = frozenset({_T.SIGNED, _T.SENT, _T.MINED})
UNFINISHED = IN_FLIGHT | {_T.QUEUED}
ENDED = frozenset({_O.FINAL, _O.REFUSED, _O.EXPIRED, _O.CANCELLED})

S = TypeVar("S", OperationState, TransactionState)


class IllegalMove(RuntimeError):
    """A programming error: somebody tried a step that the tables do not have."""


def move(table: Mapping[S, frozenset[S]], current: S, wanted: S) -> S:
    """``wanted`` when ``table`` lets it follow ``current``; IllegalMove otherwise."""
    if wanted not in table[current]:
        raise IllegalMove(f"{current} → {wanted}")
    return wanted


class Answer(StrEnum):
    """What a node said to raw bytes. Only a transport failure is an exception; each of these is an answer."""

    ACCEPTED = "accepted"
    KNOWN = "already-known"
    NONCE_TOO_LOW = "nonce-too-low"
    UNDERPRICED = "underpriced"
    NO_FUNDS = "insufficient-funds"
    REJECTED = "rejected"


# Wording of geth, Besu, Nethermind, Erigon, anvil, Hardhat, Kaia and FISCO BCOS, in lower case.
_WORDS: tuple[tuple[Answer, tuple[str, ...]], ...] = (
    (
        Answer.KNOWN,
        ("already known", "known transaction", "already imported", "alreadyintxpool", "already exists", "alreadyknown"),
    ),
    (
        Answer.NONCE_TOO_LOW,
        (
            "nonce too low",
            "nonce_too_low",
            "noncecheckfail",
            "oldnonce",
            "nonce is too low",
            "nonce has already been used",
        ),
    ),
    (
        Answer.UNDERPRICED,
        (
            "underpriced",
            "less than block base fee",
            "lower than the current base fee",
            "gas price below",
            "gas price too low",
            "gas_price_too_low",
            "feetoolow",
        ),
    ),
    (
        Answer.NO_FUNDS,
        ("insufficient funds", "upfront cost exceeds", "upfront_cost_exceeds", "doesn't have enough funds"),
    ),
)


def classify(error: str | None) -> Answer:
    """The meaning of a node's error message for ``eth_sendRawTransaction``; None is acceptance."""
    if error is None:
        return Answer.ACCEPTED
    text = error.lower()
    for answer, words in _WORDS:
        if any(word in text for word in words):
            return answer
    return Answer.REJECTED


class Quote(Protocol):
    """What inclusion costs, in wei per gas (EIP-1559)."""

    @property
    def maximum(self) -> int:
        """The most that is paid."""
        ...

    @property
    def priority(self) -> int:
        """The tip within it."""
        ...


@dataclass(frozen=True, slots=True)
class Fees:
    """A quote of our own making."""

    maximum: int
    priority: int


def bump(old: Quote, market: Quote) -> Fees:
    """The fees of a same-nonce replacement.

    They are an eighth above ``old`` (nodes ask for a tenth), at least 1 wei, and never under ``market``.
    """

    def more(value: int) -> int:
        return value + max(1, -(-value // 8))

    priority = max(more(old.priority), market.priority)
    return Fees(max(more(old.maximum), market.maximum, priority), priority)


def gas_limit(estimate: int) -> int:
    """A quarter on top: between simulation and mining, other parties' storage may become dearer to touch."""
    return estimate + estimate // 4


def is_stale(*, now_ms: int, sent_ms: int | None, sends: int, base_ms: int) -> bool:
    """Whether bytes that were not seen mined should be sent (again).

    They should when never sent, or after a silence that doubles from ``base_ms`` to sixteen times it.
    """
    if sent_ms is None:
        return True
    return now_ms - sent_ms >= base_ms << min(max(sends - 1, 0), 4)


def free_nonces(floor: int, taken: frozenset[int], count: int) -> list[int]:
    """The ``count`` lowest nonces that were never given to a transaction, gaps first.

    ``floor`` is the account's next nonce on the chain.
    """
    found: list[int] = []
    nonce = floor
    while len(found) < count:
        if nonce not in taken:
            found.append(nonce)
        nonce += 1
    return found


def bloom_has(bloom: bytes, item: bytes) -> bool:
    """Whether a header's 2048-bit bloom may hold ``item``, an address or a topic (Ethereum yellow paper, 4.3.1).

    A no is certain.
    """
    digest = keccak256(item)
    bits = (int.from_bytes(digest[at : at + 2], "big") & 0x7FF for at in (0, 2, 4))
    return all(bloom[255 - bit // 8] >> (bit % 8) & 1 for bit in bits)
