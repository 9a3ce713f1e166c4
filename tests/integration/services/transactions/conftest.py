"""One plain node a test, with the contracts deployed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from services.platform.database import Database
from tests.integration.services.transactions.rig import Anvil, Client, Rig, client_of, deployed


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """Blocks are made transaction by transaction until the test says otherwise."""
    node = Anvil().start()
    yield node
    node.stop()


@pytest.fixture
def address_file(anvil: Anvil, tmp_path: Path) -> Path:
    """Where the contracts are on that node."""
    return deployed(anvil, tmp_path)


@pytest.fixture
def chain(anvil: Anvil, address_file: Path) -> Client:
    """Blocks are final at once."""
    return client_of(anvil.url, address_file, anvil.settle)


@pytest.fixture
def rig(database: Database, chain: Client) -> Rig:
    """The context on each database in turn."""
    return Rig(database, chain)
