"""The manager on the embedded chain, which is killed under it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.deploy import deploy_all
from services.platform.database import Database
from services.transactions.desk import Policy
from tests.integration.chain.support import Node
from tests.integration.services.transactions.rig import DEPLOYER, GATEWAY, REGION, REGIONAL, Rig, client_of, key_of
from tests.ports import free_port


class Embedded:
    """The chain with the contracts; ``start()`` again after ``kill()``: same port, same blocks."""

    def __init__(self, home: Path) -> None:
        self.node = Node(home)
        self.port = str(free_port())
        self.url = f"http://127.0.0.1:{self.port}"
        self.address_file = home / "addresses.json"

    def start(self) -> None:
        self.node.start("--port", self.port, "--fund", DEPLOYER.address, "--fund", GATEWAY.address)

    def kill(self) -> None:
        """As a power cut would."""
        self.node.kill()

    def deploy(self) -> None:
        root, regions = key_of("root").address, {REGION: REGIONAL.address}
        deploy_all(self.url, DEPLOYER.secret, root, regions, 3600, self.address_file)


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Embedded]:
    chain = Embedded(tmp_path)
    chain.start()
    chain.deploy()
    yield chain
    chain.kill()


@pytest.fixture
def rig(database: Database, embedded: Embedded) -> Rig:
    """Sends again after a second, as a killed chain forgets what it has not mined; pays more only after minutes."""
    policy = Policy(stale_ms=1_000, sends_before_bump=10)
    return Rig(database, client_of(embedded.url, embedded.address_file), policy)


def test_commands_become_final_on_the_embedded_chain(rig: Rig) -> None:
    operations = [rig.register(number, queue=f"q{number % 2}") for number in range(1, 6)]
    rig.run(*operations)
    assert sorted(rig.heard()) == [1, 2, 3, 4, 5]
    assert rig.nonces_used() == 5


def test_a_chain_killed_with_our_transactions_in_it_ends_each_once(rig: Rig, embedded: Embedded) -> None:
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
