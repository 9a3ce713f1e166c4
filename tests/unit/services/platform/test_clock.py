from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.platform.clock import FixedClock, SystemClock, from_ms, rfc3339, to_ms


def test_the_clock_stands_still_while_the_machines_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([2_000_000_000, 1_000_000_000, 3_000_000_000])
    monkeypatch.setattr("services.platform.clock.time.time_ns", lambda: next(moments))
    clock = SystemClock()
    assert [clock.ms(), clock.ms(), clock.ms()] == [2_000, 2_000, 3_000]


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_survive_the_way_through_a_datetime(ms: int) -> None:
    assert to_ms(from_ms(ms)) == ms
    assert to_ms(datetime.fromisoformat(rfc3339(ms))) == ms


def test_a_time_has_three_decimals_and_a_z() -> None:
    assert rfc3339(to_ms(datetime(2026, 11, 20, 9, 30, tzinfo=UTC)) + 7) == "2026-11-20T09:30:00.007Z"


def test_other_zones_are_converted_and_naive_times_refused() -> None:
    shanghai = timezone(timedelta(hours=8))
    assert to_ms(datetime(2026, 1, 1, 8, tzinfo=shanghai)) == to_ms(datetime(2026, 1, 1, tzinfo=UTC))
    with pytest.raises(ValueError, match="zone"):
        to_ms(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_fixed_clock_moves_only_forward() -> None:
    clock = FixedClock()
    before = clock.ms()
    clock.advance(seconds=1, ms=5)
    assert clock.ms() == before + 1005
    with pytest.raises(ValueError, match="back"):
        clock.advance(seconds=-1)
