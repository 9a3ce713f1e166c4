"""Liens as the book has them: buckets, ranks, lapses without a transaction, alerts, what may be stated."""

import json
import secrets
from typing import Any

import pytest
from sqlalchemy import delete, insert
from starlette.testclient import TestClient

from chain.party.keystore import EvmKey
from services.platform.clock import rfc3339
from services.platform.ids import from_bytes16
from services.register.book import repository
from services.register.book.models import LotsRow
from services.register.rules.days import day_start
from tests.integration.register.business import CHECKER, LIAISON, REGULATOR
from tests.integration.register.reconciled import assert_reconciled
from tests.integration.register.shares import TERMS, open_investors, open_security, transfer
from tests.integration.register.world import BUSINESS, MarketWorld
from tests.integration.services.transactions.rig import key_of
from tests.waiting import until

pytestmark = pytest.mark.one_database

PLEDGE, FREEZE = 1, 2
INHERITANCE, GIFT = 2, 1
BANK = key_of("the pledgee")
HOLDERS = [bytes([0xD0 + each]) * 16 for each in range(6)]
DING, ELI, FEN, GAO, HAN, IDA = HOLDERS


@pytest.fixture(scope="module")
def known(booked: MarketWorld) -> MarketWorld:
    open_investors(booked, *HOLDERS)
    return booked


@pytest.fixture
def opened(known: MarketWorld) -> bytes:
    """A security of the test's own: 100 units are DING's, 50 ELI's."""
    security = secrets.token_bytes(16)
    open_security(known, security, [(DING, 100), (ELI, 50)])
    return security


def encumber(world: MarketWorld, security: bytes, lien: int, units: int, *keys: EvmKey, **more: Any) -> None:
    secured = BANK.address if lien == PLEDGE else "0x" + "00" * 20
    said = {"security": security, "investor": DING, "lien": lien, "units": units, "since": 0, "until": 0}
    world.acting.act("OpenLien", {**said, "secured": secured, **more}, CHECKER, *keys)


def freeze(world: MarketWorld, security: bytes, units: int, *, ago: int = 0, days: int = 365, **more: Any) -> None:
    """Published so many seconds before the newest block: the chain's clock is not the service's."""
    published, until = newest(world) - ago, world.acting.today() + days
    encumber(world, security, FREEZE, units, LIAISON, since=published, until=until, **more)


def newest(world: MarketWorld) -> int:
    block = world.acting.chain.block(world.acting.chain.head())
    assert block is not None
    return block.timestamp


def line(client: TestClient, security: bytes, investor: bytes = DING, **params: Any) -> Any:
    path = f"/v1/register/securities/{from_bytes16('sec', security)}/holders"
    found = client.get(path, params=params).json()
    return next(one for one in found["items"] if one["account"] == from_bytes16("acc", investor))


def buckets(client: TestClient, security: bytes, **params: Any) -> tuple[int, ...]:
    """Available, pledged, frozen, locked."""
    found = line(client, security, **params)
    return tuple(int(found[name]) for name in ("available", "pledged", "frozen", "locked"))


def liens(client: TestClient, security: bytes, **params: Any) -> Any:
    path = f"/v1/register/securities/{from_bytes16('sec', security)}/liens"
    return client.get(path, params=params).json()["liens"]


def state(client: TestClient, security: bytes, kind: str, status: int = 201, **more: Any) -> Any:
    wanted = {"kind": kind, "security": from_bytes16("sec", security), "account": from_bytes16("acc", DING), **more}
    made = client.post("/v1/register/statements", json=wanted)
    assert made.status_code == status, made.text
    if status != 201:
        return made.json()
    return json.loads(client.get(f"/v1/register/statements/{made.json()['id']}").content)


def test_a_freeze_of_80_on_40_free_and_60_pledged(known: MarketWorld, client: TestClient, opened: bytes) -> None:
    encumber(known, opened, PLEDGE, 60)
    known.pass_days(1)
    freeze(known, opened, 80)
    before = newest(known) * 1000 - 1
    assert_reconciled(known)
    assert buckets(client, opened) == (0, 20, 80, 0)
    assert buckets(client, opened, at=rfc3339(before)) == (40, 60, 0, 0)
    lots = sorted((int(each["units"]), each["liens"]) for each in line(client, opened)["lots"])
    assert lots == [(20, [1]), (40, [1, 2]), (40, [2])], "the freeze queues behind the pledge"
    found = liens(client, opened)
    assert [(one["number"], one["kind"], one["units"], one["chain_status"]) for one in found] == [
        (1, "pledge", "60", "standing"),
        (2, "freeze", "80", "standing"),
    ]
    assert (found[0]["secured"], found[0]["legal_status"]) == (BANK.address, None), "chain's word and law's apart"
    shown = state(client, opened, "pledge")
    assert [one["number"] for one in shown["liens"]] == [1]
    assert state(client, opened, "no-pledge", 409)["liens"] == [1]
    assert state(client, opened, "no-freeze", 409)["type"].endswith("lien-stands")
    proof = state(client, opened, "no-freeze", at=rfc3339(before))["proof"]
    assert proof["after"]["seq"] == proof["before"]["seq"] + 1
    assert proof["lots"] == [{"units": "60", "liens": [1]}]
    assert proof["lots_evidence"]["leaf"] == proof["before"]["evidence"]["leaf"], "the act that made them"


def available(world: MarketWorld, security: bytes) -> int:
    """As the contract says after its last block."""
    return int(world.acting.chain.read("EquityRegister", "availableOf", security, DING))


def test_a_lien_past_its_day_hinders_nothing_without_any_transaction(
    known: MarketWorld, client: TestClient, opened: bytes
) -> None:
    freeze(known, opened, 70, days=1)
    known.settle()
    (frozen,) = liens(client, opened)
    last = day_start(known.acting.today() + 2) * 1000 - 1
    assert buckets(client, opened) == (30, 0, 70, 0)
    known.clock.ahead_ms += 3 * 86_400_000
    assert buckets(client, opened) == (30, 0, 70, 0), "for the contract it is the day of its last block"
    assert available(known, opened) == 30
    for node in known.nodes:
        node.rpc.call("evm_increaseTime", hex(3 * 86_400))
        node.mine()
    assert_reconciled(known)
    known.settle()
    assert available(known, opened) == 100
    assert buckets(client, opened) == (100, 0, 0, 0)
    assert buckets(client, opened, at=rfc3339(last)) == (30, 0, 70, 0), "until midnight in Shanghai"
    assert buckets(client, opened, at=rfc3339(last + 1)) == (100, 0, 0, 0)
    (lapsed,) = liens(client, opened)
    assert (frozen["chain_status"], lapsed["chain_status"], lapsed["units"]) == ("standing", "lapsed", "70")
    seq = line(client, opened)["seq"]
    transfer(known, opened, DING, FEN, 90)
    assert_reconciled(known)
    assert line(client, opened)["seq"] == seq + 1, "the transfer took the lapsed lien off as well"
    assert buckets(client, opened) == (10, 0, 0, 0)
    assert liens(client, opened)[0]["chain_status"] == "ended"
    assert line(client, opened, FEN)["units"] == "90"


def test_a_transfer_that_an_earlier_published_freeze_came_before_is_marked_and_told(
    known: MarketWorld, client: TestClient, opened: bytes
) -> None:
    transfer(known, opened, DING, FEN, 10, reason=GIFT)
    known.pass_days(1)
    leaf = transfer(known, opened, DING, GAO, 20, reason=GIFT)
    freeze(known, opened, 70, ago=3600)
    assert_reconciled(known)
    with known.services.database.read() as session:
        marked = repository.outgoing(
            session,
            BUSINESS,
            from_bytes16("sec", opened),
            from_bytes16("acc", DING),
            names=("Transferred",),
            since=0,
        )
    assert [(each.other_id, each.subject_to) for each in marked] == [
        (from_bytes16("acc", FEN), None),
        (from_bytes16("acc", GAO), [1]),
    ]
    assert marked[1].leaf == leaf
    (told,) = alerts_of(client, opened, "subject-to-freeze")
    assert (told["said"]["freeze"], told["said"]["taker"]) == (1, from_bytes16("acc", GAO))
    assert "法释〔2021〕20号" in told["source"]
    assert (told["cleared_at"], told["cleared_because"]) == (None, None)
    assert buckets(client, opened) == (0, 0, 70, 0), "nothing was undone"
    lifting = {"security": opened, "investor": DING, "number": 1, "units": 70}
    known.acting.act("ReleaseLien", lifting, CHECKER, LIAISON)
    known.settle()
    (ended,) = alerts_of(client, opened, "subject-to-freeze")
    assert ended["cleared_because"].startswith("The freeze covers nothing any more")
    assert ended["since"] <= ended["cleared_at"] == rfc3339(newest(known) * 1000), "by the chain's time"


def alerts_of(client: TestClient, security: bytes, kind: str) -> list[dict[str, Any]]:
    found = client.get("/v1/register/alerts", params={"kind": kind, "limit": 500}).json()["items"]
    return [each for each in found if each["security"] == from_bytes16("sec", security)]


def test_a_cap_is_told_before_it_is_reached_and_after_it_is_exceeded(
    known: MarketWorld, client: TestClient, opened: bytes
) -> None:
    def standing() -> set[str]:
        known.settle()
        found = client.get("/v1/register/alerts", params={"standing": "true", "limit": 500}).json()["items"]
        return {each["kind"] for each in found if each["security"] == from_bytes16("sec", opened)}

    assert standing() == set()
    transfer(known, opened, DING, FEN, 1)
    transfer(known, opened, DING, GAO, 1)
    assert standing() == {"cap-near"}
    transfer(known, opened, DING, HAN, 1, reason=INHERITANCE)
    assert standing() == {"cap-exceeded"}, "an heir is never refused"
    transfer(known, opened, HAN, ELI, 1, reason=INHERITANCE)
    transfer(known, opened, GAO, ELI, 1, reason=INHERITANCE)
    assert standing() == set()
    transfer(known, opened, DING, FEN, 1, reason=GIFT)
    transfer(known, opened, DING, GAO, 1, reason=GIFT)
    assert standing() == {"cap-near"}
    known.acting.act("ChangeTerms", {"security": opened, **TERMS, "cap": 200}, CHECKER, REGULATOR)
    assert standing() == set(), "a wider cap is enough, nobody has to deal"
    assert alerts_of(client, opened, "cap-near")[-1]["cleared_because"] == "4 holders, and the cap is 200."
    assert_reconciled(known)


def test_nothing_is_stated_of_a_moment_that_nobody_has_read(
    known: MarketWorld, client: TestClient, opened: bytes
) -> None:
    known.settle()
    read = newest(known)
    known.pass_days(1)
    until(lambda: newest(known) > read)
    at = (read + 3_600) * 1000
    refused = state(client, opened, "no-pledge", status=409, at=rfc3339(at))
    assert refused["type"].endswith("register-unread")
    assert state(client, opened, "no-pledge")["statement"]["as_of"] == rfc3339(read * 1000)
    known.settle()
    assert state(client, opened, "no-pledge", at=rfc3339(at))["statement"]["as_of"] == rfc3339(at)


@pytest.mark.one_database
def test_a_block_that_comes_after_the_chain_was_asked_is_not_stated_of(
    known: MarketWorld, client: TestClient, opened: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    known.settle()
    desk = known.services.register.book.statements
    ask = desk._read_end

    def asked(block: int) -> int | None:
        found = ask(block)
        known.pass_seconds(3_600)  # before the statement's turn comes
        return found

    monkeypatch.setattr(desk, "_read_end", asked)
    as_of = state(client, opened, "no-pledge")["statement"]["as_of"]
    known.settle()
    assert as_of < rfc3339(newest(known) * 1000)


def test_a_pledge_whose_row_somebody_deleted_is_missed(known: MarketWorld, client: TestClient, opened: bytes) -> None:
    encumber(known, opened, PLEDGE, 60)
    known.settle()
    with known.services.database.read() as session:
        (row,) = repository.lots(session, BUSINESS, from_bytes16("sec", opened), None)
    kept = {column.name: getattr(row, column.name) for column in LotsRow.__table__.columns}
    with known.services.database.write() as session:
        known.services.lease.check(session)
        session.execute(delete(LotsRow).where(LotsRow.security_id == row.security_id))
    try:
        found = known.services.register.book.reconciler.run(row.security_id)
        assert [(each["what"], each["of"], each["book"]) for each in found.differences] == [
            ("lots", row.account_id, "[]")
        ]
        assert state(client, opened, "no-pledge", status=409)["type"].endswith("register-gap")
    finally:
        with known.services.database.write() as session:
            known.services.lease.check(session)
            session.execute(insert(LotsRow).values(**kept))
    assert state(client, opened, "no-pledge", status=409)["type"].endswith("lien-stands")
    assert_reconciled(known)


def test_units_go_to_whom_a_pledge_is_enforced_for_and_to_heirs_with_their_liens(
    known: MarketWorld, client: TestClient, opened: bytes
) -> None:
    encumber(known, opened, PLEDGE, 60)
    number = {"security": opened, "number": 1, "from": DING, "to": FEN, "units": 25}
    known.acting.act("EnforceLien", number, CHECKER, BANK)
    heir = {"security": opened, "from": DING, "to": IDA, "units": 15, "reason": INHERITANCE, "lot": 1}
    known.acting.act("TransferEstate", heir, CHECKER)
    assert_reconciled(known)
    assert buckets(client, opened) == (40, 20, 0, 0)
    assert line(client, opened, FEN)["available"] == "25"
    assert line(client, opened, IDA)["lots"] == [{"units": "15", "liens": [1]}]
    for who, units in ((IDA, "15"), (DING, "20")):
        account = from_bytes16("acc", who)
        for kind in ("holding", "pledge"):
            (lien,) = state(client, opened, kind, account=account)["liens"]
            assert (lien["account"], lien["units"], "opened_units" in lien) == (account, units, False)
    with known.services.database.read() as session:
        left = repository.outgoing(
            session,
            BUSINESS,
            from_bytes16("sec", opened),
            from_bytes16("acc", DING),
            names=("Enforced", "EstateTransferred"),
            since=0,
        )
    assert [(each.name, each.other_id) for each in left] == [
        ("Enforced", from_bytes16("acc", FEN)),
        ("EstateTransferred", from_bytes16("acc", IDA)),
    ]


def test_what_an_officer_may_sell_is_kept_beside_the_position(
    known: MarketWorld, client: TestClient, opened: bytes
) -> None:
    known.acting.act("SetOfficer", {"security": opened, "investor": DING, "serving": True, "leftOn": 0}, CHECKER)
    transfer(known, opened, DING, FEN, 25)
    done = assert_reconciled(known)
    assert done.compared["lockups"] >= 1
    assert line(client, opened)["officer"]
    with known.services.database.read() as session:
        (row,) = repository.lockups(session, BUSINESS, from_bytes16("sec", opened))
    word = int.from_bytes(row.word)
    assert (word & (1 << 80) - 1, word >> 80 & (1 << 80) - 1) == (100, 25)
