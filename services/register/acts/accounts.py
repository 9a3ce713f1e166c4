"""Acts on an investor's account (投资者账户)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from typing_extensions import override

from services.platform.errors import Invalid
from services.register.acts.said import STRICT, Said, account, day, enum_of, identity
from services.register.rules import acts
from services.register.rules.values import Kind

__all__ = ["Addend", "OpenInvestor", "OpenInvestors", "Opening", "Suitability"]

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
class Opening:
    """One of many accounts that are opened together; members as of ``open-investor``."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    account: str
    kind: str
    suitable_until: date | None = None
    addend: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvestors(Said):
    """批量开立账户: the holders of a ``company`` whose first registration begins, all or none, under one signature."""

    act: Literal["open-investors"] = "open-investors"
    company: str
    openings: tuple[Opening, ...]

    @property
    @override
    def about(self) -> str:
        return self.company

    @override
    def contract_act(self) -> acts.Act:
        identity(self.company, "cmp", "/company")
        if not self.openings:
            raise Invalid("/openings", "Expected one account at least.")
        listed = [(f"/openings/{place}", each) for place, each in enumerate(self.openings)]
        return acts.OpenInvestors(
            tuple(account(each.account, f"{at}/account") for at, each in listed),
            tuple(enum_of(Kind, each.kind, f"{at}/kind") for at, each in listed),
            tuple(day(each.suitable_until, f"{at}/suitable_until") for at, each in listed),
            tuple(_addend(each.addend or 0, f"{at}/addend") for at, each in listed),
        )


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


def _addend(value: int, field: str = "/addend") -> int:
    if not 0 <= value <= _ADDEND_MAX:
        raise Invalid(field, f"Expected 0 to {_ADDEND_MAX}.")
    return value
