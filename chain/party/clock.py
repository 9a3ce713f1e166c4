"""The one place where a party's side reads the time; everything else is handed a `Now`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Now = Callable[[], datetime]
"""Gives the current time, aware, in UTC."""


def system_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


class SimulatedNow:
    """The machine's clock, as many seconds ahead as a file says: for samples whose story takes longer than they run.

    Never for a real installation: whoever writes the file sets the time (docs/operations.md, "simulated time").
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read_at = -1
        self._ahead = 0

    def __call__(self) -> datetime:
        """The time of the simulation."""
        return system_now() + timedelta(seconds=self.ahead())

    def ahead(self) -> int:
        """Seconds; what was read before, while there is no such file or no number in it. Never less than before."""
        with contextlib.suppress(OSError, ValueError):
            changed = self._file.stat().st_mtime_ns
            if changed != self._read_at:
                self._ahead, self._read_at = max(self._ahead, int(self._file.read_text("ascii"))), changed
        return self._ahead


def rfc3339(moment: datetime) -> str:
    """`2026-11-20T09:30:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
