from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.founded import Founded
from tests.integration.services.identity.house import House, make_home, start
from tests.integration.services.transactions.rig import Anvil


@pytest.fixture(scope="module")
def deployed(founded: Founded) -> Iterator[tuple[Anvil, Path]]:
    """A node that makes a block for each transaction, with the contracts on it, and the address file."""
    with founded.running() as node:
        yield node, founded.addresses


@pytest.fixture
def anvil(founded: Founded) -> Iterator[Anvil]:
    """A node of the test's own, as it was when the contracts were deployed."""
    with founded.running() as node:
        yield node


@pytest.fixture
def house(founded: Founded, anvil: Anvil, tmp_path: Path, new_database: Callable[..., str]) -> Iterator[House]:
    """A new installation, started, nobody in it."""
    opened = start(make_home(anvil, founded.addresses, tmp_path / "家 home", new_database()))
    yield opened
    opened.services.stop()
