"""Years of days as bitmaps, counted as the contract counts them (docs/spec/pilot.md). Values only.

Bit i of a bitmap is the i-th day of the year, from 0. Make-up days (调休上班日) are working days and no trading days. A
day is its number since 1970-01-01 in Shanghai.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta

from services.days import number, on

__all__ = [
    "CLOSED",
    "MAKE_UP",
    "TRADING",
    "CalendarFault",
    "Difference",
    "Year",
    "count",
    "differences",
    "first_year",
    "missing_years",
    "of_words",
    "year_of",
]

TRADING, MAKE_UP, CLOSED = "trading", "make-up", "closed"
"""What a day is: a trading day (and so a working day), a working day without trading, or neither."""
_WORD = 256
_WEEKEND = 5
_MAX_YEAR = 9_998
_DECEMBER = 12


class CalendarFault(ValueError):
    """A year cannot be as it is said; tells which day and why."""


@dataclass(frozen=True, slots=True)
class Year:
    """A year of a region; a trading day is a working day."""

    year: int
    working: int
    trading: int

    @property
    def days(self) -> range:
        """The numbers of its days."""
        return range(number(date(self.year, 1, 1)), number(date(self.year + 1, 1, 1)))

    def kind(self, day: int) -> str:
        """What a day of the year is."""
        place = 1 << (day - self.days.start)
        if self.trading & place:
            return TRADING
        return MAKE_UP if self.working & place else CLOSED

    def closed(self, numbers: Collection[int], *, working: bool) -> "Year":
        """The year with days closed: as trading days, or as working days and with that as trading days."""
        first = self.days.start
        others = ~sum(1 << (day - first) for day in set(numbers) if day in self.days)
        return replace(self, working=self.working & others if working else self.working, trading=self.trading & others)

    def words(self, *, trading: bool = False) -> list[int]:
        """A bitmap as the contract takes it: two words of 256 bits, the lower one first."""
        bits = self.trading if trading else self.working
        return [bits & (1 << _WORD) - 1, bits >> _WORD]

    def months(self) -> Iterator[tuple[int, list[str]]]:
        """Each month from 1 with what its days are."""
        for month in range(1, _DECEMBER + 1):
            yield month, [self.kind(day) for day in self.days if on(day).month == month]


@dataclass(frozen=True, slots=True)
class Difference:
    """A day that two calendars of one year tell differently."""

    day: date
    expected: str
    found: str


def first_year() -> int:
    """The first year that a calendar can have."""
    return 1970


def year_of(year: int, *, holidays: Collection[date], make_up: Collection[date]) -> Year:
    """The year of an announcement (放假安排): its holidays, and the weekend days on which one works. CalendarFault."""
    if not first_year() <= year <= _MAX_YEAR:
        raise CalendarFault(f"{year} is no year that a calendar can have")
    for day in (*holidays, *make_up):
        if day.year != year:
            raise CalendarFault(f"{day} is not in {year}")
    for day in make_up:
        if day.weekday() < _WEEKEND:
            raise CalendarFault(f"{day} is no Saturday and no Sunday: only such are made up (调休上班)")
    if both := sorted(set(holidays) & set(make_up)):
        raise CalendarFault(f"{both[0]} is a holiday and a make-up day")
    first, length = date(year, 1, 1), (date(year + 1, 1, 1) - date(year, 1, 1)).days
    days = [first + timedelta(days=place) for place in range(length)]
    trading = sum(1 << place for place, day in enumerate(days) if day.weekday() < _WEEKEND and day not in set(holidays))
    return Year(year, trading | sum(1 << (day - first).days for day in set(make_up)), trading)


def of_words(year: int, working: Collection[int], trading: Collection[int]) -> Year:
    """The year whose bitmaps the contract shows."""
    bits = [sum(word << _WORD * place for place, word in enumerate(words)) for words in (working, trading)]
    return Year(year, *bits)


def count(years: Mapping[int, Year], since: int, until: int, *, trading: bool = False) -> int | None:
    """Working (or trading) days after day `since`, up to `until` included; None when a year of these is not known.

    A period of n working days from a day, which does not count, is over on day t when this is n for (day, t - 1].
    """
    found = 0
    for year in range(on(since + 1).year, on(until).year + 1) if until > since else ():
        held = years.get(year)
        if held is None:
            return None
        first, bits = held.days.start, held.trading if trading else held.working
        begin, end = max(since + 1, first) - first, min(until, held.days.stop - 1) - first
        found += (bits >> begin & (1 << (end - begin + 1)) - 1).bit_count()
    return found


def differences(expected: Year, found: Year) -> list[Difference]:
    """The days that two calendars of one year tell differently, in order."""
    return [
        Difference(on(day), expected.kind(day), found.kind(day))
        for day in expected.days
        if expected.kind(day) != found.kind(day)
    ]


def missing_years(today: int, published: Collection[int]) -> list[int]:
    """The years that ought to be published by today: this one, and from 1 December on the next."""
    now = on(today)
    wanted = [now.year, now.year + 1] if now.month == _DECEMBER else [now.year]
    return [year for year in wanted if year not in published]
