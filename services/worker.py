"""A process from its start to its end: one set of services after the other.

Whoever lost the lease, by being stopped for longer than its term, remembers a past: logs, checks, nonces. None of it is
mended; new services are built, as at a start, and follow, while the old ones finish what they were asked and end.
"""

import threading
from collections.abc import Callable
from contextlib import suppress

from services.container import Services
from services.platform import metrics
from services.platform.logging import get_logger
from services.workers.chunks import sequence_chunk
from services.workers.forms import CHUNK, HTTP
from services.workers.inbox import Perform

__all__ = ["Worker"]

_LOOK_S = 0.2
_AGAIN_S = 2.0
_log = get_logger("worker")


class Worker:
    """``current`` are the services that answer now. ``perform`` carries out HTTP questions of other processes."""

    def __init__(self, build: Callable[[], Services], current: Services | None = None) -> None:
        self._build = build
        self.current = current or build()
        self.perform: Perform | None = None
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="worker", daemon=True)
        self._ending: list[threading.Thread] = []

    def start(self) -> None:
        """Begins to serve. StartRefused; nothing is left running then."""
        self._begin(self.current)
        metrics.LEADS.set(int(not self.current.follows))
        if self.current.team is not None:
            self._thread.start()

    def stop(self) -> None:
        """Finishes what was accepted."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()
        self.current.stop()
        for thread in self._ending:
            thread.join()

    def _begin(self, services: Services) -> None:
        if services.team is not None and self.perform is not None:
            sequencer = services.evidence.sequencer
            services.team.performs[HTTP] = self.perform
            services.team.performs[CHUNK] = lambda question: sequence_chunk(sequencer, question)
        services.start()

    def _watch(self) -> None:
        while not self._stopping.is_set():
            metrics.LEADS.set(int(not self.current.follows))
            if self.current.lease.lost.wait(_LOOK_S):
                self._replace()

    def _replace(self) -> None:
        old = self.current
        old.fall()
        _log.error("lease_lost", detail="another process leads; this one follows from now on")
        while not self._stopping.is_set():
            try:
                fresh = self._build()
                self._begin(fresh)
            except Exception as error:  # noqa: BLE001 -- the database or a key is away: tried until it is back
                _log.warning("not_following_yet", reason=type(error).__name__, exc_info=error)
                self._stopping.wait(_AGAIN_S)
                continue
            self.current = fresh
            self._ending = [each for each in self._ending if each.is_alive()]
            self._ending.append(threading.Thread(target=_end, args=(old,), name="ending"))
            self._ending[-1].start()
            return


def _end(services: Services) -> None:
    with suppress(Exception):  # it has lost everything already; what it logs is enough
        services.stop()
