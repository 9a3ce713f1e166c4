import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.integration.services.evidence.fsck.store import Copy, Store, build
from tests.integration.services.identity.conftest import deployed  # noqa: F401 (a fixture)
from tests.integration.services.transactions.rig import Anvil


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(
    request: pytest.FixtureRequest,
    deployed: tuple[Anvil, Path],  # noqa: F811 (the fixture)
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Store]:
    """One for the tests of a file, on each database in turn."""
    node, addresses = deployed
    snapshot = node.rpc.call("evm_snapshot")
    folder = tmp_path_factory.mktemp("库 store")
    if request.param == "sqlite":
        yield build(node, addresses, folder, f"sqlite:///{folder / 'home' / 'regseal.sqlite'}")
    else:
        server, name = request.getfixturevalue("postgres_server"), f"f_{uuid.uuid4().hex}"
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        url = make_url(server).set(drivername="postgresql+psycopg", database=name)
        yield build(node, addresses, folder, url.render_as_string(hide_password=False))
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    node.rpc.call("evm_revert", snapshot)


@pytest.fixture
def copy(store: Store, tmp_path: Path) -> Iterator[Copy]:
    with store.copy(tmp_path) as made:
        yield made
