"""Decisions, one by one."""

import pytest

from services.evidence.rules import Grade, anchor_due, grade_of, quorum_met, retry_due, statements_suffice, status_of
from services.platform.failpoints import POINTS, armed


@pytest.mark.parametrize(
    ("witnessed", "anchored", "attested", "expected"),
    [
        (False, False, False, Grade.SEALED),
        (True, False, False, Grade.WITNESSED),
        (True, False, True, Grade.WITNESSED),
        (False, True, False, Grade.ANCHORED),
        (False, True, True, Grade.ANCHORED),
        (True, True, False, Grade.ANCHORED_WITNESSED),
        (True, True, True, Grade.FINAL),
    ],
)
def test_the_grade_of_a_checkpoint(*, witnessed: bool, anchored: bool, attested: bool, expected: Grade) -> None:
    assert grade_of(witnessed=witnessed, anchored=anchored, attested=attested) is expected


def test_every_grade_has_a_status_and_only_the_highest_is_final() -> None:
    assert [status_of(grade) for grade in (None, *Grade)] == [
        "accepted",
        "sealed",
        "witnessed",
        "anchored",
        "anchored",
        "final",
    ]


def test_a_quorum_counts_different_witnesses_by_role() -> None:
    quorum = {"regulator": 1, "auditor": 2}
    assert quorum_met(["auditor", "regulator", "auditor"], quorum)
    assert not quorum_met(["auditor", "regulator"], quorum)
    assert quorum_met([], {})


def test_an_empty_log_needs_every_witness_a_full_one_the_quorum() -> None:
    configured = {"a": "regulator", "b": "auditor"}
    assert statements_suffice({"a"}, configured, {"regulator": 1}, empty=False)
    assert not statements_suffice({"a"}, configured, {"regulator": 1}, empty=True)
    assert statements_suffice({"a", "b"}, configured, {"regulator": 1}, empty=True)
    assert not statements_suffice(set(), configured, {"regulator": 1}, empty=False)


def test_an_anchor_is_due_after_the_interval_or_many_leaves_and_never_without_leaves() -> None:
    due = {"interval_ms": 15_000, "leaves": 10_000}
    assert not anchor_due(elapsed_ms=99_999, waiting=0, **due)
    assert not anchor_due(elapsed_ms=14_999, waiting=9_999, **due)
    assert anchor_due(elapsed_ms=15_000, waiting=1, **due)
    assert anchor_due(elapsed_ms=0, waiting=10_000, **due)


def test_a_refused_anchor_is_retried_ever_more_slowly_up_to_a_bound() -> None:
    waits = [
        next(ms for ms in range(0, 300_000, 1_000) if retry_due(elapsed_ms=ms, attempts=attempts, interval_ms=1_000))
        for attempts in (1, 2, 3, 9, 50)
    ]
    assert waits == [1_000, 2_000, 4_000, 256_000, 256_000]


def test_a_misspelt_failpoint_stops_the_process_at_its_start() -> None:
    with pytest.raises(ValueError, match="no such failpoint"):
        armed({"REGSEAL_FAILPOINT": "sequencer.befor-commit"})
    assert armed({}) is armed({"REGSEAL_FAILPOINT": ""})
    assert callable(armed({"REGSEAL_FAILPOINT": f"{POINTS[0]}:3"}))
