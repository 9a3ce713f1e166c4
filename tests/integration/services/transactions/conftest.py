"""One plain node a test, on a chain with the contracts."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platform.database import Database
from tests.integration.founded import Founded
from tests.integration.services.transactions.rig import Anvil, Client, Rig, client_of


@pytest.fixture
def anvil(founded: Founded) -> Iterator[Anvil]:
    """Blocks are made transaction by transaction until the test says otherwise."""
    node = founded.node()
    yield node
    node.stop()


@pytest.fixture
def address_file(founded: Founded) -> Path:
    """Where the contracts are on that node."""
    return founded.addresses


@pytest.fixture
def chain(anvil: Anvil, address_file: Path) -> Client:
    """Blocks are final at once."""
    return client_of(anvil.url, address_file, anvil.settle)


@pytest.fixture
def rig(database: Database, chain: Client) -> Rig:
    """The context on each database in turn."""
    return Rig(database, chain)
