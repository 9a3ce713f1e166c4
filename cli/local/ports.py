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
    opened = _unless_busy(lambda: _listen(port))
    if opened is not None:
        opened.close()
    return opened is not None


def claim(wanted: int) -> tuple[int, socket.socket]:
    """`wanted`, or the first free port above it, for a child that listens there itself; and what keeps it ours.

    Between the choice of a port and the child's start another installation may choose the same. So whoever chose one
    holds a name in the abstract namespace, which belongs to the same network as the port and ends with its holder.
    """

    def attempt(port: int) -> tuple[int, socket.socket] | None:
        held = _claimed(port)
        if held is not None and not is_free(port):
            held.close()
            return None
        return None if held is None else (port, held)

    found = _first(attempt, wanted)
    if found is None:
        raise OSError(errno.EADDRINUSE, f"no port from {wanted} on is free")
    return found


def listen(wanted: int) -> socket.socket:
    """A socket that listens on `wanted` or on the next port that is free and not claimed: nobody can come between."""

    def attempt(port: int) -> socket.socket | None:
        held = _claimed(port)
        if held is None:
            return None
        with held:
            return _unless_busy(lambda: _listen(port))

    return _first(attempt, wanted) or _listen(0)


def _claimed(port: int) -> socket.socket | None:
    """Ours now; None when somebody else has claimed it."""

    def hold() -> socket.socket:
        made = socket.socket(socket.AF_UNIX)
        try:
            made.bind(f"\0regseal-port-{port}")
        except OSError:
            made.close()
            raise
        return made

    return _unless_busy(hold)


def _unless_busy(take: Callable[[], _T]) -> _T | None:
    try:
        return take()
    except OSError as error:
        if error.errno in _BUSY:
            return None
        raise


def _first(attempt: Callable[[int], _T | None], wanted: int) -> _T | None:
    for port in range(wanted, min(wanted + 200, 65_536)):
        found = attempt(port)
        if found is not None:
            return found
    return None


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
