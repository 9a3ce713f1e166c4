"""The sequencer (定序器): the one way into every log.

One thread takes units of work, runs as many as wait (at most 512) in one transaction and answers each only when it
can no longer be lost, in this order: transaction committed, heads written to the head file and fsynced, futures
resolved. It owns what follows from that:

- indexes are contiguous from 0, for nobody else gives them;
- a bad unit rolls back alone, with its leaves, rows and what it moved in memory (:mod:`services.evidence.group`);
- when the transaction fails, every unit of the group fails; what was carried in memory is dropped and read anew;
- each group checks, inside its transaction, that this process is still the single writer.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy.orm import Session

from services.evidence import repository
from services.evidence.gate import Gate
from services.evidence.group import FlushFailed, Group, LogState, Sources, StreamKey, StreamState
from services.evidence.heads import Head, HeadFile
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import RegsealError, Unavailable
from services.platform.failpoints import hit
from services.platform.logging import get_logger

__all__ = ["MAX_UNITS", "Sequencer", "Unit"]

T = TypeVar("T")
Unit = Callable[[Group], T]
MAX_UNITS = 512
_LINGER_EACH_S, _LINGER_MOST_S = 0.000_2, 0.010
_MAX_STREAMS = 65_536
_log = get_logger("sequencer")


@dataclass(slots=True)
class _Waiting(Generic[T]):
    """A unit and who waits for it; ``outcome`` is filled while its group runs."""

    unit: Unit[T]
    future: Future[T]
    value: T | None = None
    error: BaseException | None = None


class Sequencer:
    """``start()``, then ``submit()`` from any thread.

    ``load_log`` reads a log's state, ``fence`` raises when the lease is lost.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        heads: HeadFile,
        gate: Gate,
        load_log: Callable[[Session, str], LogState],
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._heads = heads
        self._fence = fence
        self._logs: dict[str, LogState] = {}
        self._streams: dict[StreamKey, StreamState] = {}
        self._sources = Sources(self._logs, self._streams, load_log, gate.require)
        self._undurable: dict[str, Head] = {}
        self._queue: queue.SimpleQueue[_Waiting[Any] | None] = queue.SimpleQueue()
        self._gathered = 0
        self._latest_ms = 0
        self._closing = threading.Lock()
        self._closed = True
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins to work. RuntimeError when already started."""
        with self._closing:
            if self._thread is not None:
                raise RuntimeError("the sequencer runs")
            self._closed = False
            self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Finishes what waits, takes nothing more. Harmless when not started."""
        with self._closing:
            if self._thread is None or self._closed:
                return
            self._closed = True
            self._queue.put(None)
        self._thread.join()
        self._thread = None

    def submit(self, unit: Unit[T]) -> Future[T]:
        """Hands over a unit; the future resolves when it is durable, with its result or with why it was refused.

        A unit may be run twice and must not keep the group. Its class may have a static ``prefetch(group, units)``,
        called once for all waiting units of the class. Unavailable(``stopping``) when the sequencer does not run.
        """
        waiting: _Waiting[T] = _Waiting(unit, Future())
        with self._closing:
            if self._closed:
                raise Unavailable("stopping", "The service is starting or stopping.")
            self._queue.put(waiting)
        return waiting.future

    def run(self, unit: Unit[T]) -> T:
        """Hands over a unit and waits for it."""
        return self.submit(unit).result()

    def _run(self) -> None:
        while (units := self._gather()) is not None:
            if units:
                self._work(units)

    def _gather(self) -> list[_Waiting[Any]] | None:
        """The next units, or None at the end.

        Lingers for company only when there was company before, the longer the more: a lone client is not delayed, and
        with many a group has its price (a dozen round trips to the database) once for most of them.
        """
        first = self._queue.get()
        if first is None:
            return None
        if self._gathered > 1:
            time.sleep(min(self._gathered * _LINGER_EACH_S, _LINGER_MOST_S))
        units = [first]
        with suppress(queue.Empty):
            while len(units) < MAX_UNITS:
                waiting = self._queue.get_nowait()
                if waiting is None:
                    self._queue.put(None)
                    break
                units.append(waiting)
        self._gathered = len(units)
        return units

    def _work(self, units: list[_Waiting[Any]]) -> None:
        units = [waiting for waiting in units if waiting.future.set_running_or_notify_cancel()]
        began = time.monotonic()
        try:
            try:
                self._commit(units, alone=False)
            except FlushFailed:
                self._commit(units, alone=True)
            self._write_heads()
        except BaseException as error:  # noqa: BLE001 -- the futures carry it
            self._fail(units, error)
            return
        metrics.GROUP_SIZE.observe(len(units))
        metrics.COMMIT_SECONDS.observe(time.monotonic() - began)
        for waiting in units:
            if waiting.error is not None:
                waiting.future.set_exception(waiting.error)
            else:
                waiting.future.set_result(waiting.value)

    def _commit(self, units: Sequence[_Waiting[Any]], *, alone: bool) -> None:
        with self._database.write() as session:
            self._fence(session)
            group = Group(session, self._now_ms(session), self._sources)
            if not alone:
                _prefetch(group, units)
            for waiting in units:
                _run_unit(group, waiting, alone=alone)
            group.finish()
            hit("sequencer.before-commit")
        hit("sequencer.after-commit")
        self._keep(group)

    def _now_ms(self, session: Session) -> int:
        """The group's time: never before that of a leaf, though another process or machine took it by another clock."""
        if not self._latest_ms:
            self._latest_ms = repository.last_accepted_ms(session)
        self._latest_ms = max(self._latest_ms, self._clock.ms())
        return self._latest_ms

    def _keep(self, group: Group) -> None:
        self._logs.update(group.logs)
        self._undurable.update({log.id: log.head() for log in group.logs.values()})
        self._streams.update(group.streams)
        while len(self._streams) > _MAX_STREAMS:
            del self._streams[next(iter(self._streams))]

    def _write_heads(self) -> None:
        """Heads that could not be written stay due: no later group is answered before they are."""
        if self._undurable:
            self._heads.write(self._undurable.values())
            self._undurable.clear()
            hit("sequencer.after-heads")

    def _fail(self, units: Sequence[_Waiting[Any]], error: BaseException) -> None:
        # Whether a failed commit took effect is unknown; only the database can say where the logs stand now.
        self._logs.clear()
        self._streams.clear()
        _log.error("group_failed", units=len(units), exc_info=error)
        shown = (
            error
            if isinstance(error, RegsealError)
            else Unavailable("not-durable", "The record could not be made durable; try again.")
        )
        for waiting in units:
            waiting.future.set_exception(shown)


def _prefetch(group: Group, units: Sequence[_Waiting[Any]]) -> None:
    kinds: dict[Any, list[Unit[Any]]] = {}
    for waiting in units:
        if hasattr(waiting.unit, "prefetch"):
            kinds.setdefault(type(waiting.unit), []).append(waiting.unit)
    for kind, alike in kinds.items():
        kind.prefetch(group, alike)


def _run_unit(group: Group, waiting: _Waiting[Any], *, alone: bool) -> None:
    waiting.value = waiting.error = None
    try:
        if alone:
            _ = group.session
        waiting.value = waiting.unit(group)
        group.end_unit()
    except Exception as error:  # noqa: BLE001 -- the unit's future carries it
        group.undo_unit()
        waiting.error = error


@contextmanager
def running(sequencer: Sequencer) -> Iterator[Sequencer]:
    """The sequencer, started and at the end stopped."""
    sequencer.start()
    try:
        yield sequencer
    finally:
        sequencer.stop()
