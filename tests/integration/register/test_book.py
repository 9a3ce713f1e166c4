"""The register's rows are what the contract did: each change with its place on the chain, each moment as it was."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient
from typer.testing import CliRunner

from chain.proof.hashing import keccak256, sha256
from cli.app import build
from services.platform.clock import from_ms, rfc3339
from services.platform.ids import from_bytes16
from services.platform.metrics import REGISTER_DIFFERENCES
from services.register.book import repository
from services.register.book.models import OPEN_END, AlertRow, PositionRow
from services.register.rules.positions import Position
from tests.integration.register.clerk import Clerk
from tests.integration.register.reconciled import assert_reconciled
from tests.integration.register.shares import open_investors, open_security, transfer
from tests.integration.register.world import BUSINESS, MarketWorld
from tests.serving import serving
from tests.waiting import until

pytestmark = pytest.mark.one_database

SECURITY, OTHER = b"\x5e" * 16, b"\x5f" * 16
ANNA, BO, CHEN = (bytes([each]) * 16 for each in (0xA1, 0xB0, 0xC4))


@pytest.fixture(scope="module")
def market(booked: MarketWorld) -> MarketWorld:
    """A security with two holders; one sold a third of its units to a new one two days later."""
    open_investors(booked, ANNA, BO, CHEN)
    open_security(booked, SECURITY, [(ANNA, 900), (BO, 100)])
    open_security(booked, OTHER, [(ANNA, 7)])
    booked.pass_days(2)
    transfer(booked, SECURITY, ANNA, CHEN, 300)
    booked.pass_days(1)  # what comes next is later: two blocks of a node may have the same second
    booked.settle()
    return booked


def held(world: MarketWorld, at: int | None = None) -> dict[str, int]:
    with world.services.database.read() as session:
        rows = repository.positions(session, BUSINESS, from_bytes16("sec", SECURITY), at, limit=100)
    return {row.account_id[4:6]: Position.of(int.from_bytes(row.word)).units for row in rows}


def changes(world: MarketWorld, account: bytes) -> list[PositionRow]:
    with world.services.database.read() as session:
        return repository.history(
            session, BUSINESS, from_bytes16("sec", SECURITY), from_bytes16("acc", account), limit=100
        )


def test_the_register_is_what_the_contract_did(market: MarketWorld) -> None:
    assert held(market, changes(market, CHEN)[0].valid_from) == {"a1": 600, "b0": 100, "c4": 300}
    with market.services.database.read() as session:
        row = repository.security(session, BUSINESS, from_bytes16("sec", SECURITY))
    assert row is not None
    assert (row.issued, row.count, row.cap, row.state, row.basis) == (1000, 3, 4, 2, "REM-04")


def test_each_change_has_its_place_on_the_chain_and_the_leaf_that_asked_for_it(market: MarketWorld) -> None:
    before = changes(market, BO)
    leaf = transfer(market, SECURITY, CHEN, BO, 1, reason=1)
    market.settle()
    after = changes(market, BO)
    assert [row.seq for row in after] == [*(row.seq for row in before), len(before) + 1]
    assert (after[-1].leaf, after[-1].valid_to) == (leaf, OPEN_END)
    assert after[-2].valid_to == after[-1].valid_from
    receipt = market.business.rpc.call("eth_getTransactionReceipt", "0x" + after[-1].tx_hash.hex())
    log = next(each for each in receipt["logs"] if int(each["logIndex"], 16) == after[-1].log_index)
    assert log["topics"][0] == "0x" + keccak256(b"PositionChanged(bytes16,bytes16,uint256)").hex()
    assert (int(log["blockNumber"], 16), bytes.fromhex(log["data"][2:])) == (after[-1].block_number, after[-1].word)


def test_a_security_and_the_register_agree_with_the_contracts_storage(market: MarketWorld) -> None:
    done = assert_reconciled(market)
    assert done.compared["positions"] >= 4
    assert done.compared["securities"] >= 2
    assert done.compared["investors"] >= 3


def test_what_somebody_changed_in_the_database_is_found_told_and_forgiven_once_it_is_right_again(
    market: MarketWorld,
) -> None:
    row = changes(market, BO)[-1]
    position = Position.of(int.from_bytes(row.word))
    richer = position.grown(1_000_000, 0).word.to_bytes(32)
    with tampered(market, row, richer):
        found = market.services.register.book.reconciler.run()
        told = {(one["what"], one["of"], one["field"]): (one["chain"], one["book"]) for one in found.differences}
        assert told["position", row.account_id, "units"] == (str(position.units), str(position.units + 1_000_000))
        assert told["position", row.account_id, "seq"] == (str(position.seq), str(position.seq + 1))
        assert REGISTER_DIFFERENCES._value.get() == found.count == 2
        assert standing(market)["differs"] == 1
    assert_reconciled(market)
    assert "differs" not in standing(market)


def test_a_change_that_went_missing_is_an_alarm(market: MarketWorld) -> None:
    """The row before the newest one is lost, as if its event had never been read."""
    newest = changes(market, ANNA)[-1]
    forgotten = replace(Position.of(int.from_bytes(newest.word)), seq=newest.seq - 1)
    with tampered(market, newest, forgotten.word.to_bytes(32)):
        transfer(market, SECURITY, ANNA, BO, 1, reason=1)
        market.settle()
        market.services.jobs.run("register.gaps")
        told = newest_gap(market)
        assert (told.said["expected"], told.said["found"], told.cleared_at) == (newest.seq, newest.seq + 1, None)
    market.services.jobs.run("register.gaps")
    filled = newest_gap(market)
    assert (filled.id, filled.cleared_at is None) == (told.id, False), "its cause is gone: every number is there"
    around = f"The changes {newest.seq - 1} to {newest.seq + 1} of this position"
    assert (filled.cleared_because or "").startswith(around)


def newest_gap(world: MarketWorld) -> AlertRow:
    with world.services.database.read() as session:
        return repository.alerts(session, BUSINESS, kinds=("seq-gap",), limit=10)[-1]


def test_the_register_as_of_a_moment_is_what_was_so_then(market: MarketWorld, client: TestClient) -> None:
    first = changes(market, CHEN)[0]
    path = f"/v1/register/securities/{from_bytes16('sec', SECURITY)}"
    before = told(client, f"{path}/holders", at=rfc3339(first.valid_from - 1))
    assert [(one["account"][4:6], one["units"], one["available"]) for one in before["items"]] == [
        ("a1", "900", "900"),
        ("b0", "100", "100"),
    ]
    assert (before["security"]["issued"], before["security"]["holders"]) == ("1000", 2)
    then = told(client, f"{path}/holders", at=rfc3339(first.valid_from))
    assert [one["units"] for one in then["items"]] == ["600", "100", "300"]
    assert then["security"]["state"] == "custodied"
    assert told(client, f"{path}/holders", at="2030-12-02T01:00:00Z", status=404)["detail"].startswith("The security")
    assert told(client, f"{path}/holders", at="2099-01-01T00:00:00Z", status=422)["field"] == "at"


def test_pages_of_the_register_are_the_whole_of_it(market: MarketWorld, client: TestClient) -> None:
    path = f"/v1/register/securities/{from_bytes16('sec', SECURITY)}/holders"
    whole = told(client, path)
    pages, cursor = [], None
    while True:
        page = told(client, path, limit=1, **({"cursor": cursor} if cursor else {}))
        pages += page["items"]
        assert page["security"] == whole["security"]
        if (cursor := page["next"]) is None:
            break
    assert pages == whole["items"]
    listed = told(client, "/v1/register/securities")["items"]
    assert {"5e", "5f"} <= {one["id"][4:6] for one in listed}


def test_a_holders_history_leaves_no_room_between_its_changes(market: MarketWorld, client: TestClient) -> None:
    place = f"/v1/register/securities/{from_bytes16('sec', SECURITY)}/holders"
    found = told(client, f"{place}/{from_bytes16('acc', BO)}")["items"]
    assert [one["seq"] for one in found] == list(range(1, len(found) + 1))
    assert [one["to"] for one in found[:-1]] == [one["from"] for one in found[1:]]
    assert found[-1]["to"] is None
    told(client, f"{place}/{from_bytes16('acc', bytes(16))}", status=404)


def test_a_statement_is_evidenced_by_a_leaf_with_its_digest(market: MarketWorld, client: TestClient) -> None:
    wanted = {"kind": "holder-register", "security": from_bytes16("sec", SECURITY)}
    made = client.post("/v1/register/statements", json=wanted, headers={"Idempotency-Key": "statement-1"})
    assert made.status_code == 201, made.text
    assert client.post("/v1/register/statements", json=wanted, headers={"Idempotency-Key": "statement-1"}).json() == (
        made.json()
    )
    document = client.get(f"/v1/register/statements/{made.json()['id']}").content
    assert "0x" + sha256(document).hex() == made.json()["digest"]
    said = json.loads(document)
    assert {one["account"][4:6]: int(one["units"]) for one in said["lines"]} == held(market)
    record = client.get(f"/v1/records/{made.json()['record']}").json()
    assert record["type"] == "register.fact"
    body = record["record"]["body"]
    assert (body["digest"], body["number"]) == (made.json()["digest"], made.json()["number"])
    sheet = client.get(f"/v1/register/statements/{made.json()['id']}/csv").content
    assert sheet.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(sheet.decode("utf-8-sig").splitlines()))
    assert ["股东名册", made.json()["number"]] in rows
    assert [row[2] for row in rows if row and row[0].startswith("acc_")] == [one["units"] for one in said["lines"]]


def test_that_nothing_was_pledged_is_proven_by_the_changes_around_the_moment(
    market: MarketWorld, client: TestClient
) -> None:
    first, second = changes(market, ANNA)[:2]
    wanted = {"security": from_bytes16("sec", SECURITY), "account": first.account_id, "kind": "no-pledge"}
    proof = proven(client, {**wanted, "at": rfc3339(second.valid_from - 1)})
    assert (proof["before"]["seq"], proof["after"]["seq"]) == (1, 2)
    assert int(proof["before"]["encumbered"]) == 0
    for side, row in (("before", first), ("after", second)):
        assert proof[side]["word"] == "0x" + row.word.hex()
        assert proof[side]["evidence"]["transaction"] == "0x" + row.tx_hash.hex()
    never = {**wanted, "account": from_bytes16("acc", CHEN), "at": rfc3339(changes(market, CHEN)[0].valid_from - 1)}
    earlier = proven(client, never)
    assert (earlier["before"], earlier["after"]["seq"]) == (None, 1), "never held until then"
    assert proven(client, wanted)["after"] is None, "nothing since"


def test_a_line_rests_on_the_leaves_of_the_act_that_made_it(market: MarketWorld, client: TestClient) -> None:
    security, account = from_bytes16("sec", SECURITY), from_bytes16("acc", CHEN)
    act = Clerk(market, client).done("recount", security=security, account=account)

    def rests_anchored() -> bool:
        market.step()
        return bool(evidence_of(client, security, account)["anchored"])

    until(rests_anchored)
    found = told(client, f"/v1/register/securities/{security}/holders")
    rests = evidence_of(client, security, account)
    assert (rests["record"], rests["outcome"]) == (act["record"], act["outcome_record"])
    assert rests["leaf"] == told(client, f"/v1/records/{act['record']}")["leaf_hash"]
    (head,) = found["heads"]
    assert head["log"] == rests["log"]
    assert rests["index"] < head["size"]
    assert client.get(f"/v1/records/{rests['outcome']}/receipt", params={"form": "public"}).status_code == 200
    others = [one["evidence"] for one in found["items"] if one["account"] != account]
    assert all(one["leaf"] and one["record"] is None for one in others), "asked for elsewhere"


def test_statements_say_what_they_lack(market: MarketWorld, client: TestClient) -> None:
    security = from_bytes16("sec", SECURITY)
    for wanted, field in (
        ({"kind": "holding", "security": security}, "account"),
        ({"kind": "holder-register", "security": security, "account": from_bytes16("acc", BO)}, "account"),
        ({"kind": "no-freeze", "security": "sec_1", "account": from_bytes16("acc", BO)}, "security"),
    ):
        answer = client.post("/v1/register/statements", json=wanted)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_the_command_line_shows_the_register_and_keeps_statements(
    market: MarketWorld, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, security = tmp_path / "host", from_bytes16("sec", SECURITY)
    home.mkdir()
    (home / "token").write_text(market.secret)
    (home / "token").chmod(0o600)
    monkeypatch.setenv("REGSEAL_PARTY", str(home))

    def run(*arguments: str, code: int = 0) -> str:
        done = CliRunner().invoke(build("register"), ["register", *arguments])
        assert done.exit_code == code, done.output
        return str(done.stdout)

    with serving(client.app) as port:
        (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}"}))
        assert security in run("securities")
        assert "issued 1000" in run("book", security)
        opened = from_ms(changes(market, ANNA)[0].valid_from + 8 * 3_600_000).date()
        assert "issued 1000" in run("book", security, "--at", opened.isoformat()), "as of that day's end in Shanghai"
        assert "seq    1" in run("holder", security, from_bytes16("acc", ANNA))
        assert run("liens", security).strip() == ""
        assert "agrees after block" in run("reconcile")
        sheet = tmp_path / "持有.csv"
        run("statement", "holding", security, "--account", from_bytes16("acc", ANNA), "--out", str(sheet))
        assert "持有证明" in sheet.read_text("utf-8-sig")
        assert "持有证明" in run("statements")
        run("alerts", "--standing")
        assert (
            "neither a date nor a time"
            in CliRunner().invoke(build("register"), ["register", "book", security, "--at", "x"]).output
        )


def evidence_of(client: TestClient, security: str, account: str) -> Any:
    found = told(client, f"/v1/register/securities/{security}/holders")
    return next(one["evidence"] for one in found["items"] if one["account"] == account)


def proven(client: TestClient, wanted: dict[str, str]) -> Any:
    made = client.post("/v1/register/statements", json=wanted)
    assert made.status_code == 201, made.text
    return json.loads(client.get(f"/v1/register/statements/{made.json()['id']}").content)["proof"]


def told(client: TestClient, path: str, *, status: int = 200, **params: Any) -> Any:
    answer = client.get(path, params=params)
    assert answer.status_code == status, answer.text
    return answer.json()


@contextmanager
def tampered(world: MarketWorld, row: PositionRow, word: bytes) -> Iterator[None]:
    """Another word in a row, for a while."""
    put(world, row, word)
    try:
        yield
    finally:
        put(world, row, row.word)


def put(world: MarketWorld, row: PositionRow, word: bytes) -> None:
    with world.services.database.write() as session:
        world.services.lease.check(session)
        session.execute(update(PositionRow).where(*key_of(row)).values(word=word))


def key_of(row: PositionRow) -> tuple[Any, ...]:
    return (
        PositionRow.security_id == row.security_id,
        PositionRow.account_id == row.account_id,
        PositionRow.seq == row.seq,
    )


def standing(world: MarketWorld) -> dict[str, int]:
    with world.services.database.read() as session:
        return dict(repository.open_alerts(session, BUSINESS))
