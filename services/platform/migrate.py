"""The schema, moved forward by Alembic in one transaction; there is no way back but a backup.

A service never migrates by itself: it refuses to start on a schema that is not exactly the one it was written for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from services.platform import repository
from services.platform.database import Database
from services.platform.errors import StartRefused

__all__ = ["current", "head", "require_head", "upgrade"]

_SCRIPTS = Path(__file__).resolve().parents[2] / "migrations"


@cache
def head() -> str:
    """The revision this code was written for; to know it, every migration is loaded."""
    revision = ScriptDirectory(str(_SCRIPTS)).get_current_head()
    if revision is None:
        raise RuntimeError("there is no migration")
    return revision


def current(url: str) -> str | None:
    """The revision of the database; None when it is empty. Also while a service uses it."""
    with _connection(url, alone=False) as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(url: str, *, seal_tokens: Callable[[Connection], None] | None = None) -> str:
    """Brings the database to :func:`head`; the same revision again changes nothing.

    ``seal_tokens`` vouches for the tokens of a database that had no seals yet; without it nobody does.
    StartRefused when a service process holds the SQLite file, or when the database is newer than this code.
    """
    with _connection(url, alone=True) as connection:
        present = MigrationContext.configure(connection).get_current_revision()
        if present == head():
            return head()
        _refuse_unknown(present)
        config = Config(attributes={"connection": connection, "seal_tokens": seal_tokens})
        config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
        command.upgrade(config, "head")
    return head()


def require_head(database: Database) -> None:
    """StartRefused unless the schema is this code's."""
    with database.writer.connect() as connection:
        present = MigrationContext.configure(connection).get_current_revision()
    if present != head():
        _refuse_unknown(present)
        raise StartRefused(f"The database's schema is {present or 'empty'}, needed is {head()}: run `regseal migrate`.")


def _refuse_unknown(present: str | None) -> None:
    known = {script.revision for script in ScriptDirectory(str(_SCRIPTS)).walk_revisions()}
    if present is not None and present not in known:
        raise StartRefused(f"The database's schema {present} is newer than this version of regseal.")


@contextmanager
def _connection(url: str, *, alone: bool) -> Iterator[Connection]:
    database = Database(url, pool_size=1)
    try:
        if alone:
            database.claim()
        with database.writer.begin() as connection:
            repository.limit_migration(connection)
            if alone:
                repository.migrate_alone(connection)
            yield connection
    finally:
        database.close()
