"""Chain and witness may go: submissions go on, nothing claims more than it has, and what waited is caught up with."""

import signal
import time
from collections.abc import Callable
from functools import partial

import pytest

from chain.client import ChainSettings
from services import chains
from tests.conftest import FULL
from tests.integration.services.transactions.rig import GATEWAY
from tests.integration.services.whole.world import EmbeddedNode, Witness, World
from tests.waiting import until

pytestmark = pytest.mark.one_database

Open = Callable[..., World]
HEADS, PER_HEAD = (40, 100) if FULL else (6, 25)


@pytest.fixture
def world(new_world: Open, node: EmbeddedNode) -> World:
    """With a witness, its founding records final."""
    made = new_world(witness=Witness(node.url))
    first = made.submit("first")
    made.run(lambda: made.status(first) == "final")
    return made


def ready(world: World) -> bool:
    return all(check.ok for check in world.services.health.ready())


def test_while_the_chain_is_away_submissions_go_on_and_the_backlog_drains_in_two_transactions(
    world: World, node: EmbeddedNode
) -> None:
    before = world.anchored_sizes()
    nonce = world.services.chains.clients["supervision"].nonce(GATEWAY.address)
    node.kill()
    records = []
    for head in range(HEADS):
        batch = [world.submit(f"s{head}/{number}") for number in range(PER_HEAD)]
        assert {world.status(each) for each in batch} == {"accepted"}
        world.step()
        assert {world.status(each) for each in batch} == {"witnessed"}, "sealed and cosigned without the chain"
        assert ready(world), "an absent chain stops no submission and fails no job"
        records += batch
    node.start()
    world.run(lambda: world.status(records[-1]) == "final")
    assert {world.status(each) for each in records} == {"final"}
    added = world.anchored_sizes()[len(before) :]
    assert 1 <= len(added) <= 2, f"{len(records)} records under {HEADS} heads in few transactions"
    assert world.services.chains.clients["supervision"].nonce(GATEWAY.address) == nonce + len(added)
    assert world.outcome(world.receipt(records[0])) == world.outcome(world.receipt(records[-1])) == "valid"


def test_a_chain_that_takes_questions_and_answers_none_holds_up_no_seal(
    new_world: Open, node: EmbeddedNode, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the scheduler running: jobs hang on the chain for longer than this test waits, the others go on."""
    monkeypatch.setattr(chains, "ChainSettings", partial(ChainSettings, timeout=600))
    world = new_world()
    world.services.jobs.start()
    node.signal(signal.SIGSTOP)
    try:
        time.sleep(1)  # by then they hang, or the first seals come even before that
        for number in range(3):
            record = world.submit(f"s{number}")
            until(lambda record=record: world.status(record) != "accepted")  # type: ignore[misc]
        assert world.services.jobs.states()["platform.lease"].failures == 0
    finally:
        node.signal(signal.SIGCONT)
    until(lambda: world.status(record) == "final", tell=world.services.jobs.states)


def test_without_its_witness_nothing_is_final_and_with_it_everything(new_world: Open, node: EmbeddedNode) -> None:
    world = new_world(witness=Witness(node.url))
    world.run(lambda: world.evidence.public.log(world.log.id).anchored == world.evidence.public.log(world.log.id).size)
    before = world.anchored_sizes()
    world.watched = False
    early = world.submit("early")
    world.step()
    world.step()
    assert world.status(early) == "sealed"
    assert world.anchored_sizes() == before, "the quorum is waited for"
    world.clock.ahead_ms = world.settings.anchor_grace_ms
    world.run(lambda: world.status(early) == "anchored")
    late = world.submit("late")
    for _ in range(3):
        world.step()
    assert (world.status(early), world.status(late)) == ("anchored", "sealed")
    assert world.outcome(world.receipt(early)) != "valid"
    world.watched = True
    world.run(lambda: world.status(late) == "final")
    assert world.status(early) == "final"
    assert world.outcome(world.receipt(early)) == world.outcome(world.receipt(late)) == "valid"


def test_a_head_with_the_quorum_is_anchored_before_a_newer_one_without(world: World) -> None:
    known = world.submit("known")
    world.services.jobs.run("evidence.seal")
    pin = world.services.chains.pins["supervision"]
    assert world.witness is not None
    world.witness.looks(world.evidence, pin.genesis, pin.chain_id)
    world.watched = False
    unknown = world.submit("unknown")
    world.run(lambda: world.status(known) == "anchored")
    for _ in range(3):
        world.step()
    assert world.anchored_sizes()[-1] == known.index + 1
    assert world.status(unknown) == "sealed", "waits for its own quorum"
    world.watched = True
    world.run(lambda: world.status(unknown) == "final")
    sizes = world.anchored_sizes()
    assert sizes == sorted(set(sizes))
    assert world.outcome(world.receipt(known)) == "valid"
