"""The acts (登记事项) of the register, each named as the struct that its parties sign (docs/spec/register.md).

The fields are the struct's, commitment, leaf, nonce and deadline left out. Times are Unix seconds, days day numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields

from services.register.rules.values import NOBODY, Id, Kind, LienKind, Reason, State, Terms

__all__ = [
    "Act",
    "AdmitSecurity",
    "CancelUnits",
    "ChangeTerms",
    "ConfirmPositions",
    "EnforceLien",
    "ExtendLien",
    "IssueUnits",
    "OpenInvestor",
    "OpenInvestors",
    "OpenLien",
    "OpenSecurity",
    "PayBonus",
    "RecountPosition",
    "ReleaseLien",
    "RevokePledge",
    "SetAddend",
    "SetOfficer",
    "SetSecurityState",
    "SetSuitability",
    "SweepPosition",
    "TransferBatch",
    "TransferEstate",
    "TransferPledged",
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
class OpenInvestors:
    """Opens many accounts (批量开户), all or none: the lists are of equal length."""

    investors: tuple[Id, ...]
    kinds: tuple[Kind, ...]
    suitable_until: tuple[int, ...]
    addends: tuple[int, ...]


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


@dataclass(frozen=True, slots=True)
class TransferBatch:
    """Transfers for one reason (批量过户), all or none: the lists are of equal length."""

    security: Id
    reason: Reason
    giver: tuple[Id, ...]
    taker: tuple[Id, ...]
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ConfirmPositions:
    """Whose the positions are is confirmed (确权), or in the first registration: is not yet."""

    security: Id
    investors: tuple[Id, ...]
    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class SetOfficer:
    """A holder serves as an officer (董监高) of the issuer, or left on a day (0 while serving)."""

    security: Id
    investor: Id
    serving: bool
    left_on: int = 0


@dataclass(frozen=True, slots=True)
class PayBonus:
    """New units for those that one has (送股、转增): `numerator` for `denominator`. Investors in ascending order."""

    security: Id
    action: Id
    numerator: int
    denominator: int
    investors: tuple[Id, ...]


@dataclass(frozen=True, slots=True)
class CancelUnits:
    """Takes free units away for good (减资、注销)."""

    security: Id
    investors: tuple[Id, ...]
    units: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class OpenLien:
    """Encumbers units (质押登记、冻结、锁定). `since`: a freeze's publication, else 0; `until`: last day, 0: none."""

    security: Id
    investor: Id
    lien: LienKind
    units: int
    since: int = 0
    until: int = 0
    secured: str = NOBODY


@dataclass(frozen=True, slots=True)
class ReleaseLien:
    """Takes a lien off units (解除)."""

    security: Id
    investor: Id
    number: int
    units: int


@dataclass(frozen=True, slots=True)
class RevokePledge:
    """Takes a pledge off units by a legal document (撤销出质登记)."""

    security: Id
    investor: Id
    number: int
    units: int


@dataclass(frozen=True, slots=True)
class ExtendLien:
    """Another last day for a freeze or lock (续行冻结), later or earlier."""

    security: Id
    number: int
    until: int


@dataclass(frozen=True, slots=True)
class EnforceLien:
    """Sells units to a named buyer to satisfy a lien (实现质权、司法处置)."""

    security: Id
    number: int
    giver: Id
    taker: Id
    units: int


@dataclass(frozen=True, slots=True)
class TransferPledged:
    """Pledged units go to another holder with the pledgee's consent (质押股权转让)."""

    security: Id
    giver: Id
    taker: Id
    units: int
    reason: Reason
    number: int


@dataclass(frozen=True, slots=True)
class TransferEstate:
    """Units of the lot with just these liens (`lot`: its stack) go to another holder, and the liens with them."""

    security: Id
    giver: Id
    taker: Id
    units: int
    reason: Reason
    lot: int


@dataclass(frozen=True, slots=True)
class SweepPosition:
    """Takes the liens that are over off a position. Anybody may; nobody signs."""

    security: Id
    investor: Id


Act = (
    OpenInvestor
    | OpenInvestors
    | SetSuitability
    | SetAddend
    | OpenSecurity
    | ChangeTerms
    | AdmitSecurity
    | SetSecurityState
    | IssueUnits
    | TransferUnits
    | RecountPosition
    | TransferBatch
    | ConfirmPositions
    | SetOfficer
    | PayBonus
    | CancelUnits
    | OpenLien
    | ReleaseLien
    | RevokePledge
    | ExtendLien
    | EnforceLien
    | TransferPledged
    | TransferEstate
    | SweepPosition
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
