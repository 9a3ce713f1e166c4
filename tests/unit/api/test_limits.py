"""A sliding minute: so many requests at once, then as many as slide out, each caller and kind for itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.limits import RateLimiter, network_of
from services.platform import metrics
from services.platform.errors import RateLimited
from services.platform.settings import RateLimits


class Limited:
    """A limiter of three writes a minute, and its clock."""

    def __init__(self, limit: int = 3) -> None:
        self.ms = 7 * 60_000
        self.limiter = RateLimiter(RateLimits(writes_per_minute=limit, reads_per_minute=limit), lambda: self.ms)

    def takes(self, who: str = "a", kind: str = "write") -> int:
        """0 when the request is taken, else the seconds to wait."""
        try:
            self.limiter.take(kind, who)
        except RateLimited as refused:
            return int(refused.extra["retry_after"])
        return 0


def test_callers_and_kinds_do_not_use_up_each_others_allowance() -> None:
    limited = Limited()
    assert [limited.takes() for _ in range(4)] == [0, 0, 0, 61]
    assert limited.takes("b") == 0
    assert limited.takes("a", "read") == 0


def test_the_last_minute_slides_out_of_the_present_one() -> None:
    limited = Limited()
    limited.ms += 59_000
    assert [limited.takes() for _ in range(3)] == [0, 0, 0]
    limited.ms += 1_000  # the next minute: still all of the last one counts
    assert limited.takes() == 1
    limited.ms += 20_001  # a third of it is gone
    assert [limited.takes() for _ in range(3)] == [0, 0, 20]
    limited.ms += 120_000
    assert [limited.takes() for _ in range(4)] == [0, 0, 0, 40]


@given(st.lists(st.integers(min_value=0, max_value=30_000), min_size=1, max_size=80), st.integers(1, 9))
def test_who_waits_as_long_as_told_is_taken_and_no_minute_has_twice_the_limit(pauses: list[int], limit: int) -> None:
    limited, taken = Limited(limit), list[int]()
    for pause in pauses:
        limited.ms += pause
        if wait := limited.takes():
            limited.ms += wait * 1_000
            assert limited.takes() == 0
        taken.append(limited.ms)
    for moment in taken:
        assert sum(moment - 60_000 < each <= moment for each in taken) <= 2 * limit


def test_a_refusal_is_counted() -> None:
    counter, limited = metrics.RATE_LIMITED.labels("write"), Limited(1)
    before = counter._value.get()
    assert [bool(limited.takes()) for _ in range(3)] == [False, True, True]
    assert counter._value.get() == before + 2


@pytest.mark.parametrize(
    ("host", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_under_what_an_address_is_counted(host: str, network: str) -> None:
    assert network_of(host) == network
