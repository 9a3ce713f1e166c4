"""Retention terms against a table written by hand, and against the calendar."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.types import BY_NAME, RECORD_TYPES
from services.evidence.retention.rules import CLASSES, BadTerm, Term, due_at, judge, terms_of

CHINA = timezone(timedelta(hours=8))
YEARS_20 = 240


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp()) * 1000


@pytest.mark.parametrize(
    ("accepted", "months", "due"),
    [
        ("2026-11-20T09:30:00+00:00", 240, "2046-11-21T00:00:00+08:00"),
        ("2026-11-20T15:59:59+00:00", 1, "2026-12-21T00:00:00+08:00"),
        ("2026-11-20T16:00:00+00:00", 1, "2026-12-22T00:00:00+08:00"),  # already the 21st in Shanghai
        ("2026-01-31T04:00:00+00:00", 1, "2026-03-01T00:00:00+08:00"),
        ("2024-01-31T04:00:00+00:00", 1, "2024-03-01T00:00:00+08:00"),  # after the 29th of February
        ("2024-02-29T04:00:00+00:00", 12, "2025-03-01T00:00:00+08:00"),
        ("2026-12-31T04:00:00+00:00", 12, "2028-01-01T00:00:00+08:00"),
        ("2026-06-30T04:00:00+00:00", 6, "2026-12-31T00:00:00+08:00"),
    ],
)
def test_a_term_ends_with_its_last_day_in_shanghai(accepted: str, months: int, due: str) -> None:
    assert due_at(ms(accepted), months) == ms(due)


@given(st.integers(946_684_800, 7_258_118_400), st.integers(1, 1_200))
def test_a_term_is_never_shorter_than_its_months(seconds: int, months: int) -> None:
    accepted = datetime.fromtimestamp(seconds, UTC)
    day = accepted.astimezone(CHINA).date()
    due = datetime.fromtimestamp(due_at(seconds * 1000, months) / 1000, CHINA)
    assert (due.hour, due.minute) == (0, 0)
    last = (due - timedelta(days=1)).date()
    passed = (last.year - day.year) * 12 + last.month - day.month
    assert passed == months
    assert last.day == day.day or (last + timedelta(days=1)).day == 1


def test_the_laws_terms_are_those_of_the_sources() -> None:
    assert {each.name: each.months for each in CLASSES} == {
        "register": 240,
        "aml": 120,
        "pipia": 36,
        "network-log": 6,
        "pilot": None,
        "material": None,
    }
    assert all(each.source for each in CLASSES)


def test_every_type_that_institutions_submit_has_exactly_one_class() -> None:
    for record_type in RECORD_TYPES:
        if record_type.submittable:
            assert sum(record_type.name in each.types for each in CLASSES) == 1, record_type.name


def verdict(name: str, accepted: str, now: str, **terms: Term) -> tuple[str | None, int | None]:
    found = judge(BY_NAME[name].code, ms(accepted), terms=terms_of(terms), now_ms=ms(now))
    return found.rule, found.due_at


def test_before_the_term_is_over_there_is_a_rule_and_a_date_and_then_none() -> None:
    accepted, due = "2026-11-20T09:30:00+00:00", "2046-11-21T00:00:00+08:00"
    assert verdict("business.event", accepted, "2046-11-20T23:59:59+08:00") == ("RET-01", ms(due))
    assert verdict("business.event", accepted, due) == (None, ms(due))


def test_a_class_without_a_term_erases_nothing_until_one_is_set() -> None:
    far = "2126-11-20T00:00:00+00:00"
    assert verdict("pilot.event", "2026-11-20T09:30:00+00:00", far) == ("RET-02", None)
    rule, due = verdict("pilot.event", "2026-11-20T09:30:00+00:00", far, pilot=Term(60, "WG decision 2026-3"))
    assert (rule, due) == (None, ms("2031-11-21T00:00:00+08:00"))


@pytest.mark.parametrize("name", [each.name for each in RECORD_TYPES if not each.submittable])
def test_records_of_the_service_itself_are_never_erased(name: str) -> None:
    assert verdict(name, "2026-11-20T09:30:00+00:00", "2226-11-20T00:00:00+00:00") == ("RET-03", None)


def test_a_setting_may_lengthen_a_term_and_not_shorten_the_laws() -> None:
    assert terms_of({"register": Term(360, "articles")})["register"].months == 360
    with pytest.raises(BadTerm, match="less than the 240"):
        terms_of({"register": Term(YEARS_20 - 1, "wish")})
    with pytest.raises(BadTerm, match="no such class"):
        terms_of({"registre": Term(YEARS_20, "typo")})


def test_a_term_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(BadTerm):
        due_at(ms("2026-11-20T09:30:00+00:00"), 12_000 * 12)
