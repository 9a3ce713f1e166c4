"""What an operator's graphs show: each submission is counted once, as accepted or as refused and why."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.integration.api.conftest import Market

ACCEPTED = 'regseal_records_accepted_total{log="wanqu.example/register"}'
REFUSED = {
    name: f'regseal_records_refused_total{{reason="{name}"}}' for name in ("invalid", "forbidden", "unavailable")
}

pytestmark = pytest.mark.one_database


def counters(market: Market) -> dict[str, float]:
    lines = market.anyone.get("/metrics").text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if line.startswith("regseal_records_"))
    names = {"accepted": ACCEPTED, **REFUSED}
    return {name: float(values.get(line, 0)) for name, line in names.items()}


def post(market: Market, **changes: Any) -> Any:
    body = {"log": market.a.log, "record": market.a.record(**changes)}
    return market.a.client.post("/v1/records", json=body)


def closed(market: Market) -> Any:
    (check,) = [one for one in market.house.services.evidence.gate.states().values() if one.origin.startswith("wanqu")]
    check.behind = "a test"
    try:
        return post(market)
    finally:
        check.behind = None


REFUSALS: dict[str, tuple[Callable[[Market], Any], int]] = {
    "invalid": (lambda market: post(market, subject=""), 422),
    "forbidden": (lambda market: post(market, actor=market.b.caller.institution_id), 403),
    "unavailable": (closed, 503),
}


@pytest.mark.parametrize("reason", REFUSALS)
def test_a_refused_submission_is_counted_under_its_reason(market: Market, reason: str) -> None:
    act, status = REFUSALS[reason]
    before = counters(market)
    assert act(market).status_code == status
    assert counters(market) == before | {reason: before[reason] + 1}


def test_a_malformed_body_and_an_unknown_log_are_counted_as_invalid(market: Market) -> None:
    before = counters(market)
    assert market.a.client.post("/v1/records", content=b"{").status_code == 422
    body = {"log": "log_" + "0" * 32, "record": market.a.record()}
    assert market.a.client.post("/v1/records", json=body).status_code == 404
    assert counters(market) == before | {"invalid": before["invalid"] + 2}


def test_an_accepted_record_is_counted_once_however_often_it_is_sent(market: Market) -> None:
    before = counters(market)
    body, key = {"log": market.a.log, "record": market.a.record()}, {"Idempotency-Key": "counted"}
    for _ in range(3):
        assert market.a.client.post("/v1/records", json=body, headers=key).status_code == 201
    assert counters(market) == before | {"accepted": before["accepted"] + 1}


def test_a_stranger_is_no_submitter(market: Market) -> None:
    before = counters(market)
    body = {"log": market.a.log, "record": market.a.record()}
    assert market.anyone.post("/v1/records", json=body).status_code == 401
    assert counters(market) == before
