"""The one place where a party's side reads the time; everything else is handed a `Now`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Now = Callable[[], datetime]
"""Gives the current time, aware, in UTC."""


def system_now() -> datetime:
    """The machine's clock."""
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """`2026-11-20T09:30:00.000Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
