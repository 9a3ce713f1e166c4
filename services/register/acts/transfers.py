"""Units go from one holder to another (过户)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Literal

from typing_extensions import override

from services.register.acts.said import STRICT, Said, account, enum_of, security, units
from services.register.rules import acts
from services.register.rules.values import Reason

__all__ = ["PreEmption", "Transfer"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PreEmption:
    """优先购买权: since when the other shareholders know of the terms, or that all of them have ``waived``."""

    __pydantic_config__: ClassVar[Mapping[str, object]] = STRICT
    notified_on: date | None = None
    waived: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Said):
    """过户 of free units, ``reason``: agreed, gift, inheritance, division, succession or judicial.

    ``payment``: the reference of the payment of an agreed transfer, a reference and nothing more; ``price``: in all, as
    the parties agreed; ``pre_emption``: of an LLC's equity.
    """

    act: Literal["transfer"] = "transfer"
    security: str
    giver: str
    taker: str
    units: str
    reason: str = "agreed"
    payment: str = ""
    price: str = ""
    pre_emption: PreEmption | None = None

    @property
    def why(self) -> Reason:
        """The reason as the contract knows it. Invalid."""
        return enum_of(Reason, self.reason, "/reason")

    @override
    def contract_act(self) -> acts.Act:
        return acts.TransferUnits(
            security(self.security),
            account(self.giver, "/giver"),
            account(self.taker, "/taker"),
            units(self.units),
            self.why,
        )
