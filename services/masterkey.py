"""The master key (主密钥) replaced while the service is stopped: all that it wraps is wrapped anew, in one transaction.

The file first gains the new key and keeps the old one, so an interruption at any moment leaves a database that opens.
The old key goes in a second act, once the new file lies in the safe: backups of the database made before open with
the old key alone.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.evidence.logs import wrappings
from services.platform import migrate
from services.platform.atrest import Holder, Vault
from services.platform.database import Database
from services.platform.leases import Lease
from services.platform.settings import Settings
from services.workers.team import refuse_others

__all__ = ["Rotated", "drop_old", "rotate"]

HOLDERS: tuple[Holder, ...] = (wrappings,)
"""Of every context whose rows a master key wraps; data keys are the vault's own."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """``master_id`` wraps now; ``old_ids`` unwrap nothing any more but are still in the file."""

    master_id: str
    old_ids: tuple[str, ...]
    rewrapped: int


def rotate(settings: Settings) -> Rotated:
    """Makes a new master key and rewraps everything with it. StartRefused while a service runs on the database."""
    vault = Vault(settings.master_key_file)
    with _alone(settings) as (database, lease):
        vault.renew_master()
        with database.write() as session:
            lease.check(session)
            rewrapped = vault.rewrap_all(session, *HOLDERS)
    return Rotated(vault.master_id, vault.old_masters, rewrapped)


def drop_old(settings: Settings) -> int:
    """Removes the old master keys from the file; their number. StartRefused while anything needs one."""
    vault = Vault(settings.master_key_file)
    with _alone(settings) as (database, lease), database.write() as session:
        lease.check(session)
        return vault.drop_old_masters(session, *HOLDERS)


@contextmanager
def _alone(settings: Settings) -> Iterator[tuple[Database, Lease]]:
    """The database with nobody else writing to it: a running service keeps unwrapped keys and makes new ones."""
    database = Database(settings.url, pool_size=1)
    try:
        migrate.require_head(database)
        database.claim()
        lease = Lease(database, ttl_ms=settings.lease_ttl_ms)
        lease.acquire(alone=database.is_sqlite)
        try:
            refuse_others(database, settings.lease_ttl_ms)
            yield database, lease
        finally:
            lease.release()
    finally:
        database.close()
