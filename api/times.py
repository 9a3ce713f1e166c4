"""Times of requests: RFC 3339 in UTC, with milliseconds or without."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from chain.proof.encoding import parse_time

Moment = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z$")]


def milliseconds(moment: str, field: str) -> int:
    """UTC milliseconds. FormatError when there is no such moment."""
    return parse_time(moment if "." in moment else moment.replace("Z", ".000Z"), field)
