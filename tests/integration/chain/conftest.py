from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.chain.support import Node, Plain, anvil, hardhat


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "链 home"
    folder.mkdir()
    return folder


@pytest.fixture
def node(home: Path) -> Iterator[Node]:
    made = Node(home)
    yield made
    made.kill()


@pytest.fixture
def new_anvil(tmp_path: Path) -> Iterator[Callable[..., Plain]]:
    made: list[Plain] = []

    def make(*flags: str, **options: object) -> Plain:
        made.append(anvil(tmp_path, *flags, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="session")
def hardhat_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    made = hardhat(tmp_path_factory.mktemp("hardhat"))
    yield made
    made.stop()
