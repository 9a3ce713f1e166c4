"""Uploads over HTTP: a stream of any length, answered when it is durable; problems by line; only one's own."""

import json
from collections.abc import Iterator
from typing import Any

from tests.integration.api.conftest import Market, Member


def line(member: Member, number: int) -> bytes:
    record = member.record(subject=f"证券 {number % 5}", body={"no": str(number), "note": "协" * 200})
    return json.dumps({"record": record}, ensure_ascii=False).encode() + b"\n"


def begin(member: Member, **options: Any) -> dict[str, Any]:
    answer = member.client.post("/v1/uploads", json={"log": member.log, **options})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_long_stream_is_taken_acknowledged_and_accounted_for(market: Market) -> None:
    a, upload = market.a, begin(market.a)
    path = f"/v1/uploads/{upload['id']}"

    def stream() -> Iterator[bytes]:
        for number in range(1_200):
            yield line(a, number) if number != 700 else b'{"record": {"type": 1.5}}\n'

    answer = a.client.put(f"{path}/lines", content=stream())
    assert answer.status_code == 200, answer.text
    done = answer.json()
    assert done == a.client.get(path).json()
    assert (done["status"], done["lines"], done["accepted"], done["rejected"]) == ("open", 1_200, 1_199, 1)
    assert done["position"] > 300_000  # more than another request's body may have
    seen, cursor = [], None
    while True:
        page = a.client.get(f"{path}/outcomes", params={"limit": 500, **({"cursor": cursor} if cursor else {})}).json()
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [item["line"] for item in seen] == list(range(1, 1_201))
    (bad,) = [item for item in seen if item["status"] == "rejected"]
    assert a.client.get(f"{path}/outcomes", params={"status": "rejected"}).json()["items"] == [bad]
    assert (bad["line"], bad["type"], bad["field"]) == (701, "urn:regseal:problem:malformed", "/record/type")
    record = a.client.get(f"/v1/records/{seen[-1]['id']}").json()
    assert (record["index"], record["record"]["body"]["no"]) == (seen[-1]["index"], "1199")
    chunks = a.client.get(f"{path}/acknowledgements").json()["items"]
    assert [chunk["lines"] for chunk in chunks] == [1_000, 200]
    assert chunks[0]["acknowledgement"].startswith("regseal/ack@v1\nwanqu.example/register\n")
    assert a.client.post(f"{path}/complete").json()["status"] == "complete"
    again = a.client.post(f"{path}/abort")
    assert (again.status_code, again.json()["type"]) == (409, "urn:regseal:problem:upload-moved")


def test_the_same_bytes_again_and_others(market: Market) -> None:
    a, upload = market.a, begin(market.a)
    path, data = f"/v1/uploads/{upload['id']}/lines", line(market.a, 1) + line(market.a, 2)
    first = a.client.put(path, content=data).json()
    assert a.client.put(path, content=data).json() == first
    other = a.client.put(path, content=line(a, 3) + line(a, 2))
    assert (other.status_code, other.json()["type"]) == (409, "urn:regseal:problem:upload-differs")
    ahead = a.client.put(path, params={"offset": 10**9}, content=data)
    assert (ahead.status_code, ahead.json()["position"]) == (409, first["position"])


def test_atomic_says_which_lines_were_bad_and_keeps_nothing(market: Market) -> None:
    a, upload = market.a, begin(market.a, atomic=True)
    before = market.anyone.get(f"/v1/logs/{a.log}").json()["size"]
    done = a.client.put(f"/v1/uploads/{upload['id']}/lines", content=line(a, 1) + b"\n" + line(a, 2)).json()
    assert (done["status"], done["accepted"], done["rejected"]) == ("aborted", 0, 1)
    (bad,) = a.client.get(f"/v1/uploads/{upload['id']}/outcomes").json()["items"]
    assert (bad["line"], bad["reason"]) == (2, "an empty line")
    assert market.anyone.get(f"/v1/logs/{a.log}").json()["size"] == before


def test_an_upload_begins_once_and_not_to_anothers_log(market: Market) -> None:
    key, body = {"Idempotency-Key": "upload-2026"}, {"log": market.a.log}
    first, again = (market.a.client.post("/v1/uploads", json=body, headers=key).json() for _ in range(2))
    assert first["id"] == again["id"]
    assert first["id"] in [item["id"] for item in market.a.client.get("/v1/uploads").json()["items"]]
    foreign = market.a.client.post("/v1/uploads", json={"log": market.b.log})
    assert (foreign.status_code, foreign.headers["content-type"]) == (404, "application/problem+json")
    for wrong in ({}, {"log": 1}, {"log": market.a.log, "atomic": "maybe"}, {"log": market.a.log, "more": 1}):
        assert market.a.client.post("/v1/uploads", json=wrong).status_code == 422


def test_cursors_that_are_none_are_refused(market: Market) -> None:
    path = f"/v1/uploads/{begin(market.a)['id']}"
    for place in ("outcomes", "acknowledgements"):
        assert market.a.client.get(f"{path}/{place}", params={"cursor": "x"}).status_code == 422
