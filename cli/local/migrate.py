"""Brings the database to the tables of this version (Alembic)."""

from __future__ import annotations

from collections.abc import Callable

from cli.local.errors import LocalError
from cli.local.layout import PROJECT, Layout


def revisions(layout: Layout) -> tuple[str | None, str | None]:
    """(the database's revision, this version's); None where there is none yet."""
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import create_engine

    from services.platform.settings import load_settings

    head = ScriptDirectory(str(PROJECT / "migrations")).get_current_head()
    settings = load_settings(layout.gateway)
    if settings.url.startswith("sqlite:///") and not (layout.gateway / "regseal.sqlite").exists():
        return None, head
    engine = create_engine(settings.url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision(), head
    finally:
        engine.dispose()


def migrate(layout: Layout, say: Callable[[str], None]) -> None:
    """Upgrades to the newest revision; says so only when there was something to do. LocalError when it fails."""
    from alembic import command
    from alembic.config import Config

    from services.platform.settings import load_settings

    present, newest = revisions(layout)
    if present == newest:
        return
    say(f"database: {present or 'empty'} -> {newest}")
    config = Config()
    config.set_main_option("script_location", str(PROJECT / "migrations").replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", load_settings(layout.gateway).url.replace("%", "%%"))
    try:
        command.upgrade(config, "head")
    except Exception as error:
        raise LocalError(
            f"the database could not be migrated: {error}", "restore the backup, then report this"
        ) from error
