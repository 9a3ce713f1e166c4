from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from services.platform import idempotency, migrate
from services.platform.database import Base, Database
from services.platform.errors import StartRefused
from tests.databases import MIGRATIONS, load_models


@pytest.fixture
def empty_url(new_database: Callable[..., str]) -> str:
    return new_database(empty=True)


def _constraints(database: Database) -> dict[str, Any]:
    found = inspect(database.reader)
    return {
        table: (
            found.get_pk_constraint(table)["constrained_columns"],
            sorted(tuple(each["column_names"]) for each in found.get_unique_constraints(table)),
            sorted((each["name"], tuple(each["column_names"])) for each in found.get_indexes(table)),
            sorted(tuple(each["constrained_columns"]) for each in found.get_foreign_keys(table)),
            sorted((each["name"], each["nullable"], str(each["type"])) for each in found.get_columns(table)),
        )
        for table in found.get_table_names()
        if table != "alembic_version"
    }


def test_the_migrations_make_exactly_the_tables_of_the_models(empty_url: str, database: Database) -> None:
    load_models()
    migrate.upgrade(empty_url)
    migrated = Database(empty_url)
    with migrated.writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, Base.metadata) == []
    assert _constraints(migrated) == _constraints(database)
    migrated.close()


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    assert migrate.current(empty_url) is None
    assert migrate.upgrade(empty_url) == migrate.head()
    assert migrate.upgrade(empty_url) == migrate.head()
    assert migrate.current(empty_url) == migrate.head()


def test_a_service_does_not_start_on_an_empty_database(empty_url: str) -> None:
    database = Database(empty_url)
    with pytest.raises(StartRefused, match="run `regseal migrate`"):
        migrate.require_head(database)
    database.close()


def test_a_database_newer_than_the_code_is_neither_used_nor_touched(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    database = Database(empty_url)
    migrate.require_head(database)
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StartRefused, match="newer"):
        migrate.require_head(database)
    database.close()
    with pytest.raises(StartRefused, match="newer"):
        migrate.upgrade(empty_url)


def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    database = Database(empty_url)
    with database.write() as session:
        session.execute(text("CREATE TABLE tokens (other INTEGER)"))
    with pytest.raises(Exception, match="tokens"):
        migrate.upgrade(empty_url)
    assert inspect(database.reader).get_table_names() == ["tokens"]
    database.close()


def test_a_file_in_use_is_looked_at_but_not_migrated(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'regseal.sqlite'}"
    migrate.upgrade(url)
    service = Database(url)
    service.claim()
    assert migrate.current(url) == migrate.head()
    with pytest.raises(StartRefused, match="Another service process"):
        migrate.upgrade(url)
    service.close()


def test_keys_of_requests_are_hashed_as_the_service_would(database: Database) -> None:
    revision = ScriptDirectory(str(MIGRATIONS)).get_revision("0018")
    digest, used = b"\x11" * 32, [f"key-{number}" for number in range(3)]
    with database.write() as session:
        for key in used:
            row = {"whose": "ins_a", "key": key, "digest": digest}
            session.execute(text("INSERT INTO idempotency_keys VALUES (:whose, :key, :digest, 't', 'r', 1)"), row)
        with Operations.context(MigrationContext.configure(session.connection())):
            revision.module.upgrade()
    with database.read() as session:
        assert all(idempotency.find(session, "ins_a", key, digest) for key in used)
