"""Acts on an investor's account (投资者账户)."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from typing_extensions import override

from services.platform.errors import Invalid
from services.register.acts.said import Said, account, day, enum_of
from services.register.rules import acts
from services.register.rules.values import Kind

__all__ = ["Addend", "OpenInvestor", "Suitability"]

_ADDEND_MAX = 2**16 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvestor(Said):
    """开立账户: tells the chain of an account, by its pseudonym.

    ``kind``: what kind of holder it is; ``suitable_until``: last day of the proven suitability (REM-06), none when
    nothing is proven; ``addend``: how many holders stand behind it beyond itself (REM-05).
    """

    act: Literal["open-investor"] = "open-investor"
    account: str
    kind: str
    suitable_until: date | None = None
    addend: int = 0

    @override
    def contract_act(self) -> acts.Act:
        kind = enum_of(Kind, self.kind, "/kind")
        until = day(self.suitable_until, "/suitable_until")
        return acts.OpenInvestor(account(self.account), kind, until, _addend(self.addend))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suitability(Said):
    """合格投资者确认 (REM-06): until which day it is proven; without ``until`` it is taken away."""

    act: Literal["suitability"] = "suitability"
    account: str
    until: date | None = None

    @override
    def contract_act(self) -> acts.Act:
        return acts.SetSuitability(account(self.account), day(self.until, "/until"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Addend(Said):
    """穿透人数 (REM-05, REM-07): raised by the operator alone, lowered with the checker and the regulator."""

    act: Literal["addend"] = "addend"
    account: str
    addend: int

    @override
    def contract_act(self) -> acts.Act:
        return acts.SetAddend(account(self.account), _addend(self.addend))


def _addend(value: int) -> int:
    if not 0 <= value <= _ADDEND_MAX:
        raise Invalid("/addend", f"Expected 0 to {_ADDEND_MAX}.")
    return value
