"""A chain that takes blocks back: nothing was called final too early, and what was called final stays."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chain.proof.encoding import to_hex
from chain.proof.hashing import keccak256
from chain.proof.receipt import parse_receipt
from services.evidence.submission import Accepted
from services.platform.settings import Settings
from tests.integration.founded import Founded
from tests.integration.services.identity.house import make_home
from tests.integration.services.whole.world import Witness, World

pytestmark = pytest.mark.one_database

RULES = {"confirmations:3": 3, "finalized": 4}
"""The chain's rule of finality -> how many blocks must stand on one before it is final (finalized: 2 epochs of 2)."""
SETTLED = ("anchored", "final")


@pytest.fixture(params=RULES)
def rule(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(rule: str, founded: Founded, tmp_path: Path, new_database: Callable[..., str]) -> Iterator[World]:
    node = founded.node("--slots-in-an-epoch", "2")
    settings = _with_finality(make_home(node, founded.addresses, tmp_path / "家", new_database()), rule)
    made = World(settings, node, witness=Witness(node.url))
    try:
        made.between = node.mine
        made.found()
        made.run(lambda: made.anchored_sizes() != [])
        yield made
    finally:
        made.stop()
        node.stop()


def _with_finality(settings: Settings, rule: str) -> Settings:
    chain = settings.chains["supervision"].model_copy(update={"finality": rule})
    return settings.model_copy(update={"chains": {"supervision": chain}})


class Observer:
    """Asks at every step; keeps every receipt that it was given as anchored or final, with the chain's word on it."""

    def __init__(self, world: World, record: Accepted, rule: str) -> None:
        self.world, self.record, self.depth = world, record, RULES[rule]
        self.seen: list[str] = []
        self.kept: list[bytes] = []
        world.after_step = self.look

    def look(self) -> None:
        status = self.world.status(self.record)
        self.seen.append(status)
        if status not in SETTLED:
            return
        receipt = self.world.receipt(self.record)
        head = int(self.world.node.rpc.call("eth_blockNumber"), 16)
        assert int(self._block(receipt)["number"], 16) <= head - self.depth, "called anchored too early"
        if receipt not in self.kept:
            self.kept.append(receipt)

    def _block(self, receipt: bytes) -> dict[str, Any]:
        anchor = parse_receipt(receipt).anchor
        assert anchor is not None
        block: dict[str, Any] = self.world.node.rpc.call("eth_getBlockByHash", to_hex(keccak256(anchor.header)), False)
        assert block is not None, "the receipt's block is not on the chain"
        return block

    def all_still_true(self) -> None:
        """Every receipt of the past: its block stands at its height, and the verifier says what it said."""
        assert self.kept
        for receipt in self.kept:
            block = self._block(receipt)
            at_height = self.world.node.rpc.call("eth_getBlockByNumber", block["number"], False)
            assert at_height["hash"] == block["hash"]
        assert self.world.outcome(self.kept[-1]) == "valid"


def append_attempts(world: World) -> list[tuple[str, bytes, int]]:
    """(state, signed bytes, times sent) of the newest append's attempts."""
    query = """
        SELECT t.state, a.raw, a.sends FROM transaction_attempts a JOIN chain_transactions t ON t.id = a.transaction_id
        WHERE t.purpose = 'anchor' AND t.id = (SELECT max(id) FROM chain_transactions WHERE purpose = 'anchor')
    """
    with world.services.database.read() as session:
        return [(row[0], bytes(row[1]), row[2]) for row in session.execute(text(query))]


def test_a_reorganised_anchor_is_sent_again_as_it_was_and_becomes_final_once(world: World, rule: str) -> None:
    before = world.anchored_sizes()
    record = world.submit()
    observer = Observer(world, record, rule)
    world.run(lambda: world.anchored_sizes() != before)
    world.step(anchor=False)
    ((state, raw, sends),) = append_attempts(world)
    assert state == "mined"
    mined = world.node.rpc.call("eth_getTransactionReceipt", "0x" + keccak256(raw).hex())
    world.node.automine(False)
    depth = 1 + int(world.node.rpc.call("eth_blockNumber"), 16) - int(mined["blockNumber"], 16)
    assert depth <= RULES[rule], "not final yet"
    world.node.rpc.call("anvil_reorg", depth, [])
    assert world.anchored_sizes() == before, "its block is gone"
    world.step(anchor=False)
    ((state, again, sent),) = append_attempts(world)
    assert (state, again) == ("sent", raw), "the same bytes, no second transaction"
    assert sent > sends
    assert not set(observer.seen) & set(SETTLED)
    world.node.automine(True)
    world.run(lambda: world.status(record) == "final")
    assert len(world.anchored_sizes()) == len(before) + 1, "anchored once"
    moved = world.node.rpc.call("eth_getTransactionReceipt", "0x" + keccak256(raw).hex())
    assert moved["blockHash"] != mined["blockHash"]
    observer.all_still_true()


def test_what_was_called_final_survives_the_deepest_reorganisation_that_the_rule_allows(
    world: World, rule: str
) -> None:
    record = world.submit()
    observer = Observer(world, record, rule)
    world.run(lambda: world.status(record) == "final")
    world.node.rpc.call("anvil_reorg", RULES[rule], [])
    later = world.submit("later")
    world.run(lambda: world.status(later) == "final")
    assert world.status(record) == "final"
    observer.all_still_true()
    sizes = world.anchored_sizes()
    assert sizes == sorted(set(sizes)), "no head twice"
