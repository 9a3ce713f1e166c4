"""An installation on the embedded chain, which may be killed and started again, on each database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.integration.founded import FoundedEmbedded
from tests.integration.services.identity.house import make_home
from tests.integration.services.whole.world import EmbeddedNode, Witness, World


@pytest.fixture
def node(founded_embedded: FoundedEmbedded, tmp_path: Path) -> Iterator[EmbeddedNode]:
    made = founded_embedded.node(tmp_path / "chain").start()
    yield made
    made.kill()


@pytest.fixture
def new_world(
    node: EmbeddedNode, founded_embedded: FoundedEmbedded, tmp_path: Path, new_database: Callable[..., str]
) -> Iterator[Callable[..., World]]:
    """Founds the one installation of a test; ``witness`` beside it, other settings by name."""
    opened: list[World] = []

    def make(*, witness: Witness | None = None, **changes: object) -> World:
        settings = make_home(node, founded_embedded.addresses, tmp_path / "家 home", new_database())
        world = World(settings, node, witness=witness, **changes)
        opened.append(world)
        world.found()
        return world

    yield make
    for world in opened:
        world.stop()
