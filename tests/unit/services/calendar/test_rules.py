"""Years of days: from the announcement to bitmaps, and counted day by day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.calendar.rules import (
    CLOSED,
    MAKE_UP,
    TRADING,
    CalendarFault,
    count,
    differences,
    missing_years,
    of_words,
    year_of,
)
from services.calendar.sources import LIBRARY, Announced, from_file, from_library
from services.days import number
from tests.unit.services.pilots.situations.playing import CALENDAR

FILE = """\
year: 2027
issuer: 国务院办公厅
document: 国办发明电〔2026〕0号
issued_on: 2026-11-04
holidays: [2027-01-01/2027-01-03, 2027-10-01/2027-10-07]
working: [2027-01-09]
"""


def known(year: int) -> Announced:
    found = from_library(year)
    assert found is not None
    return found


def test_the_library_says_2026_as_it_was_written_out_by_hand() -> None:
    year = known(2026).year
    by_hand = of_words(2026, CALENDAR.words(2026), year.words(trading=True))
    assert differences(by_hand, year) == []
    assert known(2026).source == LIBRARY


def test_make_up_days_work_without_trading() -> None:
    year = known(2026).year
    kinds = {day: year.kind(number(date(2026, 10, day))) for day in (1, 7, 8, 9, 10, 11)}
    assert kinds == {1: CLOSED, 7: CLOSED, 8: TRADING, 9: TRADING, 10: MAKE_UP, 11: CLOSED}


def test_the_library_knows_no_year_that_is_not_announced() -> None:
    assert from_library(2100) is None


def test_a_file_decides_alone() -> None:
    found = from_file(FILE, "2027.yaml", year=2027)
    assert found.document == "国务院办公厅 国办发明电〔2026〕0号 2026-11-04"
    assert found.year.kind(number(date(2027, 1, 9))) == MAKE_UP
    assert found.year.kind(number(date(2027, 5, 3))) == TRADING, "a holiday that the file does not name is none"
    assert found.year.trading.bit_count() == 261 - 6
    assert found.year.working.bit_count() == 262 - 6


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("year: 2027", "year: 2028", "this file is not for 2027"),
        ("document:", "dokument:", "unknown key"),
        ("issuer: 国务院办公厅\n", "", "missing: issuer"),
        ("2027-01-01/", "2027-02-30/", "no such date"),
        ("2027-01-01/2027-01-03", "2027-01-03/2027-01-01", "the first day and the last"),
        ("2027-10-01/", "2027-01-03/", "the first day and the last"),
        ("2027-01-01/2027-01-03", "2027-10-01", "a day is repeated"),
        ("[2027-01-09]", "[2027-01-11]", "no Saturday and no Sunday"),
        ("[2027-01-09]", "[2027-01-03]", "a holiday and a make-up day"),
        ("[2027-01-09]", "[2026-01-10]", "not in 2027"),
        ("[2027-01-09]", "[9 Jan]", "expected a date"),
    ],
)
def test_a_file_that_is_wrong_is_told_where(old: str, new: str, said: str) -> None:
    assert old in FILE
    with pytest.raises(CalendarFault, match=said):
        from_file(FILE.replace(old, new, 1), "2027.yaml", year=2027)


@given(since=st.integers(0, 800), length=st.integers(0, 800), trading=st.booleans())
def test_counting_is_counting_one_by_one(since: int, length: int, *, trading: bool) -> None:
    years = {year: known(year).year for year in (2024, 2025, 2026)}
    begin = number(date(2024, 1, 1)) + since
    until = begin + length
    days = [date(2024, 1, 1) + timedelta(days=since + one) for one in range(1, length + 1)]
    if days and days[-1].year > 2026:
        assert count(years, begin, until, trading=trading) is None
        return
    fits = {TRADING} if trading else {TRADING, MAKE_UP}
    by_hand = sum(years[day.year].kind(number(day)) in fits for day in days)
    assert count(years, begin, until, trading=trading) == by_hand


def test_a_span_without_days_has_none_whatever_is_known() -> None:
    day = number(date(2026, 12, 31))
    assert count({}, day, day) == 0
    assert count({}, day, day - 40) == 0
    assert count({2026: known(2026).year}, day, day + 1) is None, "an unknown year is not known to be over"


def test_what_is_closed_only_makes_periods_longer() -> None:
    year, days = known(2026).year, [number(date(2026, 10, 8)), number(date(2026, 10, 10)), number(date(2027, 1, 4))]
    trading, both = year.closed(days, working=False), year.closed(days, working=True)
    assert [trading.kind(day) for day in days[:2]] == [MAKE_UP, MAKE_UP]
    assert [both.kind(day) for day in days[:2]] == [CLOSED, CLOSED]
    assert [one.day for one in differences(year, both)] == [date(2026, 10, 8), date(2026, 10, 10)]


def test_the_words_are_the_contracts() -> None:
    year = year_of(2026, holidays=[], make_up=[])
    assert year.words()[0] & 0b1111 == 0b0011, "2026 begins with a Thursday"
    assert of_words(2026, year.words(), year.words(trading=True)) == year


@pytest.mark.parametrize(
    ("today", "published", "missing"),
    [
        (date(2026, 11, 30), {2026}, []),
        (date(2026, 12, 1), {2026}, [2027]),
        (date(2026, 12, 31), {2026, 2027}, []),
        (date(2026, 6, 1), set[int](), [2026]),
        (date(2026, 12, 5), set[int](), [2026, 2027]),
    ],
)
def test_next_year_is_missing_from_december(today: date, published: set[int], missing: list[int]) -> None:
    assert missing_years(number(today), published) == missing
