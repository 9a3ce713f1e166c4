"""Which processes use a PostgreSQL database together, and which of them leads."""

from __future__ import annotations

from collections.abc import Iterator

from cli.local.checks import Check, bad, good
from cli.local.layout import Layout


def workers(layout: Layout) -> Iterator[Check]:
    """One line for each process that was seen lately; nothing on SQLite, or when none runs."""
    from sqlalchemy.exc import SQLAlchemyError

    from services.platform.database import Database
    from services.platform.errors import StartRefused
    from services.platform.settings import load_settings
    from services.workers.team import seen

    if not layout.settings_file.exists():
        return
    try:
        settings = load_settings(layout.gateway)
        database = Database(settings.url, pool_size=1)
    except StartRefused:  # reported by the check of the settings
        return
    try:
        with database.read() as session:
            found = seen(session, settings.lease_ttl_ms)
    except SQLAlchemyError:  # reported by the check of the tables
        return
    finally:
        database.close()
    for one in found:
        yield good("worker", f"{one.holder} {'leads' if one.leads else 'follows'}, seen {one.ms / 1000:.1f} s ago")
    if found and not any(one.leads for one in found):
        yield bad("worker", "none of them leads", "wait for a term of the lease; then look at their logs")
