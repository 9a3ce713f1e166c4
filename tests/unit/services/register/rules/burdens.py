"""Liens on the shares of a market of values, and what a test asks about them."""

from services.register.rules.acts import EnforceLien, OpenLien, ReleaseLien, TransferPledged
from services.register.rules.refusal import Refused
from services.register.rules.values import LienKind, Reason
from services.register.sources import as_refusal
from tests.unit.services.register.rules.market import LONG, SHARES, Book, ident

BANK, FUND = "0xbank", "0xfund"
YEAR = 365


def said(refused: Refused, *, basis: str = "", act: str = "") -> tuple[str, str, dict[str, object]]:
    """Rule id, source, numbers, as the API tells them when ``act`` was asked for."""
    problem = as_refusal(refused, basis=basis, act=act)
    assert problem is not None
    assert problem.rule is not None
    assert problem.source
    assert problem.detail
    assert problem.extra["detail_zh"]
    return problem.rule, problem.source, problem.extra["numbers"]


def acc(name: str) -> str:
    return "acc_" + ident(name).hex()


class Burdened(Book):
    """A market with liens: each is opened at a time of its own."""

    def pledge(self, name: str, units: int, secured: str = BANK) -> int:
        """The number of a new pledge."""
        self.do(OpenLien(SHARES, ident(name), LienKind.PLEDGE, units, secured=secured))
        return self.register.securities[SHARES].liens

    def frozen(self, name: str, units: int, *, ago: int = 0, days: int = YEAR) -> OpenLien:
        """A freeze that was published so many seconds ago."""
        return OpenLien(SHARES, ident(name), LienKind.FREEZE, units, self.now - ago, self.today + days)

    def freeze(self, name: str, units: int, *, ago: int = 0, days: int = YEAR) -> int:
        self.do(self.frozen(name, units, ago=ago, days=days))
        return self.register.securities[SHARES].liens

    def lock(self, name: str, units: int, *, until: int = 0) -> int:
        self.do(OpenLien(SHARES, ident(name), LienKind.LOCK, units, until=until))
        return self.register.securities[SHARES].liens

    def lots(self, name: str) -> list[tuple[int, tuple[int, ...]]]:
        """Units and liens of each lot."""
        return [(lot.units, lot.liens) for lot in self.register.lots.get((SHARES, ident(name)), ())]

    def covers(self, number: int) -> int:
        return self.register.liens[SHARES, number].units


def release(name: str, number: int, units: int) -> ReleaseLien:
    return ReleaseLien(SHARES, ident(name), number, units)


def enforce(number: int, giver: str, taker: str, units: int) -> EnforceLien:
    return EnforceLien(SHARES, number, ident(giver), ident(taker), units)


def pledged(giver: str, taker: str, units: int, number: int) -> TransferPledged:
    return TransferPledged(SHARES, ident(giver), ident(taker), units, Reason.AGREED, number)


__all__ = ["BANK", "FUND", "LONG", "YEAR", "Burdened", "acc", "enforce", "pledged", "release", "said"]
