"""What leaves the service: static copies of logs, tlog-proofs, single fields; as their readers get them."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.proof.forms import TlogProof
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from cli.app import build
from tests.integration.api.conftest import Market
from tests.serving import serving

ORIGIN = "wanqu.example/register"

pytestmark = pytest.mark.one_database


def seal(market: Market) -> None:
    market.house.services.evidence.sealer.run()


def stages(verdict: Any) -> dict[str, str]:
    return {name: str(result.status) for name, result in verdict.stages.items()}


def run(*arguments: object) -> Any:
    words = [str(one) for one in arguments]
    return CliRunner().invoke(build(words[0]), words)


@contextmanager
def listening(market: Market) -> Iterator[str]:
    """The application on a real port."""
    with serving(market.anyone.app) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def web_server(folder: Path) -> Iterator[str]:
    """Some web server that knows nothing of logs."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join(60)


@pytest.fixture
def trust(market: Market, tmp_path: Path) -> Path:
    file = tmp_path / "trust.json"
    file.write_bytes(market.anyone.get("/v1/trust").content)
    return file


def files(folder: Path) -> dict[str, bytes]:
    return {str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def test_a_log_is_exported_grows_and_is_copied_on_by_a_plain_client(
    market: Market, trust: Path, tmp_path: Path
) -> None:
    for number in range(260):
        market.a.submit(subject=f"canary-{number}")
    seal(market)
    party, first = tmp_path / "party", tmp_path / "公开 first"
    party.mkdir()
    with listening(market) as url:
        (party / "api.json").write_text(json.dumps({"url": url}))
        done = run("log", "export", "--log", ORIGIN, "--out", first, "--party", party, "--trust", trust, "--json")
        assert done.exit_code == 0, done.output
        before = files(first)
        size = json.loads(done.stdout)["size"]
        assert before["checkpoint"].decode() == market.anyone.get(f"/v1/logs/{market.a.log}/checkpoint").text
        assert {"tile/0/000", f"tile/0/001.p/{size - 256}", "tile/1/000.p/1"} <= before.keys()
        assert not any(b"canary" in data for data in before.values())
        market.a.submit()
        seal(market)
        again = run("log", "export", "--log", market.a.log, "--out", first, "--party", party, "--json")
        grown = json.loads(again.stdout)
        assert (again.exit_code, grown["size"], grown["keys_from"]) == (0, size + 1, "service")
        assert grown["fetched"] < 3
        kept = {path: data for path, data in files(first).items() if path in before}
        assert {path for path in kept if kept[path] != before[path]} == {"checkpoint"}
        direct = run(
            "log", "export", "--log", ORIGIN, "--out", tmp_path / "direct", "--trust", trust,
            "--from-url", f"{url}/v1/logs/{market.a.log}",
        )  # fmt: skip
        assert direct.exit_code == 0, direct.output
    with web_server(first) as url:
        second = run(
            "log", "export", "--log", ORIGIN, "--out", tmp_path / "second", "--from-url", url, "--trust", trust
        )
        assert second.exit_code == 0, second.output
    third = run(
        "log", "export", "--log", ORIGIN, "--out", tmp_path / "third", "--from", tmp_path / "second", "--trust", trust
    )
    assert third.exit_code == 0, third.output
    assert files(tmp_path / "second") == files(tmp_path / "third")
    assert json.loads(files(tmp_path / "third")["log.json"])["origin"] == ORIGIN
    assert run("log", "export", "--log", ORIGIN, "--out", tmp_path / "x", "--from", first).exit_code == 2
    (tmp_path / "second" / "tile/0/000").write_bytes(bytes(8_192))
    refused = run(
        "log", "export", "--log", ORIGIN, "--out", tmp_path / "x", "--from", tmp_path / "second", "--trust", trust
    )
    assert refused.exit_code == 1
    assert not (tmp_path / "x" / "checkpoint").exists()


def test_a_tlog_proof_says_what_the_public_receipt_says(market: Market, trust: Path, tmp_path: Path) -> None:
    done = market.a.submit()
    early = market.a.client.get(f"/v1/records/{done['id']}/receipt", params={"form": "tlog-proof"})
    assert (early.status_code, early.json()["type"]) == (409, "urn:regseal:problem:not-sealed")
    seal(market)
    answer = market.a.client.get(f"/v1/records/{done['id']}/receipt", params={"form": "tlog-proof"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert f'{done["id"]}.tlog-proof"' in answer.headers["content-disposition"]
    proof = TlogProof.parse(answer.content)
    public = parse_receipt(market.a.client.get(f"/v1/records/{done['id']}/receipt").content)
    assert (proof.index, proof.hashes, proof.extra) == (public.index, public.proof, public.leaf)
    found = stages(verify(proof.receipt(), parse_trust(trust.read_bytes())))
    assert (found["leaf"], found["inclusion"], found["checkpoint"]) == ("pass", "pass", "pass")
    file = tmp_path / "x.tlog-proof"
    file.write_bytes(answer.content)
    said = run("verify", file, "--trust", trust, "--json")
    assert said.exit_code == 3
    assert json.loads(said.stdout)["receipts"][0]["stages"]["inclusion"]["status"] == "pass"


def test_single_fields_are_shown_and_proven_and_nothing_else(market: Market, trust: Path, tmp_path: Path) -> None:
    done = market.a.submit(body={"units": "120000", "holder": "canary-holder 张三", "price": {"total": "7"}})
    seal(market)
    where = f"/v1/records/{done['id']}/receipt"
    params = {"form": "disclosed", "path": ["/body/units", "/body/price/total"]}
    answer = market.a.client.get(where, params=params)
    assert answer.status_code == 200, answer.text
    assert "canary-holder" not in answer.text
    shown = parse_receipt(answer.content)
    assert shown.disclosures is not None
    assert {item.path: item.value for item in shown.disclosures.items} == {
        "/body/units": "120000",
        "/body/price/total": "7",
    }
    assert stages(verify(shown, parse_trust(trust.read_bytes())))["record"] == "pass"

    private, offline = tmp_path / "private.json", tmp_path / "offline.json"
    private.write_bytes(market.a.client.get(where, params={"form": "private"}).content)
    paths = [part for path in params["path"] for part in ("--path", path)]
    made = run("receipt", "disclose", private, *paths, "--out", offline)
    assert made.exit_code == 0, made.output
    assert offline.read_bytes() == answer.content

    for wrong in ([], ["/body"], ["/body/nothing"]):
        refused = market.a.client.get(where, params={"form": "disclosed", "path": wrong})
        assert (refused.status_code, refused.json()["field"]) == (422, "path")


def test_who_may_not_read_the_private_receipt_gets_no_field_of_it(market: Market) -> None:
    done = market.b.submit()
    seal(market)
    where = f"/v1/records/{done['id']}/receipt"
    params = {"form": "disclosed", "path": "/body/units"}
    assert market.a.client.get(where, params=params).status_code == 404
    assert market.anyone.get(where, params=params).status_code == 401
    assert market.a.client.get(where, params={"form": "tlog-proof"}).status_code == 404
