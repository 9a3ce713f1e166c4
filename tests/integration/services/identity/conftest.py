from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.services.identity.house import House, make_home, start
from tests.integration.services.transactions.rig import Anvil


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    """A node that makes a block for each transaction."""
    node = Anvil().start()
    yield node
    node.stop()


@pytest.fixture
def house(anvil: Anvil, tmp_path: Path, new_database: Callable[..., str]) -> Iterator[House]:
    """A new installation, started, nobody in it."""
    opened = start(make_home(anvil, tmp_path / "家 home", new_database(empty=True)))
    yield opened
    opened.services.stop()
