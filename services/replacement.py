"""A lost chain, closed while the service is stopped: what stood on it is written down outside the database."""

from dataclasses import dataclass
from pathlib import Path

from services.evidence.epochs.closing import require_newest, write_closing
from services.evidence.heads import read_heads
from services.identity.service import IdentityService
from services.platform import migrate
from services.platform.database import Database
from services.platform.leases import Lease
from services.platform.settings import Settings
from services.workers.team import refuse_others

__all__ = ["Closed", "close_chain"]


@dataclass(frozen=True, slots=True)
class Closed:
    """``logs`` that had a head there; ``authorities`` of the regions (code → address) as the chain told them last."""

    logs: int
    authorities: dict[int, str]


def close_chain(settings: Settings, closing: Path) -> Closed:
    """Writes the closing heads of the supervision chain to ``closing``.

    StartRefused while a service runs on the database, or when the database is older than its head file: then the log
    must be recovered first, or the new chain would begin with less than others have seen.
    """
    database = Database(settings.url, pool_size=1)
    try:
        migrate.require_head(database)
        database.claim()
        lease = Lease(database)
        lease.acquire(alone=database.is_sqlite)
        try:
            refuse_others(database, settings.lease_ttl_ms)
            with database.read() as session:
                require_newest(session, read_heads(settings.heads_dir))
                return Closed(write_closing(session, closing), IdentityService.regional_authorities(session))
        finally:
            lease.release()
    finally:
        database.close()
