"""Operator A reads or writes nothing of operator B. Every endpoint is tried; one that is not listed here fails."""

from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from chain.party.keystore import NoteKey
from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from tests.integration.api.conftest import Market, Member
from tests.integration.api.holder_attempts import HOLDER_ATTEMPTS
from tests.integration.services.identity.house import proven

PUBLIC = {
    "GET /health/live", "GET /health/ready", "GET /health/deep", "GET /metrics",
    "GET /v1/logs", "GET /v1/logs/{log_id}", "GET /v1/logs/{log_id}/checkpoint", "GET /v1/logs/{log_id}/consistency",
    "GET /v1/logs/{log_id}/inclusion", "GET /v1/logs/{log_id}/tile/{path}", "GET /v1/logs/{log_id}/challenge",
    "GET /v1/chains", "GET /v1/chains/{name}/epochs/{epoch}/heads", "GET /v1/chains/{name}/statements",
    "GET /v1/anchors", "GET /v1/trust", "GET /v1/public/pilots", "GET /v1/public/pilots/{project_id}",
    "GET /v1/public/calendars", "GET /v1/public/calendars/library/{year}", "GET /v1/public/calendars/{region}/days",
    "GET /v1/public/calendars/{region}/{year}", "GET /v1/public/calendars/{region}/{year}/comparison",
}  # fmt: skip
"""Checkpoints, hash tiles, pins: public facts, without anybody's records."""
BY_SIGNATURE = {
    "POST /v1/logs/{log_id}/heads",
    "POST /v1/logs/{log_id}/cosignatures",
    "POST /v1/chains/{name}/attestations",
    "POST /v1/chains/{name}/statements",
    "POST /v1/bootstrap",
}
"""The credential is in the body: a witness's signature, or the one-time secret."""
BY_ANYBODY = {"POST /v1/public/pilots/{project_id}/comments"}
"""A public comment, while the project's notice runs."""
DIRECTORY = {
    "GET /v1/institutions",
    "GET /v1/institutions/{institution_id}",
    "GET /v1/institutions/{institution_id}/roles",
    "GET /v1/institutions/{institution_id}/submitter-keys",
    "GET /v1/pilots/rulebooks",
    "GET /v1/pilots/rulebooks/{rulebook_id}",
}
"""Who is who, and under which rules, for every caller."""
OWN_LISTS = {
    "GET /v1/uploads",
    "GET /v1/records",
    "GET /v1/operations",
    "GET /v1/tokens",
    "GET /v1/materials",
    "GET /v1/pilots",
    "GET /v1/pilots/queue",
    "GET /v1/pilots/duties",
    "GET /v1/pilots/alerts",
    "GET /v1/register/acts",
    "GET /v1/register/companies",
}

SECURITY = "/v1/register/securities/sec_" + "08" * 16
PROJECT = "/v1/pilots/prj_" + "08" * 16
"""Nobody's: whose projects there are, tests/integration/services/pilots tell apart."""

Attempt = Callable[[TestClient, "Belongings"], Any]


def stored_material(member: Member, name: str, content: bytes = b"secret-of-b") -> str:
    digest = digest_of([content])
    said = {"name": name, "media_type": "text/plain", "size": len(content)}
    material: str = member.client.post("/v1/materials", json=said).json()["id"]
    place = f"/v1/materials/{material}"
    assert member.client.patch(f"{place}/content", content=content, headers={"Upload-Offset": "0"}).status_code == 204
    meant = {"size": digest.size, "sha256": to_hex(digest.sha256), "sm3": to_hex(digest.sm3)}
    assert member.client.post(f"{place}/completion", json=meant).status_code == 200
    return material


class Belongings:
    """What B has."""

    def __init__(self, market: Market) -> None:
        b = market.b
        done = b.submit(subject="秘密 secret-of-b")
        self.record, self.log, self.institution = done["id"], b.log, b.caller.institution_id
        asked = b.client.post(f"/v1/logs/{b.log}/rotation", json={"reason": "yearly"})
        self.operation = asked.json()["id"]
        self.token = b.client.get("/v1/tokens").json()["items"][0]["id"]
        key = b.client.post(
            f"/v1/institutions/{self.institution}/submitter-keys", json=proven(NoteKey.generate("b"), self.institution)
        )
        assert key.status_code == 201, key.text
        self.key = key.json()["id"]
        self.record_body = b.record()
        upload = b.client.post("/v1/uploads", json={"log": b.log})
        assert upload.status_code == 201, upload.text
        self.upload = upload.json()["id"]
        self.material = stored_material(b, "秘密 secret-of-b.txt")


ATTEMPTS: dict[str, Attempt] = {
    **HOLDER_ATTEMPTS,
    "POST /v1/records": lambda c, b: c.post("/v1/records", json={"log": b.log, "record": b.record_body}),
    "GET /v1/records/{record_id}": lambda c, b: c.get(f"/v1/records/{b.record}"),
    "GET /v1/records/{record_id}/receipt": lambda c, b: c.get(f"/v1/records/{b.record}/receipt"),
    "POST /v1/uploads": lambda c, b: c.post("/v1/uploads", json={"log": b.log}),
    "GET /v1/uploads/{upload_id}": lambda c, b: c.get(f"/v1/uploads/{b.upload}"),
    "PUT /v1/uploads/{upload_id}/lines": lambda c, b: c.put(f"/v1/uploads/{b.upload}/lines", content=b"{}"),
    "POST /v1/uploads/{upload_id}/complete": lambda c, b: c.post(f"/v1/uploads/{b.upload}/complete"),
    "POST /v1/uploads/{upload_id}/abort": lambda c, b: c.post(f"/v1/uploads/{b.upload}/abort"),
    "GET /v1/uploads/{upload_id}/outcomes": lambda c, b: c.get(f"/v1/uploads/{b.upload}/outcomes"),
    "GET /v1/uploads/{upload_id}/acknowledgements": lambda c, b: c.get(f"/v1/uploads/{b.upload}/acknowledgements"),
    "POST /v1/records/{record_id}/erasure": lambda c, b: c.post(
        f"/v1/records/{b.record}/erasure", json={"reason": "mine"}
    ),
    "GET /v1/operations/{operation_id}": lambda c, b: c.get(f"/v1/operations/{b.operation}"),
    "POST /v1/operations/{operation_id}/authorisations": lambda c, b: c.post(
        f"/v1/operations/{b.operation}/authorisations", json={"signer": "0x" + "11" * 20, "signature": "0x" + "22" * 65}
    ),
    "POST /v1/operations/{operation_id}/cancellation": lambda c, b: c.post(
        f"/v1/operations/{b.operation}/cancellation"
    ),
    "POST /v1/logs": lambda c, _: c.post("/v1/logs", json={"origin": "suicheng.example/register"}),
    "GET /v1/logs/{log_id}/tile/entries/{path}": lambda c, b: c.get(f"/v1/logs/{b.log}/tile/entries/000.p/1"),
    "GET /v1/logs/{log_id}/keyring": lambda c, b: c.get(f"/v1/logs/{b.log}/keyring"),
    "GET /v1/logs/{log_id}/erasures": lambda c, b: c.get(f"/v1/logs/{b.log}/erasures"),
    "POST /v1/logs/{log_id}/rotation": lambda c, b: c.post(f"/v1/logs/{b.log}/rotation", json={"reason": "mine"}),
    "POST /v1/logs/{log_id}/freeze": lambda c, b: c.post(f"/v1/logs/{b.log}/freeze", json={"reason": "mine"}),
    "POST /v1/logs/{log_id}/successor": lambda c, b: c.post(
        f"/v1/logs/{b.log}/successor", json={"origin": "pengcheng.example/two", "reason": "mine"}
    ),
    "POST /v1/institutions": lambda c, _: c.post(
        "/v1/institutions", json={"name": "x", "kind": "operator", "region": 440100, "authority": "0x" + "11" * 20}
    ),
    "POST /v1/institutions/{institution_id}/status": lambda c, b: c.post(
        f"/v1/institutions/{b.institution}/status", json={"status": "suspended", "reason": "mine"}
    ),
    "POST /v1/institutions/{institution_id}/authority": lambda c, b: c.post(
        f"/v1/institutions/{b.institution}/authority", json={"authority": "0x" + "11" * 20, "reason": "mine"}
    ),
    "POST /v1/institutions/{institution_id}/roles": lambda c, b: c.post(
        f"/v1/institutions/{b.institution}/roles",
        json={
            "account": "0x" + "11" * 20,
            "role": "checker",
            "region": 440100,
            "expires_at": "2027-11-20T00:00:00Z",
            "reason": "mine",
        },
    ),
    "POST /v1/institutions/{institution_id}/roles/revocations": lambda c, b: c.post(
        f"/v1/institutions/{b.institution}/roles/revocations",
        json={"account": "0x" + "11" * 20, "role": "checker", "region": 440100, "reason": "mine"},
    ),
    "POST /v1/institutions/{institution_id}/repetitions": lambda c, b: c.post(
        f"/v1/institutions/{b.institution}/repetitions", json={"chain": "business"}
    ),
    "POST /v1/institutions/{institution_id}/submitter-keys": lambda c, b: c.post(
        f"/v1/institutions/{b.institution}/submitter-keys", json=proven(NoteKey("a", b"8" * 32), b.institution)
    ),
    "DELETE /v1/institutions/{institution_id}/submitter-keys/{key_id}": lambda c, b: c.delete(
        f"/v1/institutions/{b.institution}/submitter-keys/{b.key}"
    ),
    "POST /v1/tokens": lambda c, b: c.post(
        "/v1/tokens", json={"name": "x", "roles": ["reader"], "institution_id": b.institution}
    ),
    "POST /v1/materials": lambda c, _: c.post("/v1/materials", json={"name": "../secret", "size": 1}),
    "GET /v1/materials/{material_id}": lambda c, b: c.get(f"/v1/materials/{b.material}"),
    "GET /v1/materials/{material_id}/content": lambda c, b: c.get(f"/v1/materials/{b.material}/content"),
    "PATCH /v1/materials/{material_id}/content": lambda c, b: c.patch(
        f"/v1/materials/{b.material}/content", content=b"mine", headers={"Upload-Offset": "0"}
    ),
    "POST /v1/materials/{material_id}/completion": lambda c, b: c.post(
        f"/v1/materials/{b.material}/completion", json={"size": 0, "sha256": "0x" + "00" * 32, "sm3": "0x" + "00" * 32}
    ),
    "POST /v1/calendars/years": lambda c, _: c.post("/v1/calendars/years", json={"region": 440300, "year": 2026}),
    "POST /v1/calendars/closures": lambda c, _: c.post(
        "/v1/calendars/closures",
        json={"region": 440300, "days": ["2090-01-04"], "reason": "mine", "document": "mine"},
    ),
    "POST /v1/pilots/rulebooks": lambda c, b: c.post(
        "/v1/pilots/rulebooks",
        json={"version": "SZ-2023.11", "settings": {"name": "x.yaml", "document": "x"}, "log": b.log},
    ),
    "POST /v1/pilots/rulebooks/{rulebook_id}/retirement": lambda c, _: c.post(
        f"/v1/pilots/rulebooks/0x{'08' * 32}/retirement", json={"reason": "mine"}
    ),
    "POST /v1/pilots": lambda c, b: c.post(
        "/v1/pilots", json={"rulebook": "0x" + "08" * 32, "form": {"name": "x", "applicants": [{"id": b.institution}]}}
    ),
    "GET /v1/pilots/{project_id}": lambda c, _: c.get(f"{PROJECT}"),
    "GET /v1/pilots/{project_id}/application": lambda c, _: c.get(f"{PROJECT}/application"),
    "POST /v1/pilots/{project_id}/application": lambda c, _: c.post(f"{PROJECT}/application", json={"form": {}}),
    "POST /v1/pilots/{project_id}/materials": lambda c, b: c.post(
        f"{PROJECT}/materials", json={"code": "other", "manifest": b.record}
    ),
    "GET /v1/pilots/{project_id}/materials/{manifest_id}": lambda c, _: c.get(f"{PROJECT}/materials/rec_{'08' * 16}"),
    "GET /v1/pilots/{project_id}/materials/{manifest_id}/files/{place}": lambda c, _: c.get(
        f"{PROJECT}/materials/rec_{'08' * 16}/files/1"
    ),
    "POST /v1/pilots/{project_id}/confirmations": lambda c, _: c.post(
        f"{PROJECT}/confirmations", json={"digest": "0x" + "08" * 32, "signature": "0x" + "08" * 64}
    ),
    "GET /v1/pilots/{project_id}/completeness": lambda c, _: c.get(f"{PROJECT}/completeness"),
    "POST /v1/pilots/{project_id}/steps": lambda c, _: c.post(f"{PROJECT}/steps", json={"action": "withdraw"}),
    "POST /v1/pilots/{project_id}/facts": lambda c, _: c.post(f"{PROJECT}/facts", json={"kind": "note"}),
    "GET /v1/pilots/{project_id}/timeline": lambda c, _: c.get(f"{PROJECT}/timeline"),
    "GET /v1/pilots/{project_id}/events/{seq}": lambda c, _: c.get(f"{PROJECT}/events/0"),
    "GET /v1/pilots/{project_id}/events/{seq}/receipt": lambda c, _: c.get(f"{PROJECT}/events/0/receipt"),
    "GET /v1/pilots/{project_id}/dossier": lambda c, _: c.get(f"{PROJECT}/dossier"),
    "GET /v1/pilots/{project_id}/comments": lambda c, _: c.get(f"{PROJECT}/comments"),
    "GET /v1/pilots/{project_id}/chain": lambda c, _: c.get(f"{PROJECT}/chain"),
    "POST /v1/pilots/{project_id}/seal": lambda c, _: c.post(f"{PROJECT}/seal", json={}),
    "GET /v1/pilots/{project_id}/duties": lambda c, _: c.get(f"{PROJECT}/duties"),
    "POST /v1/pilots/{project_id}/duties": lambda c, _: c.post(f"{PROJECT}/duties", json={"code": "incident"}),
    "GET /v1/pilots/{project_id}/duties/{number}": lambda c, _: c.get(f"{PROJECT}/duties/1"),
    "POST /v1/pilots/{project_id}/duties/{number}/moves": lambda c, _: c.post(
        f"{PROJECT}/duties/1/moves", json={"move": "file"}
    ),
    "POST /v1/pilots/{project_id}/alerts": lambda c, _: c.post(f"{PROJECT}/alerts", json={"kind": "plan-unapproved"}),
    "POST /v1/pilots/{project_id}/alerts/{number}/moves": lambda c, _: c.post(
        f"{PROJECT}/alerts/1/moves", json={"move": "assign", "body": {"note": "mine"}}
    ),
    "POST /v1/register/acts": lambda c, _: c.post(
        "/v1/register/acts", json={"act": "recount", "security": "sec_" + "08" * 16, "account": "acc_" + "08" * 16}
    ),
    "POST /v1/register/acts/batches": lambda c, _: c.post(
        "/v1/register/acts/batches",
        json={"acts": [{"act": "addend", "account": "acc_" + "08" * 16, "addend": 1}]},
    ),
    "POST /v1/register/securities/{security_id}/liens/{number}/legal-status": lambda c, _: c.post(
        f"/v1/register/securities/sec_{'08' * 16}/liens/1/legal-status",
        json={"status": "registered", "reference": "x", "at": "2030-01-01T00:00:00Z"},
    ),
    "GET /v1/register/acts/{act_id}": lambda c, _: c.get(f"/v1/register/acts/act_{'08' * 16}"),
    "GET /v1/register/securities": lambda c, _: c.get("/v1/register/securities"),
    "GET /v1/register/securities/{security_id}": lambda c, _: c.get(SECURITY),
    "GET /v1/register/securities/{security_id}/holders": lambda c, _: c.get(f"{SECURITY}/holders"),
    "GET /v1/register/securities/{security_id}/holders/{account_id}": lambda c, _: c.get(
        f"{SECURITY}/holders/acc_{'08' * 16}"
    ),
    "GET /v1/register/securities/{security_id}/liens": lambda c, _: c.get(f"{SECURITY}/liens"),
    "GET /v1/register/alerts": lambda c, _: c.get("/v1/register/alerts"),
    "POST /v1/register/statements": lambda c, _: c.post(
        "/v1/register/statements", json={"kind": "holder-register", "security": "sec_" + "08" * 16}
    ),
    "GET /v1/register/statements": lambda c, _: c.get("/v1/register/statements"),
    "GET /v1/register/statements/{statement_id}": lambda c, _: c.get(f"/v1/register/statements/stm_{'08' * 16}"),
    "GET /v1/register/statements/{statement_id}/csv": lambda c, _: c.get(
        f"/v1/register/statements/stm_{'08' * 16}/csv"
    ),
    "POST /v1/register/reconciliations": lambda c, _: c.post("/v1/register/reconciliations", json={}),
    "GET /v1/register/reconciliations": lambda c, _: c.get("/v1/register/reconciliations"),
    "DELETE /v1/tokens/{token_id}": lambda c, b: c.delete(f"/v1/tokens/{b.token}"),
}


def routes(market: Market) -> set[str]:
    paths = market.anyone.get("/openapi.json").json()["paths"]
    return {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}


def test_every_endpoint_is_listed_here(market: Market) -> None:
    assert routes(market) == PUBLIC | BY_SIGNATURE | BY_ANYBODY | DIRECTORY | OWN_LISTS | ATTEMPTS.keys()


def test_nothing_of_b_is_read_or_written_by_a(market: Market) -> None:
    theirs = Belongings(market)
    plain = market.a.client
    before = market.b.client.get("/v1/operations").json(), market.b.client.get("/v1/tokens").json()
    for name, attempt in ATTEMPTS.items():
        answer = attempt(plain, theirs)
        assert answer.status_code in (403, 404, 409, 422), (name, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json", name
        assert "secret-of-b" not in answer.text, name
    assert (market.b.client.get("/v1/operations").json(), market.b.client.get("/v1/tokens").json()) == before
    for path in sorted(each.removeprefix("GET ") for each in OWN_LISTS):
        assert theirs.institution not in plain.get(path).text


def test_nothing_but_public_facts_without_a_token(market: Market) -> None:
    theirs = Belongings(market)
    for name, attempt in ATTEMPTS.items():
        answer = attempt(market.anyone, theirs)
        assert answer.status_code == 401, (name, answer.status_code)
        assert answer.headers["www-authenticate"] == "Bearer"
    for path in ("/v1/records", "/v1/operations", "/v1/tokens", "/v1/institutions"):
        assert market.anyone.get(path).status_code == 401


def test_public_facts_hold_nobodys_records(market: Market) -> None:
    theirs = Belongings(market)
    for path in ("/", "/v1/logs", f"/v1/logs/{theirs.log}", "/v1/chains", "/v1/trust", "/metrics", "/health/ready"):
        answer = market.anyone.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert "secret-of-b" not in answer.text
        assert theirs.record not in answer.text


def test_what_b_has_and_what_nobody_has_look_alike_to_a(market: Market) -> None:
    theirs, nobodys = Belongings(market), "0" * 32
    for path, tail in ((f"/v1/records/{theirs.record}", ""), (f"/v1/records/{theirs.record}", "/receipt")):
        existing = market.a.client.get(path + tail)
        absent = market.a.client.get(f"/v1/records/rec_{nobodys}{tail}")
        assert (existing.status_code, existing.json()) == (absent.status_code, absent.json())
    keeper = market.a.client.post("/v1/tokens", json={"name": "keys only", "roles": ["administrator"]}).json()
    headers = {"Authorization": f"Bearer {keeper['secret']}"}
    for path in (f"/v1/records/{theirs.record}", f"/v1/records/rec_{nobodys}"):
        assert market.anyone.get(path, headers=headers).status_code == 403
