"""Brings the database to the tables of this version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cli.local.errors import LocalError
from cli.local.layout import Layout


def migrate(layout: Layout, say: Callable[[str], None]) -> None:
    """Upgrades to the newest revision; says so only when there was something to do. LocalError when it is refused."""
    migrate_home(layout.gateway, say)


def migrate_home(home: Path | None, say: Callable[[str], None]) -> None:
    """The same for a service's home, `$REGSEAL_HOME` by default."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.platform import migrate as schema
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    try:
        url = load_settings(home).url
        present = schema.current(url)
        if present != schema.head():
            say(f"database: {present or 'empty'} -> {schema.upgrade(url)}")
    except StartRefused as error:
        raise LocalError(error.detail, "regseal doctor") from None
    except SQLAlchemyError as error:
        raise _closed(error) from None


def reachable(url: str) -> None:
    """LocalError unless the database can be opened."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.platform import migrate as schema
    from services.platform.errors import StartRefused

    try:
        schema.current(url)
    except StartRefused as error:
        raise LocalError(error.detail, "--database-url postgresql://USER@HOST/NAME") from None
    except SQLAlchemyError as error:
        raise _closed(error) from None


def _closed(error: Exception) -> LocalError:
    reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    return LocalError(f"the database cannot be opened: {reason}", "start it, or correct database_url in settings.toml")
