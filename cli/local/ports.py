"""Ports on the loopback interface."""

from __future__ import annotations

import errno
import socket
from collections.abc import Callable
from typing import TypeVar

LOOPBACK = "127.0.0.1"
_T = TypeVar("_T")
_BUSY = (errno.EADDRINUSE, errno.EACCES)


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    try:
        _listen(port).close()
    except OSError as error:
        if error.errno in _BUSY:
            return False
        raise
    return True


def next_free(wanted: int, *, taken: frozenset[int] = frozenset()) -> int:
    """`wanted`, or the first free port above it that is not in `taken`; any free one when all are busy."""
    return _first(lambda port: port if port not in taken and is_free(port) else None, wanted) or _any()


def listen(wanted: int) -> socket.socket:
    """A socket that listens on `wanted` or on the next free port; held by us, so nobody can come between."""

    def attempt(port: int) -> socket.socket | None:
        try:
            return _listen(port)
        except OSError as error:
            if error.errno in _BUSY:
                return None
            raise

    return _first(attempt, wanted) or _listen(0)


def _first(attempt: Callable[[int], _T | None], wanted: int) -> _T | None:
    for port in range(wanted, min(wanted + 200, 65_536)):
        found = attempt(port)
        if found is not None:
            return found
    return None


def _any() -> int:
    with _listen(0) as probe:
        return int(probe.getsockname()[1])


def _listen(port: int) -> socket.socket:
    opened = socket.socket()
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((LOOPBACK, port))
        opened.listen(128)
    except OSError:
        opened.close()
        raise
    return opened
