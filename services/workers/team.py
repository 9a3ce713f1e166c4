"""What a process has when others may work beside it: the bell, both sides of the intake, and its line in the list.

Only on PostgreSQL; an SQLite file has one process.
"""

import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.platform import metrics
from services.platform import repository as platform
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import StartRefused
from services.platform.leases import Lease
from services.workers import repository
from services.workers.bell import Bell
from services.workers.forms import Answer, Question
from services.workers.inbox import Inbox, Perform
from services.workers.outbox import Outbox

__all__ = ["Seen", "Team", "refuse_others", "seen"]

_PATIENCE_S, _SETTLING_S = 15.0, 30.0
_ALIVE_TERMS, _GONE_TERMS = 2, 8  # terms of the lease without a sign of life
_KEEP_MS, _DAY_MS = 300_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Seen:
    """A process of this database: ``leads`` when the lease is its own, ``ms`` since it was last seen."""

    holder: str
    leads: bool
    ms: int


class Team:
    """``start()`` as a follower, ``lead()`` once the lease is held, ``stop()`` at the end.

    ``follows`` says whether another process leads; before the start nobody asks.
    """

    def __init__(
        self, database: Database, clock: Clock, vault: Vault, *, lease: Lease, forget: Callable[[], None]
    ) -> None:
        self._database = database
        self._lease = lease
        self._id = f"wrk_{secrets.token_hex(16)}"
        self.performs: dict[str, Perform] = {}
        self._outbox = Outbox(database, clock, vault, worker=self._id)
        self.inbox = Inbox(database, clock, vault, fence=lease.check, performs=self.performs)
        heard = {"asked": self.inbox.ring, f"answered {self._id}": self._outbox.ring, "tokens": forget}
        self._bell = Bell(database.url, heard)
        self._started = self.follows = False
        self._led_at = -_SETTLING_S

    def start(self) -> None:
        """Can hand over from now on."""
        self._started = self.follows = True
        self.tell()
        self._outbox.start()
        self._bell.start()

    def lead(self) -> None:
        """Carries out what others hand over, and what waited for a leader."""
        self._led_at = time.monotonic()
        self.follows = False
        self.tell()
        if self.performs:
            self.inbox.start()

    @property
    def settling(self) -> bool:
        """Whether it leads since a moment ago."""
        return time.monotonic() - self._led_at < _SETTLING_S

    def stop(self) -> None:
        """Waits for what was taken and asked. Harmless when not started."""
        if not self._started:
            return
        self.inbox.stop(_PATIENCE_S)
        self._outbox.stop(_PATIENCE_S)
        self._bell.stop()
        with self._database.write(fenced=False) as session:
            repository.forget_worker(session, self._id, before_ms=0)

    def ask(self, question: Question) -> "Future[Answer]":
        """Hands over; see :meth:`Outbox.ask`."""
        return self._outbox.ask(question)

    def tell(self) -> None:
        """Says that this process lives, and whether it leads."""
        with self._database.write(fenced=False) as session:
            now = platform.database_ms(session)
            repository.put_worker(session, self._id, holder=self._lease.holder, fence=self._lease.fence, now_ms=now)
        metrics.LEASE_FENCE.set(self._lease.fence)

    def sweep(self) -> None:
        """The leader's job: forgets processes that are gone, and answers that nobody fetched: the client asks again."""
        with self._database.write() as session:
            self._lease.check(session)
            now = platform.database_ms(session)
            repository.forget_worker(session, "", before_ms=now - _GONE_TERMS * self._lease.ttl_ms)
            repository.purge(session, answered_ms=now - _KEEP_MS, asked_ms=now - _DAY_MS)

    def has_leader(self) -> bool:
        """Whether somebody's term runs."""
        with self._database.read() as session:
            found = platform.find_lease(session, self._lease.name)
            return found is not None and found[2] > platform.database_ms(session)


def seen(session: Session, ttl_ms: int) -> list[Seen]:
    """The processes that live, the leader first. Empty on SQLite."""
    if session.get_bind().dialect.name == "sqlite":
        return []
    now = platform.database_ms(session)
    lease = platform.find_lease(session, "writer")
    rows = repository.workers(session, now - _ALIVE_TERMS * ttl_ms)
    return [
        Seen(row.holder, bool(row.fence) and lease is not None and lease[1] == row.fence, now - row.seen_at)
        for row in rows
    ]


def refuse_others(database: Database, ttl_ms: int) -> None:
    """StartRefused while any process uses the database: one that follows may lead at any time, and remembers keys."""
    with database.read() as session:
        alive = seen(session, ttl_ms)
    if alive:
        raise StartRefused(f"Other processes use this database ({', '.join(one.holder for one in alive)}): stop them.")
