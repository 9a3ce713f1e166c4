"""The acts (登记事项) of the register, each named as the struct that its parties sign (docs/spec/register.md).

The fields are the struct's, commitment, leaf, nonce and deadline left out. Times are Unix seconds, days day numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from services.register.rules.values import Id, Kind, Reason, State, Terms

__all__ = [
    "Act",
    "AdmitSecurity",
    "ChangeTerms",
    "IssueUnits",
    "OpenInvestor",
    "OpenSecurity",
    "RecountPosition",
    "SetAddend",
    "SetSecurityState",
    "SetSuitability",
    "TransferUnits",
    "message",
]


@dataclass(frozen=True, slots=True)
class OpenInvestor:
    """Opens an investor's account (开户) under its pseudonym."""

    investor: Id
    kind: Kind
    suitable_until: int
    addend: int


@dataclass(frozen=True, slots=True)
class SetSuitability:
    """Until when the investor has proven to be suitable (适当性)."""

    investor: Id
    until: int


@dataclass(frozen=True, slots=True)
class SetAddend:
    """How many holders stand behind the investor (穿透人数)."""

    investor: Id
    addend: int


@dataclass(frozen=True, slots=True)
class OpenSecurity:
    """Opens a security for its first registration (初始登记)."""

    security: Id
    issuer: Id
    issuer_region: int
    terms: Terms


@dataclass(frozen=True, slots=True)
class ChangeTerms:
    """Changes what a security's terms are (变更要素)."""

    security: Id
    terms: Terms


@dataclass(frozen=True, slots=True)
class AdmitSecurity:
    """Ends the first registration: custody begins (托管)."""

    security: Id
    capital: int


@dataclass(frozen=True, slots=True)
class SetSecurityState:
    """Suspends, takes up again, exits (暂停、恢复、退出)."""

    security: Id
    state: State


@dataclass(frozen=True, slots=True)
class IssueUnits:
    """New units (发行): one entry for each investor, in order."""

    security: Id
    investors: tuple[Id, ...]
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TransferUnits:
    """Free units go from one holder to another (过户)."""

    security: Id
    giver: Id
    taker: Id
    units: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class RecountPosition:
    """Counts a position with the addend that its holder has now."""

    security: Id
    investor: Id


Act = (
    OpenInvestor
    | SetSuitability
    | SetAddend
    | OpenSecurity
    | ChangeTerms
    | AdmitSecurity
    | SetSecurityState
    | IssueUnits
    | TransferUnits
    | RecountPosition
)

_NAMES = {"giver": "from", "taker": "to"}


def message(act: Act) -> dict[str, object]:
    """The members of the struct by their names in the typed data and in the ABI; terms stand on their own."""
    return dict(_members(act))


def _members(act: Act | Terms) -> Iterator[tuple[str, object]]:
    for field in fields(act):
        value = getattr(act, field.name)
        if isinstance(value, Terms):
            yield from _members(value)
        else:
            head, *rest = _NAMES.get(field.name, field.name).split("_")
            yield head + "".join(word.title() for word in rest), value
