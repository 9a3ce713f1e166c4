import io
import json
import threading
from functools import partial

import pytest

from services.platform import errors, logging, metrics
from services.platform.clock import FixedClock
from services.platform.errors import RegsealError, Unavailable
from services.platform.jobs import Jobs, Rest
from tests.waiting import until


def test_a_failing_job_is_counted_and_runs_again() -> None:
    jobs = Jobs(FixedClock())
    outcomes = iter([KeyError(), Unavailable("busy"), None])

    def work() -> None:
        error = next(outcomes)
        if error is not None:
            raise error

    jobs.add("test.failing", 60, work)
    jobs._guarded("test.failing")
    jobs._guarded("test.failing")
    assert (jobs.states()["test.failing"].failures, jobs.states()["test.failing"].last_error) == (2, "busy")
    jobs._guarded("test.failing")
    assert jobs.states()["test.failing"] == jobs.states()["test.failing"].__class__(last_ok_ms=FixedClock().ms())
    assert 'regseal_job_runs_total{job="test.failing",result="failed"} 2.0' in metrics.render().decode()


def test_a_job_with_more_to_do_runs_again_until_it_has_none() -> None:
    jobs, more = Jobs(FixedClock()), [True, True, False, True]
    jobs.add("test.more", 3_600, lambda: more.pop(0))
    jobs._guarded("test.more")
    assert more == [True]
    jobs.stop()
    jobs._guarded("test.more")
    assert not more, "a last time, and not again, whatever it says"


def test_jobs_that_hang_hold_up_no_other_job() -> None:
    """Two silent chains are five hanging jobs; lease and seals must go on."""
    jobs, release, ran = Jobs(FixedClock()), threading.Event(), threading.Event()
    hanging: set[int] = set()

    def hang(number: int) -> None:
        hanging.add(number)
        assert release.wait(150)

    for number in range(12):
        jobs.add(f"hanging-{number}", 0.01, partial(hang, number))
    jobs.add("lease", 0.01, ran.set)
    jobs.start()
    try:
        until(lambda: len(hanging) == 12)
        ran.clear()
        assert ran.wait(60)
    finally:
        release.set()
        jobs.stop()


def test_a_job_that_rests_runs_as_often_as_it_must_and_at_once_when_there_is_work() -> None:
    jobs, ran, idle, now = Jobs(FixedClock()), list[float](), [True], [10.0]
    rest = Rest(lambda: idle[0], 2.0, lambda: now[0])
    jobs.add("test.resting", 60, lambda: ran.append(now[0]), resting=rest)

    def tick() -> None:
        now[0] += 0.5
        jobs._guarded("test.resting")

    for _ in range(9):
        tick()
    assert ran == [10.5, 12.5, 14.5]
    idle[0] = False
    tick()
    tick()
    assert ran[3:] == [15.0, 15.5]
    idle[0] = True
    tick()
    jobs.run("test.resting")  # whoever runs it by name means it
    assert ran[5:] == [16.0]


def test_two_jobs_cannot_have_one_name() -> None:
    jobs = Jobs(FixedClock())
    jobs.add("test.same", 60, lambda: None)
    with pytest.raises(ValueError, match="exists"):
        jobs.add("test.same", 60, lambda: None)


def test_a_log_line_is_json_with_the_request_and_without_secrets() -> None:
    stream = io.StringIO()
    logging.configure("info", stream)
    token = logging.REQUEST_ID.set("req_1")
    logging.get_logger("test").info("submitted", record={"a": 1}, token="rgs_x", size=3)
    logging.REQUEST_ID.reset(token)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["request_id"], line["size"], line["component"]) == ("submitted", "req_1", 3, "test")
    assert line["record"] == line["token"] == "[not logged]"


def test_labels_known_beforehand_have_a_value_from_the_start() -> None:
    failure = ("http://node.example:8545", "timeout")
    metrics.initialise(chains=["a-new-chain"], roles=["a-new-role"], endpoints=[failure])
    text = metrics.render().decode()
    for line in (
        'regseal_witness_cosign_total{result="accepted",role="a-new-role"} 0.0',
        'regseal_tx_resubmit_total{chain="a-new-chain"} 0.0',
        'regseal_event_cursor_block{stream="a-new-chain"} 0.0',
        'regseal_tx_rejected_total{reason="reverted"} ',
        'regseal_rpc_errors_total{endpoint="http://node.example:8545",kind="timeout"} 0.0',
        'regseal_forged_rows_total{table="tokens"} ',
        'regseal_identity_mismatch{check="schema"} ',
    ):
        assert f"\n{line}" in text


def test_every_error_has_a_slug_and_a_status() -> None:
    made = [
        errors.Invalid("/a", "x"),
        errors.RuleRefused("REM-10", "x"),
        errors.Unauthenticated(),
        errors.Forbidden("x"),
        errors.NotFound("x"),
        errors.Conflict("x"),
        errors.IdempotencyKeyReused(),
        errors.TooLarge(1),
        errors.RateLimited(1),
        errors.Unavailable("busy"),
        errors.LeaseLost("writer"),
        errors.StartRefused("x"),
    ]
    assert all(isinstance(each, RegsealError) for each in made)
    assert {each.slug: each.status for each in made} == {
        "invalid": 422,
        "rule-refused": 409,
        "unauthenticated": 401,
        "forbidden": 403,
        "not-found": 404,
        "conflict": 409,
        "idempotency-key-reused": 422,
        "too-large": 413,
        "rate-limited": 429,
        "busy": 503,
        "lease-lost": 503,
        "start-refused": 500,
    }
