"""Acts on a security (登记品种): opening, terms, custody, new units."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from typing_extensions import override

from services.platform.errors import Invalid
from services.register.acts.said import STRICT, Said, account, enum_of, identity, security, units
from services.register.rules import acts
from services.register.rules.values import Form, Kind, State, Terms

__all__ = ["Admit", "ChangeTerms", "Entry", "Issue", "OpenSecurity", "Recount", "SetState", "TermsSaid"]

_BASIS_BYTES = 16
_BITS_32, _BITS_8 = 2**32 - 1, 2**8 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsSaid:
    """What a security's terms are (登记要素).

    ``kinds``: who may acquire it by agreement; ``cap``: most holders, looked through, and ``basis``, the rule that it
    rests on (REM-04, REM-19, LP-CAP); ``grandfathered``: holders that the issuer lawfully had before; ``interval``:
    trading days between opposite acts of one investor (REM-10); ``subscription_counts``: whether a subscription is a
    purchase there.
    """

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    form: str
    kinds: tuple[str, ...]
    cap: int
    basis: str
    interval: int
    subscription_counts: bool
    grandfathered: int = 0

    def terms(self) -> Terms:
        """As the contract takes them. Invalid."""
        kinds = [enum_of(Kind, each, f"/terms/kinds/{place}") for place, each in enumerate(self.kinds)]
        for name, value, most in (
            ("cap", self.cap, _BITS_32),
            ("grandfathered", self.grandfathered, _BITS_32),
            ("interval", self.interval, _BITS_8),
        ):
            if not 0 <= value <= most:
                raise Invalid(f"/terms/{name}", f"Expected 0 to {most}.")
        return Terms(
            enum_of(Form, self.form, "/terms/form"),
            sum(1 << kind for kind in set(kinds)),
            self.cap,
            _basis(self.basis),
            grandfathered=self.grandfathered,
            interval=self.interval,
            subscription_counts=self.subscription_counts,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSecurity(Said):
    """登记品种开立: for a company of this register and of the market's region (REM-12); its first registration begins.

    ``issuer_region``: as the company's record says, unless given; another one is refused.
    """

    act: Literal["open-security"] = "open-security"
    security: str
    issuer: str
    issuer_region: int | None = None
    terms: TermsSaid

    @override
    def contract_act(self) -> acts.Act:
        issuer = identity(self.issuer, "cmp", "/issuer")
        return acts.OpenSecurity(security(self.security), issuer, self.issuer_region or 0, self.terms.terms())


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTerms(Said):
    """登记要素变更: under the checker's and the regulator's signatures, whatever the market."""

    act: Literal["change-terms"] = "change-terms"
    security: str
    terms: TermsSaid

    @override
    def contract_act(self) -> acts.Act:
        return acts.ChangeTerms(security(self.security), self.terms.terms())


@dataclass(frozen=True, slots=True, kw_only=True)
class Admit(Said):
    """完成初始登记: custody begins when the units entered are the registered ``capital`` (REM-14)."""

    act: Literal["admit"] = "admit"
    security: str
    capital: str

    @override
    def contract_act(self) -> acts.Act:
        return acts.AdmitSecurity(security(self.security), units(self.capital, "/capital"))


@dataclass(frozen=True, slots=True, kw_only=True)
class SetState(Said):
    """托管状态变更: ``custodied``, ``suspended`` or, for good, ``exited``."""

    act: Literal["set-state"] = "set-state"
    security: str
    state: str

    @override
    def contract_act(self) -> acts.Act:
        return acts.SetSecurityState(security(self.security), enum_of(State, self.state, "/state"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """So many units for an account."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    account: str
    units: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue(Said):
    """股份登记: enters those who hold already in the first registration, afterwards a subscription (增资认购)."""

    act: Literal["issue"] = "issue"
    security: str
    entries: tuple[Entry, ...]

    @override
    def contract_act(self) -> acts.Act:
        if not self.entries:
            raise Invalid("/entries", "Expected one entry at least.")
        holders = [account(each.account, f"/entries/{place}/account") for place, each in enumerate(self.entries)]
        amounts = [units(each.units, f"/entries/{place}/units") for place, each in enumerate(self.entries)]
        return acts.IssueUnits(security(self.security), tuple(holders), tuple(amounts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Recount(Said):
    """重新计数: counts a position with the addend that its holder has now."""

    act: Literal["recount"] = "recount"
    security: str
    account: str

    @override
    def contract_act(self) -> acts.Act:
        return acts.RecountPosition(security(self.security), account(self.account))


def _basis(value: str) -> bytes:
    if not value.isascii() or not 0 < len(value) <= _BASIS_BYTES:
        raise Invalid("/terms/basis", f"Expected 1 to {_BASIS_BYTES} ASCII characters.")
    return value.encode().ljust(_BASIS_BYTES, b"\0")
