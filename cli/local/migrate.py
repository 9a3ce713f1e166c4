"""Brings the database to the tables of this version."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chain.party.durable import write_private
from cli.local.errors import LocalError
from cli.local.layout import Layout

SEALED = "tokens.sealed"
"""Beside the settings: that the tokens of this installation were vouched for. They are once, when seals come."""
_SEALED_SAYS = b"""The API tokens of this installation carry seals. While this file is here, `regseal migrate` vouches
for no tokens: those of an older database are refused, and `regseal access` makes a new one.
See docs/operations.md, API tokens.
"""


def migrate(layout: Layout, say: Callable[[str], None]) -> None:
    """Upgrades to the newest revision; says so only when there was something to do. LocalError when it is refused."""
    migrate_home(layout.gateway, say)


def migrate_home(home: Path | None, say: Callable[[str], None]) -> None:
    """The same for a service's home, `$REGSEAL_HOME` by default."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.identity.seals import seal_stored
    from services.platform import migrate as schema
    from services.platform.atrest import Vault
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    try:
        settings = load_settings(home)
        present, sealed = schema.current(settings.url), settings.home / SEALED
        if present != schema.head():
            seal = None if sealed.exists() else seal_stored(Vault(settings.master_key_file))
            say(f"database: {present or 'empty'} -> {schema.upgrade(settings.url, seal_tokens=seal)}")
        if not sealed.exists():
            write_private(sealed, _SEALED_SAYS)
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
