"""What must lie on the disk of an installation that does not run: what is missing would show at the next start only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.local.checks import Check, bad
from cli.local.layout import Layout, shown

if TYPE_CHECKING:
    from services.platform.settings import Settings

BACKUPS = "docs/operations.md, Backup and restore"


def pieces(layout: Layout) -> Iterator[Check]:
    """Settings, database, heads, the embedded chains' journals, the contracts' addresses."""
    from cli.local.up import read_state
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings

    if not layout.gateway.exists() or read_state(layout):
        return  # a running service tells by itself
    if not layout.settings_file.exists():
        fix = "put it back; where `regseal init` was interrupted: the same command again"
        yield bad("settings", f"{shown(layout.settings_file)} is missing", fix)
        return
    try:
        settings = load_settings(layout.gateway)
    except StartRefused:  # reported by the check of the settings
        return
    yield from _heads(settings)
    yield from _chains(layout, settings)


def _heads(settings: Settings) -> Iterator[Check]:
    from sqlalchemy.exc import SQLAlchemyError

    from services.evidence.heads import without_head
    from services.platform.database import Database
    from services.platform.errors import StartRefused

    if settings.missing_file is not None:
        return
    try:
        database = Database(settings.url, pool_size=1)
    except StartRefused:  # reported by the check of the tables
        return
    try:
        with database.read() as session:
            unknown = without_head(session, settings.heads_dir)
    except (StartRefused, SQLAlchemyError):  # reported by the checks of keys and tables
        return
    finally:
        database.close()
    if unknown:
        fix = "put heads/ back as it was; if lost: regseal log recover --without-head-file"
        yield bad("heads", f"{shown(settings.heads_dir)} says nothing of {', '.join(unknown)}", fix)


def _chains(layout: Layout, settings: Settings) -> Iterator[Check]:
    for name, chain in settings.chains.items():
        home = layout.chain(name)
        if chain.chain_class == "embedded" and not home.exists():
            fix = f"put it back from its backup; if it is gone for good: regseal chain replace {name}"
            yield bad(f"chain {name}", f"its journal {shown(home)} is missing", fix)
        elif not chain.addresses_file.exists():
            fix = f"put it back ({BACKUPS}); `regseal up` finds again what stands on an embedded chain"
            yield bad(f"chain {name}", f"{shown(chain.addresses_file)} is missing", fix)
