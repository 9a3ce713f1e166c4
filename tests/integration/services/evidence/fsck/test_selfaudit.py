"""The service examines itself: what is new and a part of the rest; findings are a metric and an error in the log."""

from collections.abc import Iterator, Mapping

import pytest

from services.evidence.examinations.service import Examination, Place
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


class Kept:
    """What the house log would hold. ``shut``: it takes nothing."""

    def __init__(self, *, shut: bool = False) -> None:
        self.shut = shut
        self.done: list[Examination] = []

    def places(self) -> Mapping[str, Place]:
        clean = {one.origin: one.at for one in self.done if one.outcome == "clean"}
        return {one.origin: Place(one.reached, one.at, clean.get(one.origin)) for one in self.done}

    def keep(self, done: Examination) -> bool:
        if not self.shut:
            self.done.append(done)
        return not self.shut


def value(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"regseal_{name}", labels) or 0.0


def test_a_clean_run_sets_the_time_of_the_last_good_one(copy: Copy, clock: FixedClock) -> None:
    kept = Kept()
    self_audit(copy.settings, clock, lambda: {copy.store.origin: copy.store.size}, kept).run()
    assert value("selfaudit_last_ok_epoch") == clock.ms() / 1000
    (done,) = kept.done
    assert (done.outcome, done.leaves, done.reached) == ("clean", copy.store.size, copy.store.size)


def test_what_is_found_is_counted_and_logged_and_no_good_run(
    copy: Copy, clock: FixedClock, capfd: pytest.CaptureFixture[str]
) -> None:
    configure("info")  # to this test's standard error
    copy.reseal(copy.store.index, units="999999")
    before = value("selfaudit_mismatch_total", kind="leaf")
    clock.advance(seconds=60)
    kept = Kept()
    self_audit(copy.settings, clock, lambda: {copy.store.origin: copy.store.size}, kept).run()
    assert value("selfaudit_mismatch_total", kind="leaf") == before + 1
    assert value("selfaudit_last_ok_epoch") == 0, "this log was never found clean"
    (done,) = kept.done
    assert (done.outcome, done.reached, done.body()["findings"]) == ("findings", 0, 1)
    assert "999999" not in str(done.body())
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

    audit = SelfAudit(clock, sizes=known, examine=examine, keeper=Kept())
    audit.run()
    assert [(one.first, one.end) for one in asked] == [(0, 20 * RANGE)]
    asked.clear()
    sizes["a.example/log"] += 5
    audit.run()
    *sample, new = asked
    assert (new.first, new.end) == (20 * RANGE, 20 * RANGE + 5)
    assert 1 <= len(sample) <= 8
    assert all(one.first % RANGE == 0 and one.end == one.first + RANGE <= 20 * RANGE for one in sample)


@pytest.mark.parametrize("shut", [False, True])
def test_each_log_is_examined_once_a_day_restarts_or_not(clock: FixedClock, *, shut: bool) -> None:
    asked: list[Scope] = []
    kept = Kept(shut=shut)

    def examine(scope: Scope) -> Report:
        asked.append(scope)
        return Report()

    audit = SelfAudit(clock, sizes=lambda: {"a.example/log": 1}, examine=examine, keeper=kept)
    for hours, runs in ((0, 1), (23, 1), (1, 2), (1, 2)):
        clock.advance(seconds=3_600 * hours)
        audit.run_when_due()
        assert len(asked) == runs
        if not shut:  # another process of the installation
            audit = SelfAudit(clock, sizes=lambda: {"a.example/log": 1}, examine=examine, keeper=kept)


def test_what_was_not_clean_is_examined_again(clock: FixedClock, copy: Copy) -> None:
    asked: list[Scope] = []
    copy.do("DELETE FROM records WHERE id = (SELECT record_id FROM leaves WHERE idx = :at)", at=copy.store.index)
    report, kept = copy.fsck(), Kept()

    def examine(scope: Scope) -> Report:
        asked.append(scope)
        return report

    for _ in range(2):
        SelfAudit(clock, sizes=lambda: {"a": 9}, examine=examine, keeper=kept).run()
    assert [one.first for one in asked] == [0, 0]
