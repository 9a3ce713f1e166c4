"""What crashes and abandoned uploads leave behind, found by comparing what lies there with what is referred to."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from sqlalchemy.orm import Session

from services.evidence.materials import repository, rules
from services.evidence.materials.spool import Spool
from services.evidence.materials.store import Store, object_of
from services.platform.database import Database
from services.platform.logging import get_logger

__all__ = ["sweep"]

_BATCH = 1_000
_log = get_logger("materials")


def sweep(
    database: Database, now_ms: int, upload_days: int, *, fence: Callable[[Session], None], spool: Spool, store: Store
) -> None:
    """Forgets uploads nobody continued, and removes files that nothing refers to.

    Files are listed before the snapshot that they are compared with, so that it knows every one that still counts.
    """
    with database.write() as session:
        fence(session)
        expired = repository.expire(session, rules.stale_before(now_ms, upload_days))
    idle = orphans = begun = 0
    for names in _batches(spool.names()):
        with database.read() as session:
            under_way = repository.uploads_among(session, names)
        for each in (each for each in names if each not in under_way):
            spool.discard(each)
            idle += 1
    for names in _batches(entry.name for entry in store.entries()):
        ids = [object_of(name) for name in names]
        with database.read() as session:
            kept = repository.uploads_among(session, ids) | repository.objects_among(session, ids)
        for name in (name for name in names if object_of(name) not in kept):
            store.remove(name)
            orphans += 1
    for names in _batches(store.unfinished()):
        with database.read() as session:
            under_way = repository.uploads_among(session, [object_of(name) for name in names])
        for name in (name for name in names if object_of(name) not in under_way):
            store.abandon(name)
            begun += 1
    if expired or idle or orphans or begun:
        _log.info("swept", expired=expired, uploads=idle, objects=orphans, unfinished=begun)


def _batches(names: Iterable[str]) -> Iterator[list[str]]:
    found = iter(names)
    while batch := list(islice(found, _BATCH)):
        yield batch
