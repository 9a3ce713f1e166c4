"""One plain node a test, with the contracts deployed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.addresses import Addresses
from services.platform.database import Database
from tests.integration.services.transactions.rig import Anvil, Rig, deployed
from tests.integration.services.transactions.rpc_chain import RpcChain


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """Blocks are made transaction by transaction until the test says otherwise."""
    node = Anvil().start()
    yield node
    node.stop()


@pytest.fixture
def addresses(anvil: Anvil, tmp_path: Path) -> Addresses:
    """The contracts on that node."""
    return deployed(anvil, tmp_path)


@pytest.fixture
def chain(anvil: Anvil, addresses: Addresses) -> Iterator[RpcChain]:
    """Blocks are final at once."""
    port = RpcChain("supervision", anvil.url, addresses)
    yield port
    port.close()


@pytest.fixture
def rig(database: Database, chain: RpcChain) -> Rig:
    """The context on each database in turn."""
    return Rig(database, chain)
