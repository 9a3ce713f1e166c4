"""Days as authorisations name them, in words: numbers from 1970-01-01, and years of them as bitmaps."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

from chain.party.eip712 import integer

EPOCH = date(1970, 1, 1)
_WEEKEND = 5
_PLAUSIBLE = range((date(2020, 1, 1) - EPOCH).days, (date(2100, 1, 1) - EPOCH).days)
_BITMAPS = ("working", "trading")


def words(name: str, value: object, message: Mapping[str, object]) -> Iterator[str]:
    """What more there is to say of a member that means days; nothing for any other.

    A year is told by what distinguishes it from weekends off: weekdays off and weekends at work (调休).
    """
    if name in _BITMAPS and isinstance(value, list):
        year = integer(message.get("year"))
        numbers = [integer(word) for word in value]
        if year is not None and 1 <= year < date.max.year and None not in numbers:
            yield from _year(name, year, sum(word << 256 * place for place, word in enumerate(numbers) if word))
    elif name == "numbers" and isinstance(value, list):
        yield f"  that is: {', '.join(_date(integer(number)) for number in value)}"
    elif name == "value" and integer(value) in _PLAUSIBLE:
        yield f"  as a day: {_date(integer(value))}"


def _year(name: str, year: int, bits: int) -> Iterator[str]:
    first = date(year, 1, 1)
    days = [first + timedelta(days=place) for place in range((date(year + 1, 1, 1) - first).days)]
    is_set = {day: bool(bits >> place & 1) for place, day in enumerate(days)}
    off = [f"{day:%m-%d}" for day in days if day.weekday() < _WEEKEND and not is_set[day]]
    extra = [f"{day:%m-%d}" for day in days if day.weekday() >= _WEEKEND and is_set[day]]
    yield f"  that is: {sum(is_set.values())} {name} days of {year}"
    yield f"  weekdays off: {', '.join(off) or 'none'}"
    yield f"  on weekends: {', '.join(extra) or 'none'}"
    if bits >> len(days):
        yield "  WARNING: days beyond the year"


def _date(number: int | None) -> str:
    try:
        return (EPOCH + timedelta(days=number or 0)).isoformat()
    except OverflowError:
        return "beyond the calendar"
