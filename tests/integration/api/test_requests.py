"""Bad input gets a problem that names the field, the rule and its source; good input repeated is done once."""

import json
import re
import socket
import sys
from io import StringIO
from typing import Any

import pytest

from api.limits import RateLimiter
from chain.proof.canonical import parse_json
from services.platform import metrics
from services.platform.logging import configure
from services.platform.settings import RateLimits
from tests.integration.api.conftest import Market
from tests.serving import serving
from tests.waiting import until

BAD_BODIES = {
    "not JSON": "{",
    "duplicate key": '{"log":"x","log":"x","record":{}}',
    "float": '{"log":"x","record":{"body":{"a":1.5}}}',
    "NaN": '{"log":"x","record":{"body":{"a":NaN}}}',
    "huge number": '{"log":"x","record":{"body":{"a":1%s}}}' % ("0" * 400),
    "lone surrogate": '{"log":"x","record":{"body":{"a":"\\ud800"}}}',
    "deep": "[" * 2_000,
    "no object": "[]",
    "unknown member": '{"log":"x","record":{},"extra":1}',
    "log is a number": '{"log":1,"record":{}}',
    "signature is no hex": '{"log":"x","record":{},"signature":"0xZZ"}',
}


def problem(answer: Any, status: int, slug: str) -> dict[str, Any]:
    assert answer.status_code == status, (answer.status_code, answer.text)
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["type"] == f"urn:regseal:problem:{slug}"
    assert body["status"] == status
    assert body["detail"]
    return body


@pytest.mark.parametrize("body", BAD_BODIES.values(), ids=BAD_BODIES.keys())
def test_malformed_submissions_are_refused_and_change_nothing(market: Market, body: str) -> None:
    before = market.anyone.get(f"/v1/logs/{market.a.log}").json()["size"]
    answer = market.a.client.post("/v1/records", content=body.encode(), headers={"Content-Type": "application/json"})
    refused = problem(answer, 422, "malformed")
    assert "source" in refused
    assert market.anyone.get(f"/v1/logs/{market.a.log}").json()["size"] == before


@pytest.mark.parametrize("bomb", [b"[" * 200_000, b'{"a":' * 50_000], ids=["arrays", "objects"])
def test_deeply_nested_json_of_a_stranger_is_refused_and_does_not_end_the_process(market: Market, bomb: bytes) -> None:
    assert sys.getrecursionlimit() <= 1_000  # py_ecc raises it to what no stack holds
    json_type = {"Content-Type": "application/json"}
    problem(market.anyone.post("/v1/bootstrap", content=bomb, headers=json_type), 400, "bad-request")
    problem(market.a.client.post("/v1/records", content=bomb, headers=json_type), 422, "malformed")


def test_record_rules_name_the_field(market: Market) -> None:
    post, a = market.a.client.post, market.a
    for changes, field in (
        ({"type": "no.such"}, "type"),
        ({"type": "log.opening"}, "type"),
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"occurred_at": "yesterday"}, "occurred_at"),
        ({"actor": "ins_" + "0" * 32}, "actor"),
        ({"body": {}}, "body"),
    ):
        answer = post("/v1/records", json={"log": a.log, "record": a.record(**changes)})
        assert answer.status_code in (403, 422), (changes, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        assert field in json.dumps(answer.json()), (changes, answer.text)


def test_one_idempotency_key_makes_one_record(market: Market) -> None:
    body, key = {"log": market.a.log, "record": market.a.record()}, {"Idempotency-Key": "转让-1".encode().hex()}
    first = market.a.client.post("/v1/records", json=body, headers=key)
    again = market.a.client.post("/v1/records", json=body, headers=key)
    assert again.json()["acknowledgement"] == first.json()["acknowledgement"]
    assert again.headers["idempotency-replayed"] == "true"
    other = {"log": market.a.log, "record": market.a.record(subject="another")}
    problem(market.a.client.post("/v1/records", json=other, headers=key), 422, "idempotency-key-reused")
    mine = market.b.client.post("/v1/records", json={"log": market.b.log, "record": market.b.record()}, headers=key)
    assert mine.status_code == 201
    assert mine.json()["id"] != first.json()["id"]


def test_commands_are_asked_once(market: Market) -> None:
    key = {"Idempotency-Key": "rotation-2026"}
    path, body = f"/v1/logs/{market.a.log}/rotation", {"reason": "yearly"}
    first, again = (market.a.client.post(path, json=body, headers=key).json() for _ in range(2))
    assert first["id"] == again["id"]
    key = {"Idempotency-Key": "token-1"}
    one, two = (market.a.client.post("/v1/tokens", json={"name": "t", "roles": ["reader"]}, headers=key) for _ in "ab")
    assert one.json()["id"] == two.json()["id"]
    assert one.json()["secret"]
    assert two.json()["secret"] is None


def test_wrong_shapes_name_every_field(market: Market) -> None:
    answer = market.a.client.post("/v1/tokens", json={"name": "", "roles": [], "surplus": 1})
    refused = problem(answer, 422, "invalid-request")
    assert {error["field"] for error in refused["errors"]} == {"/name", "/roles", "/surplus"}


def test_sizes_methods_and_places_that_are_not(market: Market) -> None:
    a = market.a.client
    problem(a.post("/v1/records", content=b"x" * 300_000), 413, "request-entity-too-large")
    problem(a.post("/v1/records", content=(b"x" * 10_000 for _ in range(40))), 413, "request-entity-too-large")
    problem(a.get("/v1/nowhere"), 404, "not-found")
    problem(a.put("/v1/records"), 405, "method-not-allowed")
    problem(a.get("/v1/records/rec_" + "0" * 32), 404, "not-found")
    problem(a.get(f"/v1/logs/{market.a.log}/tile/0/0"), 422, "malformed")
    problem(a.get(f"/v1/logs/{market.a.log}/consistency?from=0&to=10000"), 422, "invalid")
    problem(a.post(f"/v1/logs/{market.a.log}/heads", content=b"\xff"), 422, "malformed")


def test_a_token_that_is_revoked_or_unknown_opens_nothing(market: Market) -> None:
    issued = market.a.client.post("/v1/tokens", json={"name": "short", "roles": ["reader"]}).json()
    bearer = {"Authorization": f"Bearer {issued['secret']}"}
    assert market.anyone.get("/v1/records", headers=bearer).status_code == 200
    assert market.a.client.delete(f"/v1/tokens/{issued['id']}").status_code == 200
    problem(market.anyone.get("/v1/records", headers=bearer), 401, "unauthenticated")
    problem(market.anyone.get("/v1/records", headers={"Authorization": "Bearer nonsense"}), 401, "unauthenticated")


def test_lists_are_paged_and_stable_under_inserts(market: Market) -> None:
    ids = [market.a.submit(subject=f"证券 {number}")["id"] for number in range(5)]
    wanted: dict[str, Any] = {"limit": 2, "log": market.a.log}
    first = market.a.client.get("/v1/records", params=wanted).json()
    ids.append(market.a.submit(subject="late")["id"])
    seen, cursor = [item["id"] for item in first["items"]], first["next"]
    while cursor:
        page = market.a.client.get("/v1/records", params={**wanted, "cursor": cursor}).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen[-6:] == ids
    assert len(seen) == len(set(seen))


def test_every_answer_has_a_request_id_and_logs_hold_no_body(market: Market) -> None:
    told = StringIO()
    configure("info", told)
    answer = market.a.client.get("/v1/records", headers={"X-Request-Id": "my-id.1"})
    assert answer.headers["x-request-id"] == "my-id.1"
    odd = market.a.client.get("/v1/records", headers={"X-Request-Id": "bad id\x07"})
    assert re.fullmatch(r"[0-9a-f]{32}", odd.headers["x-request-id"])
    market.a.submit(subject="CANARY-张三-110101199003078515", body={"name": "CANARY-NAME"})
    configure()
    assert told.getvalue().count('"/v1/records"') == 3
    assert "my-id.1" in told.getvalue()
    assert "CANARY" not in told.getvalue()


def test_private_receipts_open_the_record_and_public_ones_do_not(market: Market) -> None:
    done = market.a.submit(subject="秘密的标的")
    market.house.services.evidence.sealer.run()
    public = market.a.client.get(f"/v1/records/{done['id']}/receipt")
    private = market.a.client.get(f"/v1/records/{done['id']}/receipt?form=private")
    assert "秘密的标的" not in public.text
    assert "秘密的标的" in private.text
    parsed: Any = parse_json(private.content, max_bytes=1 << 20)
    assert parsed["record"]["document"]["body"]["units"] == "120000"


def refused_at_last(client: Any, headers: dict[str, str] | None = None) -> list[Any]:
    """Asks until it is too often: after three, or one or two more when a minute of the clock ends meanwhile."""
    answers = [client.get("/v1/records", headers=headers) for _ in range(3)]
    while answers[-1].status_code != 429 and len(answers) < 30:
        answers.append(client.get("/v1/records", headers=headers))
    assert len(answers) > 3
    return answers


def test_an_institution_that_asks_too_often_waits_and_others_do_not(market: Market) -> None:
    app: Any = market.anyone.app
    usual = app.state.limiter
    app.state.limiter = RateLimiter(RateLimits(reads_per_minute=3, writes_per_minute=3, public_per_minute=3))
    try:
        answers = refused_at_last(market.a.client)
        assert {answer.status_code for answer in answers[:-1]} == {200}
        refused = problem(answers[-1], 429, "rate-limited")
        assert int(answers[-1].headers["retry-after"]) == refused["retry_after"] >= 1
        assert market.b.client.get("/v1/records").status_code == 200
        guesses = refused_at_last(market.anyone, {"Authorization": "Bearer guess"})
        assert {answer.status_code for answer in guesses[:-1]} == {401}
    finally:
        app.state.limiter = usual


def test_a_wait_is_as_long_as_granted_and_said(market: Market) -> None:
    (ended, *_) = market.a.client.get("/v1/operations", params={"state": "final"}).json()["items"]
    address = f"/v1/operations/{ended['id']}"
    answer = market.a.client.get(address, headers={"Prefer": "wait=5000"})
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=600")
    assert "preference-applied" not in market.a.client.get(address).headers
    submitted = market.a.client.post(
        "/v1/records", json={"log": market.a.log, "record": market.a.record()}, headers={"Prefer": "wait=1"}
    )
    assert (submitted.status_code, submitted.headers["preference-applied"]) == (201, "wait=1")


def test_a_wait_ends_when_its_client_has_gone(market: Market) -> None:
    """The record becomes final in no time that is waited for here: nobody carries its head to the chain."""
    assert market.house.services.settings.max_wait_seconds == 600
    record = market.a.submit()["id"]
    counted = metrics.HTTP_REQUESTS.labels("/v1/records/{record_id}", "200")
    before = counted._value.get()
    with serving(market.anyone.app) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            token = market.a.client.headers["Authorization"]
            head = f"GET /v1/records/{record} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nPrefer: wait=600\r\n\r\n"
            client.sendall(head.encode())
        until(lambda: counted._value.get() > before)
