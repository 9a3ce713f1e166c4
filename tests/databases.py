"""Databases for tests: one PostgreSQL server a session, and fresh databases in it or in files, with all tables.

The tables are made once, as the models say, and copied: a test of the migrations compares them with what these make.
"""

import importlib
import os
import pkgutil
import shutil
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url

import services
from services.platform import migrate
from services.platform.database import Base

TEMPLATE = f"regseal_template_{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}"  # workers may share one server
MIGRATIONS = Path(__file__).parents[1] / "migrations"


def load_models() -> None:
    """Imports the tables of every context that has any."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if module.name.endswith(".models"):
            importlib.import_module(module.name)


def make_tables(url: str) -> None:
    """All of them, and the mark that they are those of the last migration."""
    load_models()
    engine = create_engine(url)
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        MigrationContext.configure(connection).stamp(ScriptDirectory(str(MIGRATIONS)), migrate.head())
    engine.dispose()


# --- a server


def started(server: Any) -> bool:
    """Starts it, or finds that it has come up: the package itself waits 10 s and gives up."""
    try:
        server.start()
    except (subprocess.SubprocessError, AssertionError):
        return False
    return True


def forgo_fsync(url: str) -> None:
    """Tests kill our processes, never this server or the machine: its disk may be as slow as it likes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET fsync = off")
        connection.execute("SELECT pg_reload_conf()")


def with_template(url: str) -> str:
    """The server's URL, once it has a database of all tables to copy."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {TEMPLATE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {TEMPLATE}")
    make_tables(database_url_of(url, TEMPLATE))
    return url


def database_url_of(server: str, name: str) -> str:
    """Of one database of a server."""
    url = make_url(server).set(drivername="postgresql+psycopg", database=name)
    return url.render_as_string(hide_password=False)


# --- databases in it


def create(server: str, *, template: str = TEMPLATE) -> str:
    """A copy of a database to which nobody is connected; its name.

    Its files are copied: a third of the work of writing them anew through the log, as PostgreSQL does unless told.
    """
    name = f"t_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    return name


def create_empty(server: str) -> str:
    """Without any table; its name."""
    return create(server, template="template0")


def drop(server: str, *names: str) -> None:
    """Whoever is connected to them."""
    with psycopg.connect(server, autocommit=True) as connection:
        for name in names:
            connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def shared_database(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """URL of a database for the world that the tests of a module share, on the backend ``request.param``."""
    if request.param == "sqlite":
        shutil.copyfile(request.getfixturevalue("sqlite_template"), folder / "regseal.sqlite")
        yield f"sqlite:///{folder / 'regseal.sqlite'}"
        return
    server: str = request.getfixturevalue("postgres_server")
    name = create(server)
    try:
        yield database_url_of(server, name)
    finally:
        drop(server, name)
