from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.founded import Founded
from tests.integration.services.identity.house import House, make_home, start
from tests.integration.services.transactions.rig import Anvil


@pytest.fixture(scope="module")
def deployed(founded: Founded) -> Iterator[tuple[Anvil, Path]]:
    """A node that makes a block for each transaction, with the contracts on it, and the address file."""
    node = founded.node()
    yield node, founded.addresses
    node.stop()


@pytest.fixture
def anvil(deployed: tuple[Anvil, Path]) -> Iterator[Anvil]:
    """The node as it was when the contracts were deployed."""
    node = deployed[0]
    snapshot = node.rpc.call("evm_snapshot")
    yield node
    node.rpc.call("evm_revert", snapshot)


@pytest.fixture
def house(
    deployed: tuple[Anvil, Path], anvil: Anvil, tmp_path: Path, new_database: Callable[..., str]
) -> Iterator[House]:
    """A new installation, started, nobody in it."""
    opened = start(make_home(anvil, deployed[1], tmp_path / "家 home", new_database()))
    yield opened
    opened.services.stop()
