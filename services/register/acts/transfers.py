"""Units go from one holder to another (过户): free ones, pledged ones, a lot with its liens, many at once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from typing_extensions import override

from services.register.acts.deals import Deal, Dealing, PreEmption
from services.register.acts.liens import lien_number, lot_of
from services.register.acts.said import account, enum_of, security, units
from services.register.rules import acts
from services.register.rules.values import Reason

__all__ = ["Transfer", "TransferBatch", "TransferEstate", "TransferPledged", "Transferring"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferring(Dealing):
    """What every transfer says: ``reason`` is agreed, gift, inheritance, division, succession or judicial."""

    reason: str = "agreed"

    @property
    @override
    def why(self) -> Reason:
        return enum_of(Reason, self.reason, "/reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class _One(Transferring):
    giver: str
    taker: str
    units: str
    payment: str = ""
    price: str = ""
    pre_emption: PreEmption | None = None

    @property
    @override
    def deals_done(self) -> Sequence[Deal]:
        return (
            Deal(
                giver=self.giver,
                taker=self.taker,
                units=self.units,
                payment=self.payment,
                pre_emption=self.pre_emption,
            ),
        )

    def _parties(self) -> tuple[bytes, bytes, bytes, int, Reason]:
        givers, takers = account(self.giver, "/giver"), account(self.taker, "/taker")
        return security(self.security), givers, takers, units(self.units), self.why


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(_One):
    """过户 of free units.

    ``payment``: the reference of the payment of an agreed transfer, a reference and nothing more; ``price``: in all, as
    the parties agreed; ``pre_emption``: of an LLC's equity.
    """

    act: Literal["transfer"] = "transfer"

    @override
    def contract_act(self) -> acts.Act:
        return acts.TransferUnits(*self._parties())


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferPledged(_One):
    """质押股权转让 (民法典 443): an agreed transfer or gift of pledged units with the pledgee's signature.

    ``number``: the pledge, which must stand alone on the units and ends on them.
    """

    act: Literal["transfer-pledged"] = "transfer-pledged"
    number: int

    @override
    def contract_act(self) -> acts.Act:
        return acts.TransferPledged(*self._parties(), lien_number(self.number))


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferEstate(_One):
    """带权利负担的非交易过户: units of one lot go to an heir or successor with their liens.

    ``liens``: the lot's, by their numbers, in the order of their rank.
    """

    act: Literal["transfer-estate"] = "transfer-estate"
    liens: tuple[int, ...]

    @override
    def contract_act(self) -> acts.Act:
        return acts.TransferEstate(*self._parties(), lot_of(self.liens))


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferBatch(Transferring):
    """批量过户: many transfers of one security for one reason, all or none, under one checker's signature."""

    act: Literal["transfer-batch"] = "transfer-batch"
    deals: tuple[Deal, ...]

    @property
    @override
    def deals_done(self) -> Sequence[Deal]:
        return self.deals

    @override
    def contract_act(self) -> acts.Act:
        deals = list(enumerate(self.deals))
        return acts.TransferBatch(
            security(self.security),
            self.why,
            tuple(account(each.giver, f"/deals/{place}/giver") for place, each in deals),
            tuple(account(each.taker, f"/deals/{place}/taker") for place, each in deals),
            tuple(units(each.units, f"/deals/{place}/units") for place, each in deals),
        )
