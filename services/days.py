"""Days as the chain counts them: since 1970-01-01, by the date in Shanghai (北京时间)."""

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

__all__ = ["add_months", "day_of", "number", "on"]

_EPOCH = date(1970, 1, 1)
_SHANGHAI = timedelta(hours=8)


def number(day: date) -> int:
    """The number of a date."""
    return (day - _EPOCH).days


def on(day: int) -> date:
    """The date of a number."""
    return _EPOCH + timedelta(days=day)


def day_of(moment: datetime) -> int:
    """The number of the day that it is in Shanghai at an aware moment."""
    return number((moment.astimezone(UTC) + _SHANGHAI).date())


def add_months(day: int, months: int) -> int:
    """The same day of the month `months` later, or that month's last day where it has no such day."""
    start = on(day)
    ahead, month = divmod(start.month - 1 + months, 12)
    year = start.year + ahead
    return number(date(year, month + 1, min(start.day, monthrange(year, month + 1)[1])))
