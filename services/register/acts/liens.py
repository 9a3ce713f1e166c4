"""Acts on liens (权利负担): pledges, freezes and locks, from their opening to their end."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Literal

from typing_extensions import override

from chain.party import evm
from services.platform.errors import Invalid
from services.register.acts.deals import Deal, Dealing, PreEmption
from services.register.acts.said import STRICT, Said, account, day, security, units
from services.register.rules import acts
from services.register.rules.values import LienKind, Reason
from services.register.sources import rule_of

__all__ = [
    "COURT",
    "Enforce",
    "Extend",
    "Freeze",
    "Lock",
    "Pledge",
    "Pledgee",
    "Release",
    "Revoke",
    "lien_number",
    "lot_of",
]

COURT = ("court-ruling", "assistance-notice")
"""裁定书、协助执行通知书."""
NATURES: Mapping[str, str] = {
    "41": "控股股东、实际控制人及一致行动人",
    "42": "承诺人",
    "43": "高管分红转增",
    "44": "高管定增",
    "45": "高管限售",
    "46": "股权激励",
    "49": "其它特限股",
}
"""股份性质: the codes of restricted units (特限股) in the business data model."""
_NOBODY = "0x" + "0" * 40
_NUMBER_MAX = 2**16 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledgee:
    """质权人: whose signature (``address``) consents, and who that is. ``company``: its USCI, where it has one."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    address: str
    name: str
    company: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pledge(Said):
    """质押登记 on free, confirmed units, applied for by pledgor and pledgee jointly (股权出质登记办法 6).

    The chain status begins with the registration; the legal status is told beside it, with the company registry's
    number and date (民法典 443). ``since``: only while registering, when an earlier pledge began.
    """

    act: Literal["pledge"] = "pledge"
    security: str
    account: str
    units: str
    pledgee: Pledgee
    contract: str = ""
    debt: str = ""
    since: datetime | None = None

    @override
    def contract_act(self) -> acts.Act:
        return acts.OpenLien(
            security(self.security),
            account(self.account),
            LienKind.PLEDGE,
            units(self.units),
            seconds(self.since, "/since"),
            0,
            _address(self.pledgee.address),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze(Said):
    """司法冻结: effective, and ranked, by its publication; ``received_at``: when the operator had it.

    ``until``: its last day, at most three years after publication (民诉法解释 485); ``court``, ``case``: 法院、案号.
    """

    act: Literal["freeze"] = "freeze"
    security: str
    account: str
    units: str
    published_at: datetime
    received_at: datetime
    until: date
    court: str
    case: str

    @override
    def contract_act(self) -> acts.Act:
        return acts.OpenLien(
            security(self.security),
            account(self.account),
            LienKind.FREEZE,
            units(self.units),
            seconds(self.published_at, "/published_at"),
            day(self.until, "/until"),
            _NOBODY,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock(Said):
    """限售、自愿锁定或操作冻结; without ``until`` it lasts until it is released. ``since``: only while registering.

    ``nature``: which kind of restricted units these are (股份性质), one of ``NATURES``, where it is known.
    """

    act: Literal["lock"] = "lock"
    security: str
    account: str
    units: str
    until: date | None = None
    since: datetime | None = None
    nature: str = ""

    @override
    def contract_act(self) -> acts.Act:
        if self.nature and self.nature not in NATURES:
            raise Invalid("/nature", f"Expected one of {', '.join(NATURES)}.")
        return acts.OpenLien(
            security(self.security),
            account(self.account),
            LienKind.LOCK,
            units(self.units),
            seconds(self.since, "/since"),
            day(self.until, "/until"),
            _NOBODY,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Said):
    """质押解除、解除冻结、解除限售, of all units or a part. Pledge: the pledgee signs; freeze: the court liaison."""

    act: Literal["pledge-release", "freeze-release", "unlock"]
    security: str
    account: str
    number: int
    units: str

    @override
    def contract_act(self) -> acts.Act:
        return acts.ReleaseLien(
            security(self.security), account(self.account), lien_number(self.number), units(self.units)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoke(Said):
    """质押撤销 by a legal document, without the pledgee: under the checker's and the regulator's signatures."""

    act: Literal["pledge-revoke"] = "pledge-revoke"
    security: str
    account: str
    number: int
    units: str

    @override
    def contract_act(self) -> acts.Act:
        return acts.RevokePledge(
            security(self.security), account(self.account), lien_number(self.number), units(self.units)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Extend(Said):
    """续行冻结, before the term is over, for three years at most; or a lock's term. A shorter one is possible too."""

    act: Literal["freeze-extend", "lock-extend"]
    security: str
    number: int
    until: date | None = None

    @override
    def contract_act(self) -> acts.Act:
        if self.act == "freeze-extend" and self.until is None:
            rule = rule_of("RegisterTerm:freeze")
            raise Invalid("/until", "A freeze has a last day.", rule=rule.id, source=rule.source)
        return acts.ExtendLien(security(self.security), lien_number(self.number), day(self.until, "/until"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Enforce(Dealing):
    """质权实现、司法处置: units under the lien go from their holder to a named buyer; all liens on them end.

    A pledge is enforced by agreement (折价、拍卖、变卖) or, when its documents are a court's, by the court.
    ``pre_emption``: of an LLC's equity.
    """

    act: Literal["pledge-enforce", "freeze-enforce"]
    number: int
    giver: str
    taker: str
    units: str
    pre_emption: PreEmption | None = None

    @property
    @override
    def why(self) -> Reason:
        by_court = self.act == "freeze-enforce" or COURT[0] in {each.code for each in self.documents}
        return Reason.JUDICIAL if by_court else Reason.ENFORCEMENT

    @property
    @override
    def deals_done(self) -> Sequence[Deal]:
        return (Deal(giver=self.giver, taker=self.taker, units=self.units, pre_emption=self.pre_emption),)

    @override
    def contract_act(self) -> acts.Act:
        return acts.EnforceLien(
            security(self.security),
            lien_number(self.number),
            account(self.giver, "/giver"),
            account(self.taker, "/taker"),
            units(self.units),
        )


def lien_number(value: int, field: str = "/number") -> int:
    """A lien's number within its security."""
    if not 0 < value <= _NUMBER_MAX:
        raise Invalid(field, f"Expected 1 to {_NUMBER_MAX}.")
    return value


def seconds(moment: datetime | None, field: str) -> int:
    """Unix seconds of an aware moment; 0 for none."""
    if moment is None:
        return 0
    if moment.tzinfo is None:
        raise Invalid(field, "Expected a time with its offset, as 2030-12-02T10:00:00+08:00.")
    return int(moment.timestamp())


def _address(value: str) -> str:
    try:
        return evm.checksummed(evm.parse_address(value))
    except ValueError as error:
        raise Invalid("/pledgee/address", f"Not an address: {error}.") from None


def lot_of(numbers: Sequence[int]) -> int:
    """A lot's liens as the contract names them: 16 bits each, in the order of their rank."""
    return sum(lien_number(number, f"/liens/{place}") << 16 * place for place, number in enumerate(numbers))
