"""The one writer: a lease row with a fencing token.

A process that stops for a while (paused, swapped out, cut off) may wake up and write although another has taken over.
So each write carries the fence it was given, and :meth:`Lease.check` compares it inside the writing transaction,
holding the row until the commit. All times are the database's, never a process's.
"""

import os
import socket
import threading

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from services.platform import repository
from services.platform.database import FENCED, Database
from services.platform.errors import LeaseLost, StartRefused

__all__ = ["TTL_MS", "WRITER", "Lease"]

WRITER = "writer"  # the sequencer, the transaction manager and the indexer of one database
TTL_MS = 15_000


class Lease:
    """One named lease. ``acquire()`` once, ``renew()`` every third of the term, ``check()`` in each transaction.

    ``lost`` is set once this holder was told that it is none: what it carries in memory is no longer true.
    """

    def __init__(self, database: Database, name: str = WRITER, *, holder: str = "", ttl_ms: int = TTL_MS) -> None:
        self.database = database
        self.name = name
        self.holder = holder or f"{socket.gethostname()}:{os.getpid()}"
        self.ttl_ms = ttl_ms
        self.lost = threading.Event()
        self._fence = 0
        self._lock = threading.Lock()

    @property
    def fence(self) -> int:
        """The token of this holding, 0 when none is held."""
        return self._fence

    def offer(self) -> bool:
        """Takes the lease if nobody's term runs; whether it did."""
        try:
            self.acquire()
        except (StartRefused, OperationalError):  # the row may be locked by who was stopped in a transaction
            return False
        return True

    def acquire(self, *, alone: bool = False) -> int:
        """Takes the lease and gives its new fence. StartRefused while another holder's term runs.

        ``alone``: the caller knows that no other process lives (it holds the SQLite file), so a dead one's term need
        not be waited for.
        """
        with self._lock, self.database.write(fenced=False) as session:
            now = repository.database_ms(session)
            found = repository.find_lease(session, self.name)
            if found is not None and found[2] > now and not alone:
                raise StartRefused(
                    f"Another process ({found[0]}) is the writer of this database for {found[2] - now} ms more. "
                    "Stop it, or wait until its lease has run out."
                )
            old = None if found is None else found[1]
            fence = (old or 0) + 1
            if not self._change(session, old, fence, now + self.ttl_ms):
                raise StartRefused(f"Another process took the lease {self.name} at the same moment.")
        self._fence = fence
        return fence

    def renew(self) -> None:
        """Prolongs the term. LeaseLost when another holder has taken it: stop writing."""
        with self._lock, self.database.write(fenced=False) as session:
            now = repository.database_ms(session)
            if not self._fence or not self._change(session, self._fence, self._fence, now + self.ttl_ms):
                self._fence = 0
                self.lost.set()
                raise LeaseLost(self.name)

    def check(self, session: Session) -> None:
        """Inside a writing transaction: LeaseLost unless the lease is ours; nobody can take it before the commit."""
        found = repository.find_lease(session, self.name, hold=True)
        if not self._fence or found is None or found[1] != self._fence:
            self.lost.set()
            raise LeaseLost(self.name)
        session.info[FENCED] = True

    def release(self) -> None:
        """Ends the term now, so that the next process need not wait. Harmless when the lease is lost."""
        with self._lock:
            if self._fence:
                with self.database.write(fenced=False) as session:
                    self._change(session, self._fence, self._fence, 0)
            self._fence = 0

    def _change(self, session: Session, old: int | None, fence: int, expires_at: int) -> bool:
        return repository.change_lease(
            session, self.name, old_fence=old, holder=self.holder, fence=fence, expires_at=expires_at
        )
