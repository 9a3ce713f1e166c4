"""Whether the running service's calendars are what was announced, and what it says is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chain.party.errors import ApiProblem
from chain.party.http import ApiClient
from cli.local.checks import Check, Level, bad, good

_PUBLIC = "/v1/public/calendars"


def calendars(client: ApiClient) -> Iterator[Check]:
    """A line for each published year: does the chain have the days that library or file announced; and what is due."""
    for one in _health(client):
        if one["name"] == "calendar" and one["detail"]:
            fix = "regseal calendar publish, as the region's working group; its authority signs"
            yield Check("calendar", Level.WARN, one["detail"], fix)
    years: Any = client.get(_PUBLIC)
    for one in years:
        if one["state"] == "published":
            yield _compared(client.get(f"{_PUBLIC}/{one['region']}/{one['year']}/comparison"))


def _health(client: ApiClient) -> Sequence[Any]:
    """The service's own checks, also of one that is not ready."""
    try:
        ready: Any = client.get("/health/ready")
    except ApiProblem as problem:
        ready = problem.problem
    return list(ready.get("checks", ()))


def _compared(found: Any) -> Check:
    title = f"calendar {found['region']} {found['year']}"
    days = [one["day"] for key in ("against_announced", "against_projection") for one in found[key]]
    if found["agrees"]:
        return good(title, f"as announced by {found['announced_by'] or 'nobody that this service knows'}")
    fix = (
        f"regseal calendar check {found['region']} {found['year']}; wrong working days can be closed ahead, not opened"
    )
    return bad(title, f"differs on the chain: {', '.join(days) or 'not published there'}", fix)
