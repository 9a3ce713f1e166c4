import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

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
        yield f"sqlite:///{folder / 'home' / 'regseal.sqlite'}"
        return
    server, name = request.getfixturevalue("postgres_server"), f"f_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    yield url.render_as_string(hide_password=False)
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Iterator[Copy]:
    with store.copy(tmp_path) as made:
        yield made
