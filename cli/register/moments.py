"""Moments on the command line: a time in UTC, or a date, which means the end of that day in Shanghai."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Annotated

import typer

AtOption = Annotated[
    str | None,
    typer.Option("--at", help="As of: a date (the end of that day in Shanghai) or a time as 2026-11-20T09:30:00Z."),
]
_SHANGHAI = timedelta(hours=8)
_LAST = timedelta(milliseconds=1)


def moment(at: str | None) -> str | None:
    """What the API takes: a time stays as it is."""
    if at is None or "T" in at:
        return at
    try:
        day = date.fromisoformat(at)
    except ValueError:
        raise typer.BadParameter(f"{at!r} is neither a date nor a time.", param_hint="--at") from None
    end = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1) - _SHANGHAI - _LAST
    return end.isoformat(timespec="milliseconds").replace("+00:00", "Z")
