from hypothesis import given
from hypothesis import strategies as st

from chain.node.timing import LEAD, next_timestamp, wait_seconds

SECONDS = st.integers(min_value=0, max_value=2**40)


@given(parent=SECONDS, now=SECONDS)
def test_timestamps_strictly_increase_and_are_the_clock_s_where_they_can_be(parent: int, now: int) -> None:
    timestamp = next_timestamp(parent, now)
    assert timestamp > parent
    assert timestamp >= now
    assert timestamp == now or timestamp == parent + 1


def test_a_short_burst_waits_for_nothing() -> None:
    assert [wait_seconds(1000 + ahead, 1000, 0.0) for ahead in range(LEAD)] == [0.0] * LEAD


def test_under_load_blocks_come_once_a_second_and_stay_near_the_clock() -> None:
    parent, now, since = 1000, 1000.0, 0.0
    for _ in range(500):
        waited = max(wait_seconds(parent, int(now), since), 0.1)
        now, since = now + waited, 0.0
        parent = next_timestamp(parent, int(now))
        assert parent - now <= LEAD + 1


def test_after_the_clock_was_set_back_time_goes_on_by_seconds() -> None:
    hour_ahead = 4600
    assert next_timestamp(hour_ahead, 1000) == hour_ahead + 1
    assert wait_seconds(hour_ahead, 1000, 0.25) == 0.75
    assert wait_seconds(hour_ahead, 1000, 5.0) == 0.0
