"""How the register's trading days are counted here: by the calendar on the business chain, from its deployment on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from chain.addresses import load_addresses
from chain.errors import ChainError
from services.platform.errors import Unavailable
from services.register.names import CONTRACT
from services.register.parts import RegisterParts
from services.register.rules.days import TradingDays, day_of

__all__ = ["ChainDays", "FirstDay"]

_CALENDAR = "Calendar"


@dataclass(frozen=True, slots=True)
class ChainDays(TradingDays):
    """The trading days of the market's region."""

    parts: RegisterParts

    def trading_days_after(self, since: int, until: int) -> int | None:
        """None when a year of the span is not published. Unavailable while the chain is away."""
        try:
            known, passed = self.parts.read(_CALENDAR, "tradingDaysAfter", self.parts.market.region, since, until)
        except ChainError as error:
            raise _away() from error
        return int(passed) if known else None


class FirstDay:
    """The day on which the register was deployed: its trading-day number is 1.

    ``seconds_of``: the time of a block of the business chain (Unix), ``addresses``: its address file.
    """

    def __init__(self, seconds_of: Callable[[int], int], addresses: Path) -> None:
        self._seconds_of = seconds_of
        self._addresses = addresses

    def __call__(self) -> int:
        """In Shanghai. Unavailable while the chain is away, or without its contract."""
        try:
            return self._day
        except ChainError as error:
            raise _away() from error

    @cached_property
    def _day(self) -> int:
        known = load_addresses(self._addresses)
        if known is None or CONTRACT not in known.contracts:
            raise Unavailable("register-missing", "The register is not deployed on the business chain.")
        return day_of(self._seconds_of(known.contracts[CONTRACT].block))


def _away() -> Unavailable:
    detail = "The business chain, whose calendar counts the trading days, does not answer."
    return Unavailable("chain-unreachable", detail)
