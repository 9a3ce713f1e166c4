"""Acts on what holders are and have: officers, confirmation, bonus, cancellation."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from typing_extensions import override

from services.platform.errors import Invalid
from services.register.acts.said import Said, account, day, identity, security, units
from services.register.acts.securities import Entry
from services.register.rules import acts

__all__ = ["Bonus", "Cancel", "Confirm", "Officer"]

_RATIO_MAX = 2**32 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer(Said):
    """董监高身份登记 (公司法 160): ``serving``, or ``left_on`` a day: then nothing for six months."""

    act: Literal["officer"] = "officer"
    security: str
    account: str
    serving: bool
    left_on: date | None = None

    @override
    def contract_act(self) -> acts.Act:
        left = day(self.left_on, "/left_on")
        return acts.SetOfficer(security(self.security), account(self.account), self.serving, left)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm(Said):
    """确权: these positions are confirmed; or, only while registering, are not yet."""

    act: Literal["confirm"] = "confirm"
    security: str
    accounts: tuple[str, ...]
    confirmed: bool = True

    @override
    def contract_act(self) -> acts.Act:
        return acts.ConfirmPositions(security(self.security), _accounts(self.accounts), self.confirmed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bonus(Said):
    """送转股: ⌊units × numerator / denominator⌋ for each position; ``action`` is the same in every call of one.

    ``accounts``: all holders unless given. Some of them only while the security is suspended, in ascending order, after
    those of the call before: else units that change hands between two calls get it twice, or not at all.
    """

    act: Literal["bonus"] = "bonus"
    security: str
    action: str
    numerator: int
    denominator: int
    accounts: tuple[str, ...] = ()

    @override
    def contract_act(self) -> acts.Act:
        for name, value in (("numerator", self.numerator), ("denominator", self.denominator)):
            if not 0 < value <= _RATIO_MAX:
                raise Invalid(f"/{name}", f"Expected 1 to {_RATIO_MAX}.")
        action = identity(self.action, "cac", "/action")
        return acts.PayBonus(
            security(self.security), action, self.numerator, self.denominator, _accounts(self.accounts)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Said):
    """减资注销 of free units."""

    act: Literal["cancel"] = "cancel"
    security: str
    entries: tuple[Entry, ...]

    @override
    def contract_act(self) -> acts.Act:
        holders = tuple(account(each.account, f"/entries/{place}/account") for place, each in enumerate(self.entries))
        amounts = tuple(units(each.units, f"/entries/{place}/units") for place, each in enumerate(self.entries))
        return acts.CancelUnits(security(self.security), holders, amounts)


def _accounts(ids: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(account(each, f"/accounts/{place}") for place, each in enumerate(ids))
