"""Which events of the register's contract are followed, and what each is about."""

from collections.abc import Mapping
from typing import Any

from services.platform.ids import from_bytes16
from services.transactions.encoding import json_safe
from services.transactions.views import ChainEvent

__all__ = [
    "ACTS",
    "FOLLOWED",
    "LIEN",
    "LOCKUP",
    "LOTS",
    "NOBODY",
    "OPENED",
    "OUTGOING",
    "POSITION",
    "account",
    "moment",
    "place",
    "said",
    "security",
]

NOBODY = bytes(32)
"""The leaf of what nobody asked for: a lien lapses by itself."""

OPENED = "LienOpened"
POSITION, LOTS, LIEN, LOCKUP = "PositionChanged", "LotsChanged", "LienChanged", "LockupChanged"
"""What is so from now on; the act that made it so follows in the same transaction."""
ACTS = (
    "SecurityOpened",
    "TermsChanged",
    "StateSet",
    "Issued",
    "Transferred",
    "Recounted",
    "CapExceeded",
    "InvestorOpened",
    "SuitabilitySet",
    "AddendSet",
    "LienOpened",
    "LienExtended",
    "LienLapsed",
    "Released",
    "PledgeRevoked",
    "Enforced",
    "PledgedTransferred",
    "EstateTransferred",
    "OfficerSet",
    "Confirmed",
    "BonusPaid",
    "Cancelled",
)
FOLLOWED = frozenset({POSITION, LOTS, LIEN, LOCKUP, *ACTS})
OUTGOING = frozenset({"Transferred", "Enforced", "PledgedTransferred", "EstateTransferred"})
"""Acts by which units leave a position for another."""
_EVIDENCE = ("commitment", "leaf")


def security(event: ChainEvent) -> str | None:
    """The security's id."""
    raw = event.args.get("security")
    return None if raw is None else from_bytes16("sec", raw)


def account(event: ChainEvent) -> str | None:
    """An investor's id."""
    raw = event.args.get("investor")
    return None if raw is None else from_bytes16("acc", raw)


def said(event: ChainEvent) -> Mapping[str, Any]:
    """Everything that an event says, JSON-safe, beside its evidence and what has a column."""
    columns = (*_EVIDENCE, "security", "investor", "number")
    rest: Mapping[str, Any] = json_safe({name: each for name, each in event.args.items() if name not in columns})
    return rest


def moment(event: ChainEvent) -> int:
    """When, in UTC milliseconds: the block's time."""
    return event.block_time * 1000


def place(event: ChainEvent) -> dict[str, Any]:
    """Where the event is on the chain, as rows hold it; who asked for it is not known yet."""
    return {
        "block_number": event.block_number,
        "log_index": event.log_index_in_block,
        "tx_hash": bytes.fromhex(event.tx_hash[2:]),
        "leaf": NOBODY,
    }
