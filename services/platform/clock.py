"""The one clock. Nothing else in ``services`` or ``api`` asks the operating system for the date."""

import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from typing_extensions import override

from chain.party.clock import SimulatedNow
from chain.proof.encoding import format_time

__all__ = ["Clock", "FixedClock", "SimulatedClock", "SystemClock", "from_ms", "rfc3339", "to_ms"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


class Clock(Protocol):
    """Tells the time; never goes back."""

    def now(self) -> datetime:
        """Aware, UTC, whole milliseconds."""
        ...

    def ms(self) -> int:
        """Milliseconds since 1970-01-01T00:00:00Z."""
        ...


class SystemClock(Clock):
    """The machine's clock, held still while the machine's goes back (NTP steps, restored snapshots)."""

    def __init__(self) -> None:
        self._last = 0
        self._lock = threading.Lock()

    @override
    def ms(self) -> int:
        with self._lock:
            self._last = max(self._last, time.time_ns() // 1_000_000)
            return self._last

    @override
    def now(self) -> datetime:
        return from_ms(self.ms())


class SimulatedClock(Clock):
    """A sample's clock: the machine's, as far ahead as a file says; it only goes forward."""

    def __init__(self, file: Path) -> None:
        self._system = SystemClock()
        self._simulated = SimulatedNow(file)

    @override
    def ms(self) -> int:
        return self._system.ms() + 1000 * self._simulated.ahead()

    @override
    def now(self) -> datetime:
        return from_ms(self.ms())


class FixedClock(Clock):
    """A clock for tests: moves only when told to, and only forward."""

    def __init__(self, start: datetime = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)) -> None:
        self._ms = to_ms(start)

    @override
    def ms(self) -> int:
        return self._ms

    @override
    def now(self) -> datetime:
        return from_ms(self._ms)

    def advance(self, *, seconds: int = 0, ms: int = 0) -> None:
        """Moves the clock forward. ValueError when asked to go back."""
        step = seconds * 1000 + ms
        if step < 0:
            raise ValueError("a clock never goes back")
        self._ms += step


def to_ms(moment: datetime) -> int:
    """UTC milliseconds of an aware ``moment``; finer parts are cut off. ValueError when it is naive."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return (moment - _EPOCH) // _MILLISECOND


def from_ms(ms: int) -> datetime:
    """The aware UTC datetime of ``ms``; exact."""
    return _EPOCH + timedelta(milliseconds=ms)


def rfc3339(ms: int) -> str:
    """``2026-11-20T09:30:00.000Z``: the only form in which times leave the service. FormatError before 1970."""
    return format_time(ms)
