"""Jobs that run again and again (APScheduler).

A job that fails is counted and logged and runs again; it never ends the process. A job never overlaps itself; a
missed run is made up once. One that says that it has more to do does not wait for its time.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from services.platform import metrics
from services.platform.clock import Clock
from services.platform.errors import RegsealError
from services.platform.logging import get_logger

__all__ = ["JobState", "Jobs", "Rest"]

_log = get_logger("jobs")
_AGAIN_S = 0.1


@dataclass(frozen=True)
class JobState:
    """How a job fares: last good end (UTC ms), failures in a row since, the last failure's slug or class."""

    last_ok_ms: int | None = None
    failures: int = 0
    last_error: str | None = None


class Rest:
    """While ``idle()``, a job runs every ``seconds`` and not as often as it could."""

    def __init__(self, idle: Callable[[], bool], seconds: float, now: Callable[[], float] = time.monotonic) -> None:
        self._idle = idle
        self._seconds = seconds
        self._now = now
        self._ran = float("-inf")

    def __call__(self) -> bool:
        """Whether this run is left out."""
        now = self._now()
        if self._idle() and now - self._ran < self._seconds:
            return True
        self._ran = now
        return False


class Jobs:
    """``add()`` jobs, ``start()``, ``stop()``. ``run(name)`` runs one in the caller's thread (tests, commands)."""

    def __init__(self, clock: Clock, *, threads: int = 64) -> None:
        # More than there are jobs: those that hang on a silent chain must not keep the lease from being renewed.
        self._clock = clock
        self._jobs: dict[str, Callable[[], object]] = {}
        self._resting: dict[str, Callable[[], bool]] = {}
        self._states: dict[str, JobState] = {}
        self._stopping = threading.Event()
        self._scheduler = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(threads)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone="UTC",
        )

    def add(
        self,
        name: str,
        seconds: float,
        function: Callable[[], object],
        *,
        resting: Callable[[], bool] = lambda: False,
    ) -> None:
        """Runs ``function`` every ``seconds``, unless it is ``resting``, and soon again when it returns True.

        ValueError when the name is taken.
        """
        if name in self._jobs:
            raise ValueError(f"the job {name} exists")
        self._jobs[name] = function
        self._resting[name] = resting
        self._states[name] = JobState()
        metrics.job_runs(name)
        # misfire_grace_time None: late is better than never; coalesce makes it once.
        self._scheduler.add_job(self._guarded, IntervalTrigger(seconds=seconds, timezone="UTC"), args=[name], id=name)

    def run(self, name: str) -> bool:
        """Runs a job now; whether it has more to do. Its error is the caller's."""
        more = self._jobs[name]() is True
        self._states[name] = JobState(last_ok_ms=self._clock.ms())
        return more

    def states(self) -> dict[str, JobState]:
        """How each job fares, by name."""
        return dict(self._states)

    def start(self) -> None:
        """Begins to run the jobs."""
        self._scheduler.start()

    def stop(self) -> None:
        """Waits for running jobs and starts no more. Harmless when not started."""
        self._stopping.set()
        if self._scheduler.running:
            self._scheduler.shutdown(wait=True)

    def _guarded(self, name: str) -> None:
        if self._resting[name]():
            return
        while self._tried(name) and not self._stopping.wait(_AGAIN_S):
            pass

    def _tried(self, name: str) -> bool:
        """Whether it went well and has more to do."""
        try:
            more = self.run(name)
            metrics.JOB_RUNS.labels(name, "ok").inc()
        except Exception as error:  # noqa: BLE001 - a job's failure must not end the scheduler's thread
            before = self._states[name]
            reason = error.slug if isinstance(error, RegsealError) else type(error).__name__
            self._states[name] = JobState(before.last_ok_ms, before.failures + 1, reason)
            metrics.JOB_RUNS.labels(name, "failed").inc()
            first = before.failures == 0  # the trace once, not every second
            _log.warning("job_failed", job=name, reason=reason, failures=before.failures + 1, exc_info=first)
            return False
        return more
