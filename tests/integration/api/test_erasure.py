"""Erasure as an administrator asks for it, over HTTP and by the command line."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.evidence.retention import rules
from services.identity.views import TokenRequest
from tests.integration.api.conftest import Market
from tests.integration.api.test_exports import listening, run, seal

REASON = {"reason": "consent withdrawn, case 2026-118"}


def erase(market: Market, record_id: str, **options: Any) -> Any:
    return market.a.client.post(f"/v1/records/{record_id}/erasure", json=REASON, **options)


@pytest.fixture
def over(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every term is over at once: the clock of a running service is not moved by twenty years."""
    monkeypatch.setattr(rules, "due_at", lambda accepted_at, _months: accepted_at)


def test_before_its_term_a_record_is_restricted_with_rule_and_source(market: Market) -> None:
    submitted = market.a.submit(body={"holder": "canary-holder"})
    record_id = submitted["id"]
    seal(market)
    asked = erase(market, record_id)
    assert asked.status_code == 202, asked.text
    held = asked.json()
    assert (held["state"], held["rule"], held["record"]) == ("restricted", "RET-01", record_id)
    assert "153" in held["source"]
    assert int(held["erasable_at"][:4]) - int(submitted["accepted_at"][:4]) in (20, 21)
    shown = market.a.client.get(f"/v1/records/{record_id}").json()
    assert shown["record"] is None
    assert shown["retention"] == held
    assert shown["status"] != "accepted"
    where = f"/v1/records/{record_id}/receipt"
    assert market.a.client.get(where).status_code == 200
    assert market.a.client.get(where, params={"form": "tlog-proof"}).status_code == 200
    for params in ({"form": "private"}, {"form": "disclosed", "path": "/body/holder"}):
        refused = market.a.client.get(where, params=params)
        assert (refused.status_code, refused.json()["type"]) == (409, "urn:regseal:problem:record-restricted")
        assert (refused.json()["rule"], refused.json()["erasable_at"]) == ("RET-01", held["erasable_at"])
        assert "canary" not in refused.text


@pytest.mark.usefixtures("over")
def test_an_erased_record_is_gone_and_its_public_receipt_stays(market: Market) -> None:
    record_id = market.a.submit()["id"]
    seal(market)
    where = f"/v1/records/{record_id}/receipt"
    before = market.a.client.get(where).content
    done = erase(market, record_id, headers={"Idempotency-Key": record_id})
    assert (done.status_code, done.json()["state"]) == (200, "erased")
    assert erase(market, record_id, headers={"Idempotency-Key": record_id}).json() == done.json()
    assert market.a.client.get(where).content == before
    for params in ({"form": "private"}, {"form": "disclosed", "path": "/body/units"}):
        refused = market.a.client.get(where, params=params)
        assert (refused.status_code, refused.json()["type"]) == (410, "urn:regseal:problem:record-erased")
    shown = market.a.client.get(f"/v1/records/{record_id}").json()
    assert (shown["record"], shown["retention"]["state"]) == (None, "erased")
    for evidence in done.json()["evidence"]:
        found = market.a.client.get(f"/v1/records/{evidence}").json()
        assert (found["type"], found["record"]["subject"]) == ("record.erasure", record_id)


def test_only_an_administrator_of_the_own_institution_erases(market: Market) -> None:
    record_id = market.a.submit()["id"]
    others = market.b.client.post(f"/v1/records/{record_id}/erasure", json=REASON)
    assert others.status_code == 404
    wanted = TokenRequest(name="clerk", roles=("submitter", "reader"))
    clerk = market.house.services.identity.issue_token(market.a.caller, wanted)
    headers = {"Authorization": f"Bearer {clerk.secret}"}
    refused = market.anyone.post(f"/v1/records/{record_id}/erasure", json=REASON, headers=headers)
    assert (refused.status_code, refused.json()["rule"]) == (403, "record.erase")
    assert market.a.client.post(f"/v1/records/{record_id}/erasure", json={"reason": ""}).status_code == 422
    assert market.a.client.get(f"/v1/records/{record_id}").json()["retention"] is None


def test_the_command_line_says_restricted_and_until_when(market: Market, tmp_path: Path) -> None:
    record_id = market.a.submit()["id"]
    token = tmp_path / "token"
    token.write_text(str(market.a.client.headers["Authorization"]).removeprefix("Bearer "))
    token.chmod(0o600)
    with listening(market) as url:
        (tmp_path / "api.json").write_text(json.dumps({"url": url}))
        done = run("record", "erase", record_id, "--reason", "consent withdrawn", "--party", tmp_path)
        assert done.exit_code == 3, done.output
        shown = run("record", "show", record_id, "--party", tmp_path)
    for said in (done.output, shown.output):
        assert "restricted 限制处理 until 20" in said
        assert "RET-01" in said
