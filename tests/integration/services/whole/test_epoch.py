"""A chain is lost: another takes its place, gets every head again in order, and old receipts still verify."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text

from chain.proof.ethereum import log_id
from chain.proof.hashing import keccak256
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from services.fsck import Scope, fsck
from services.platform.errors import Conflict, Unavailable
from tests.conftest import FULL
from tests.integration.services.whole.epochs import MARKET, Land
from tests.integration.services.whole.world import EmbeddedNode, Witness, World

pytestmark = pytest.mark.one_database

NewWorld = Callable[..., World]
_KILLS = (
    "anchor-again.after-commit",
    "anchor-event.before-commit",
    "anchor-again.before-commit",
    "transactions.after-send",
    "indexer.after-unit",
)
KILLS = _KILLS if FULL else _KILLS[:2]
_ANCHORED = keccak256(b"HeadAnchored(bytes32,uint64,bytes32,uint64)")


def heads_on_chain(land: Land) -> list[tuple[bytes, int, bytes]]:
    """(log, size, root) in the chain's order; straight from the node."""
    client = land.world.services.chains.clients[land.chain]
    found = [one for one in client.logs(0, client.head(), ["EvidenceLog"]) if one.topics[0] == _ANCHORED]
    return [(one.topics[1], int.from_bytes(one.data[:32]), one.data[32:64]) for one in found]


def found_land(new_world: NewWorld, node: EmbeddedNode) -> Land:
    """Two logs, whose heads take turns on the chain."""
    land = Land(new_world(witness=Witness(node.url)))
    land.open_second()
    for number in range(2 if FULL else 1):
        for log in (land.world.log.id, land.second):
            accepted = land.submit(log, f"before {number}")
            land.run(lambda accepted=accepted: land.world.status(accepted) == "final")  # type: ignore[misc]
    return land


def check_statements(land: Land, count: int) -> None:
    epochs = land.world.evidence.epochs
    epochs.add_statement("supervision", land.statement())
    for lie in ([1, 0, *range(2, count)], range(1, count)):
        with pytest.raises(Conflict, match="another order"):
            epochs.add_statement("supervision", land.statement(lie))
    (said,) = epochs.statements("supervision")
    assert (said.epoch, said.count) == (2, count)


def check_examination(world: World) -> None:
    examined = fsck(world.settings, Scope())
    assert (examined.findings, examined.incomplete) == ([], [])
    with world.services.database.write() as session:
        world.services.lease.check(session)
        for ordinal, size in ((0, 1_000), (1, 0), (1_000, 1)):  # two heads change places
            session.execute(text(f"UPDATE past_anchors SET ordinal = {size} WHERE ordinal = {ordinal}"))
    kinds = {finding.kind for finding in fsck(world.settings, Scope()).findings}
    assert kinds == {"epoch-heads"}


def test_a_lost_chain_is_followed_by_another(new_world: NewWorld, node: EmbeddedNode) -> None:
    land = found_land(new_world, node)
    world = land.world
    old = land.submit(land.second, "from before")
    land.run(lambda: world.status(old) == "final")
    old_receipt, old_trust, before = world.receipt(old), world.evidence.trust.file(), heads_on_chain(land)
    assert {log for log, _, _ in before} == {log_id(world.log.origin), log_id(MARKET)}

    unsigned = world.evidence.request_rotation(world.institution, land.second, reason="yearly").result(60)
    land.lose(node)
    between = world.submit("while there is no chain")  # checked before: submissions go on, anchors wait
    land.step()
    assert world.status(between) in ("sealed", "witnessed")
    world.restart()
    with pytest.raises(Unavailable, match="not yet checked"):
        world.submit("after a start without a chain")

    land.replace(node)
    world.watched = False
    land.step()
    with pytest.raises(Unavailable, match="not yet checked"):
        world.submit("the new chain knows nothing, and no witness has spoken")
    world.watched = True
    land.run(lambda: bool(land.waiting()))
    assert land.sign_all() == ["institution.registration"]
    assert (world.operation(unsigned).state, world.operation(unsigned).reason) == (
        "cancelled",
        {"error": "ChainLost", "args": {"chain": "supervision"}, "stage": "chain-lost"},
    )
    with pytest.raises(Conflict, match="anchored again"):
        world.evidence.request_rotation(world.institution, land.second, reason="too early").result(60)
    land.run(lambda: len(land.waiting()) == 2)
    assert land.progress() == (0, len(before))
    assert land.sign_all() == ["log.opening", "log.opening"]
    for failpoint in KILLS if FULL or world.settings.url.startswith("sqlite") else ():
        land.kill_at(failpoint)
    world.restart()
    land.run(lambda: land.progress() == (len(before), len(before)))
    assert heads_on_chain(land)[: len(before)] == before

    assert len(set(heads_on_chain(land))) == len(heads_on_chain(land)), "nothing is anchored twice"
    check_statements(land, len(before))
    new = land.submit(land.second, "from after")
    land.run(lambda: {world.status(each) for each in (between, new)} == {"final"})
    receipts = {"old": old_receipt, "old again": world.receipt(old), "new": world.receipt(new)}
    trust = parse_trust(world.evidence.trust.file())
    assert [chain.epoch for chain in trust.chains] == [1, 2]
    for name, receipt in receipts.items():
        assert str(verify(parse_receipt(receipt), trust).outcome) == "valid", name
    only_new = replace(trust, chains=tuple(chain for chain in trust.chains if chain.epoch == 2))
    for receipt, lacking in ((receipts["new"], parse_trust(old_trust)), (old_receipt, only_new)):
        verdict = verify(parse_receipt(receipt), lacking)
        assert (verdict.first_failure, verdict.stages["anchor"].reason) == ("anchor", "chain-unknown")
    check_examination(world)
