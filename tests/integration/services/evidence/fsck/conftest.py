from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.databases import shared_database
from tests.integration.founded import Founded
from tests.integration.services.evidence.fsck.store import Copy, Store, build


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest,
    founded: Founded,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    """One for the tests of a file, on each database in turn, each on a node of its own."""
    folder = tmp_path_factory.mktemp("库 store")
    with founded.running() as node, _database(request, folder) as url:
        yield build(node, founded.addresses, folder, url)


@contextmanager
def _database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'home' / 'regseal.sqlite'}"  # is copied with its home
        return
    with shared_database(request, folder) as url:
        yield url


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Iterator[Copy]:
    with store.copy(tmp_path) as made:
        yield made
