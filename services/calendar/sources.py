"""Where a year comes from: the library that follows the State Council's announcements, or a file that says it all.

A file decides alone: it is the announcement (国务院办公厅放假通知) written down, with its document number, and no day
of it is taken from elsewhere. What the library says otherwise is told beside it.
"""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar

from services.calendar.rules import CalendarFault, Year, first_year, year_of
from services.strict import Part, StrictError, read

__all__ = ["LIBRARY", "Announced", "from_file", "from_library"]

LIBRARY = f"chinesecalendar {chinese_calendar.__version__}"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_TEXT_MAX = 200


@dataclass(frozen=True, slots=True)
class Announced:
    """A year and who says so: the library with its version, or a file by its name, and the document behind it."""

    year: Year
    source: str
    document: str


def from_library(year: int) -> Announced | None:
    """The year as the library has it; None for a year that it does not know."""
    if date(year, 1, 1) not in chinese_calendar.holidays:
        return None
    holidays = {day for day in chinese_calendar.holidays if day.year == year}
    make_up = {day for day in chinese_calendar.workdays if day.year == year and day.weekday() >= 5}
    return Announced(year_of(year, holidays=holidays, make_up=make_up), LIBRARY, "")


def from_file(text: str, name: str, *, year: int) -> Announced:
    """The year of a file: `year`, `document`, `issuer`, `issued_on`, `holidays`, `working`. CalendarFault.

    A day is a date, or several by the first and the last: `2027-10-01/2027-10-07`.
    """
    try:
        parts = read(text, name).fields({"year", "document", "issuer", "issued_on", "holidays", "working"}, {"sample"})
        if parts["year"].integer(first_year(), 9_998) != year:
            parts["year"].wrong(f"this file is not for {year}")
        if "sample" in parts:
            parts["sample"].boolean()
        document = " ".join((_text(parts["issuer"]), _text(parts["document"]), _day(parts["issued_on"]).isoformat()))
        holidays, make_up = _days(parts["holidays"]), _days(parts["working"])
    except StrictError as wrong:
        raise CalendarFault(str(wrong)) from None
    return Announced(year_of(year, holidays=holidays, make_up=make_up), name, document)


def _text(part: Part) -> str:
    text = part.text()
    if len(text) > _TEXT_MAX:
        part.wrong(f"longer than {_TEXT_MAX} characters")
    return text


def _days(part: Part) -> set[date]:
    found: set[date] = set()
    for item in part.items():
        begin, _, end = item.text().partition("/")
        first, last = _date(item, begin), _date(item, end or begin)
        if last < first or (last - first).days > 31:
            item.wrong("expected the first day and the last one, at most a month")
        days = {first + timedelta(days=one) for one in range((last - first).days + 1)}
        if found & days:
            item.wrong("a day is repeated")
        found |= days
    return found


def _day(part: Part) -> date:
    return _date(part, part.text())


def _date(part: Part, written: str) -> date:
    if not _DATE.fullmatch(written):
        part.wrong("expected a date such as 2027-10-01")
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        part.wrong(f"no such date: {error}")
