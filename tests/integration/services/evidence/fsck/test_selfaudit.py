"""The service examines itself: what is new and a part of the rest; findings are a metric and an error in the log."""

from collections.abc import Iterator, Mapping

import pytest

from services.evidence.fsck.findings import Report
from services.evidence.fsck.selfaudit import SelfAudit
from services.evidence.fsck.tree import RANGE
from services.fsck import Scope, self_audit
from services.platform import metrics
from services.platform.clock import FixedClock
from services.platform.logging import configure
from tests.integration.services.evidence.fsck.store import Copy


@pytest.fixture(autouse=True)
def log_as_before() -> Iterator[None]:
    """Whatever stream a test logged to is closed when it ends."""
    yield
    configure("info")


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"regseal_{name}", labels) or 0.0


def test_a_clean_run_sets_the_time_of_the_last_good_one(copy: Copy, clock: FixedClock) -> None:
    self_audit(copy.settings, clock, lambda: {copy.store.origin: copy.store.size}).run()
    assert value("selfaudit_last_ok_epoch") == clock.ms() / 1000


def test_what_is_found_is_counted_and_logged_and_no_good_run(
    copy: Copy, clock: FixedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("info")  # to this test's standard error
    copy.reseal(copy.store.index, units="999999")
    before = value("selfaudit_mismatch_total", kind="leaf"), value("selfaudit_last_ok_epoch")
    clock.advance(seconds=60)
    self_audit(copy.settings, clock, lambda: {copy.store.origin: copy.store.size}).run()
    assert value("selfaudit_mismatch_total", kind="leaf") == before[0] + 1
    assert value("selfaudit_last_ok_epoch") == before[1]
    told = capfd.readouterr()
    assert "selfaudit_mismatch" in told.out + told.err
    assert "999999" not in told.out + told.err


def test_the_next_run_examines_what_came_since_and_some_of_the_rest(clock: FixedClock) -> None:
    asked: list[Scope] = []
    sizes: dict[str, int] = {"a.example/log": 20 * RANGE}

    def examine(scope: Scope) -> Report:
        asked.append(scope)
        return Report()

    def known() -> Mapping[str, int]:
        return sizes

    audit = SelfAudit(clock, sizes=known, examine=examine)
    audit.run()
    assert [(one.first, one.end) for one in asked] == [(0, 20 * RANGE)]
    asked.clear()
    sizes["a.example/log"] += 5
    audit.run()
    *sample, new = asked
    assert (new.first, new.end) == (20 * RANGE, 20 * RANGE + 5)
    assert 1 <= len(sample) <= 8
    assert all(one.first % RANGE == 0 and one.end == one.first + RANGE <= 20 * RANGE for one in sample)


def test_it_runs_soon_after_the_start_and_then_once_a_day(clock: FixedClock) -> None:
    asked: list[Scope] = []

    def examine(scope: Scope) -> Report:
        asked.append(scope)
        return Report()

    audit = SelfAudit(clock, sizes=lambda: {"a.example/log": 1}, examine=examine)
    for hours, runs in ((0, 1), (23, 1), (1, 2), (1, 2)):
        clock.advance(seconds=3_600 * hours)
        audit.run_when_due()
        assert len(asked) == runs


def test_what_was_not_clean_is_examined_again(clock: FixedClock, copy: Copy) -> None:
    asked: list[Scope] = []
    copy.do("DELETE FROM records WHERE id = (SELECT record_id FROM leaves WHERE idx = :at)", at=copy.store.index)
    report = copy.fsck()

    def examine(scope: Scope) -> Report:
        asked.append(scope)
        return report

    audit = SelfAudit(clock, sizes=lambda: {"a": 9}, examine=examine)
    audit.run()
    audit.run()
    assert [one.first for one in asked] == [0, 0]
