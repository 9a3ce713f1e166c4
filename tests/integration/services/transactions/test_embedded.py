"""The manager on the embedded chain, which is killed under it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platform.database import Database
from services.transactions.desk import Policy
from tests.integration.founded import FoundedEmbedded
from tests.integration.services.transactions.rig import Rig, client_of
from tests.integration.services.whole.world import EmbeddedNode

pytestmark = pytest.mark.one_database


@pytest.fixture
def embedded(founded_embedded: FoundedEmbedded, tmp_path: Path) -> Iterator[EmbeddedNode]:
    chain = founded_embedded.node(tmp_path / "chain").start()
    yield chain
    chain.kill()


@pytest.fixture
def rig(database: Database, embedded: EmbeddedNode, founded_embedded: FoundedEmbedded) -> Rig:
    """Sends again after a second, as a killed chain forgets what it has not mined; pays more only after minutes."""
    policy = Policy(stale_ms=1_000, sends_before_bump=10)
    return Rig(database, client_of(embedded.url, founded_embedded.addresses), policy)


def test_commands_become_final_on_the_embedded_chain(rig: Rig) -> None:
    operations = [rig.register(number, queue=f"q{number % 2}") for number in range(1, 6)]
    rig.run(*operations)
    assert sorted(rig.heard()) == [1, 2, 3, 4, 5]
    assert rig.nonces_used() == 5


def test_a_chain_killed_with_our_transactions_in_it_ends_each_once(rig: Rig, embedded: EmbeddedNode) -> None:
    rig.run(rig.register(1))
    operations = [rig.register(number) for number in range(2, 10)]
    rig.manager.tick()
    embedded.kill()
    assert rig.manager.tick() is False
    embedded.start()
    rig.run(*operations)
    assert {rig.state(each) for each in operations} == {"final"}
    assert sorted(rig.heard()) == list(range(1, 10))
    assert rig.nonces_used() == 9
    assert len(set(rig.chain.sent)) == 9, "no second bytes for any"
