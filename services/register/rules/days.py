"""Trading days by number (交易日序号): 1 on the day of deployment, one more on each trading day after it.

The trading days between two acts are the difference of their numbers: T+1 counts as 1. A day that is over can no longer
open or close, so what was counted stands.
"""

from dataclasses import dataclass
from typing import Protocol

__all__ = ["Clock", "TradingDays", "day_of", "day_start"]

_SHANGHAI = 8 * 3600  # seconds ahead of UTC, all the year
_DAY = 86_400


class TradingDays(Protocol):
    """The calendar that counts."""

    def trading_days_after(self, since: int, until: int) -> int | None:
        """Trading days after day `since`, up to `until` included; None when a year of the span is not published."""
        ...


@dataclass(frozen=True, slots=True)
class Clock:
    """The newest day on which somebody asked, and its trading-day number."""

    day: int
    number: int = 1

    def on(self, today: int, calendar: TradingDays) -> "Clock | None":
        """The clock today; None when the calendar does not know all the days between."""
        passed = calendar.trading_days_after(self.day, today)
        return None if passed is None else Clock(today, self.number + passed)


def day_of(time: int) -> int:
    """The number of the day that it is in Shanghai at a Unix time in seconds."""
    return (time + _SHANGHAI) // _DAY


def day_start(day: int) -> int:
    """The Unix time in seconds at which a day begins in Shanghai."""
    return day * _DAY - _SHANGHAI
