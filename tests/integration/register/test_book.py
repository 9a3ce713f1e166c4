"""The register's rows are what the contract did: each change with its place on the chain, each moment as it was."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from chain.proof.hashing import keccak256
from services.platform.ids import from_bytes16
from services.platform.metrics import REGISTER_DIFFERENCES
from services.register.book import repository
from services.register.book.models import OPEN_END, PositionRow
from services.register.rules.positions import Position
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, INSTITUTION, FoundedBusiness
from tests.integration.register.reconciled import assert_reconciled
from tests.integration.register.world import BUSINESS, MarketWorld, open_market
from tests.integration.services.transactions.rig import REGION

SECURITY, OTHER = b"\x5e" * 16, b"\x5f" * 16
ANNA, BO, CHEN = (bytes([each]) * 16 for each in (0xA1, 0xB0, 0xC4))
PERSON = 1
TERMS = {
    "form": 0, "kinds": 0b11111110, "cap": 4, "grandfathered": 0, "interval": 5, "subscriptionCounts": False,
    "basis": b"REM-04".ljust(16, b"\0"),
}  # fmt: skip


def open_investors(world: MarketWorld, *ids: bytes) -> None:
    for each in ids:
        until = world.acting.today() + 300
        world.acting.act(
            "OpenInvestor", {"investor": each, "kind": PERSON, "suitableUntil": until, "addend": 0}, CHECKER
        )


def open_security(world: MarketWorld, security: bytes, holders: Sequence[tuple[bytes, int]]) -> None:
    """Into custody with these holders."""
    opening = {"security": security, "issuer": INSTITUTION, "issuerRegion": REGION, **TERMS}
    world.acting.act("OpenSecurity", opening, CHECKER)
    issue(world, security, holders)
    capital = sum(units for _, units in holders)
    world.acting.act("AdmitSecurity", {"security": security, "capital": capital}, CHECKER)


def issue(world: MarketWorld, security: bytes, holders: Sequence[tuple[bytes, int]]) -> None:
    investors, units = [one for one, _ in holders], [units for _, units in holders]
    world.acting.act("IssueUnits", {"security": security, "investors": investors, "units": units}, CHECKER)


def transfer(world: MarketWorld, giver: bytes, taker: bytes, units: int, *, reason: int = 0) -> bytes:
    """Its requested leaf."""
    moved = {"security": SECURITY, "from": giver, "to": taker, "units": units, "reason": reason}
    leaf: bytes = world.acting.act("TransferUnits", moved, CHECKER)["leaf"]
    return leaf


@pytest.fixture(scope="module")
def market(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MarketWorld]:
    """A security with two holders; one sold a third of its units to a new one two days later."""
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("登记簿 book")) as world:
        open_investors(world, ANNA, BO, CHEN)
        open_security(world, SECURITY, [(ANNA, 900), (BO, 100)])
        open_security(world, OTHER, [(ANNA, 7)])
        world.pass_days(2)
        transfer(world, ANNA, CHEN, 300)
        world.settle()
        yield world


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
    assert held(market) == {"a1": 600, "b0": 100, "c4": 300}
    with market.services.database.read() as session:
        row = repository.security(session, BUSINESS, from_bytes16("sec", SECURITY))
    assert row is not None
    assert (row.issued, row.count, row.cap, row.state, row.basis) == (1000, 3, 4, 2, "REM-04")


def test_each_change_has_its_place_on_the_chain_and_the_leaf_that_asked_for_it(market: MarketWorld) -> None:
    before = changes(market, BO)
    leaf = transfer(market, CHEN, BO, 1, reason=1)
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
    assert (done.compared["securities"], done.compared["investors"]) == (2, 3)


def test_what_somebody_changed_in_the_database_is_found_told_and_forgiven_once_it_is_right_again(
    market: MarketWorld,
) -> None:
    row = changes(market, BO)[-1]
    position = Position.of(int.from_bytes(row.word))
    richer = position.grown(1_000_000, 0).word.to_bytes(32)
    tamper(market, row, richer)
    found = market.services.register.book.reconciler.run()
    told = {(one["what"], one["of"], one["field"]): (one["chain"], one["book"]) for one in found.differences}
    assert told["position", row.account_id, "units"] == (str(position.units), str(position.units + 1_000_000))
    assert told["position", row.account_id, "seq"] == (str(position.seq), str(position.seq + 1))
    assert REGISTER_DIFFERENCES._value.get() == found.count == 2
    assert standing(market) == {"differs": 1}
    tamper(market, row, row.word)
    assert_reconciled(market)
    assert standing(market) == {}


def test_a_change_that_went_missing_is_an_alarm(market: MarketWorld) -> None:
    """The row before the newest one is lost, as if its event had never been read."""
    newest = changes(market, ANNA)[-1]
    with market.services.database.write() as session:
        market.services.lease.check(session)
        session.execute(update(PositionRow).where(*key_of(newest)).values(word=bytes(31) + b"\1"))
    transfer(market, ANNA, BO, 1, reason=1)
    market.settle()
    with market.services.database.read() as session:
        (told,) = repository.alerts(session, BUSINESS, kinds=("seq-gap",), limit=10)
    assert told.said["found"] == newest.seq + 1
    assert told.said["expected"] == 1
    tamper(market, newest, newest.word)


def tamper(world: MarketWorld, row: PositionRow, word: bytes) -> None:
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
