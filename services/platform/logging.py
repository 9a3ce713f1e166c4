"""Structured logs: one JSON object a line, with the request's id, never with bodies, tokens or secrets."""

import logging
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from contextvars import ContextVar
from typing import Any, TextIO, cast

import structlog

from services.platform.clock import SystemClock, rfc3339

__all__ = ["REQUEST_ID", "configure", "get_logger"]

REQUEST_ID: ContextVar[str | None] = ContextVar("regseal_request_id", default=None)
"""Set by the API's edge for the time of a request; every line logged meanwhile carries it."""

_CLOCK = SystemClock()
_NEVER_LOGGED = frozenset(
    {
        "authorization",
        "body",
        "ciphertext",
        "document",
        "passphrase",
        "password",
        "plaintext",
        "private_key",
        "record",
        "secret",
        "token",
    }
)

Event = MutableMapping[str, Any]


def _complete(_logger: Any, _method: str, event: Event) -> Event:
    event["time"] = rfc3339(_CLOCK.ms())
    request_id = REQUEST_ID.get()
    if request_id is not None:
        event["request_id"] = request_id
    return event


def _without_secrets(_logger: Any, _method: str, event: Event) -> Event:
    for name in _NEVER_LOGGED & event.keys():
        event[name] = "[not logged]"
    return event


class _Patient:
    """A stream that loses a line rather than raise: no thread may end because it told of a full disk.

    ValueError: the stream is closed, for the process ends.
    """

    def __init__(self) -> None:
        self.stream: TextIO = sys.stderr

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self.stream.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self.stream.flush()


_LINES = _Patient()
"""One for the life of the process: a logger that was bound before writes where it was last configured to."""


def configure(level: str = "info", stream: TextIO | None = None) -> None:
    """Sets up logging for the process. Call once, at its start."""
    _LINES.stream = stream or sys.stderr
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            _complete,
            _without_secrets,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", _LINES)),
        cache_logger_on_first_use=False,
    )
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a late run is told by our own metric and log line


def get_logger(name: str) -> structlog.typing.FilteringBoundLogger:
    """A logger whose lines carry ``component: name``."""
    return cast("structlog.typing.FilteringBoundLogger", structlog.get_logger(component=name))
