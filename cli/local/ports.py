"""Ports on the loopback interface."""

from __future__ import annotations

import errno
import socket

LOOPBACK = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                return False
            raise
    return True


def next_free(wanted: int, *, taken: frozenset[int] = frozenset(), tries: int = 200) -> int:
    """`wanted`, or the first free port above it that is not in `taken`; any free one when all are busy."""
    for port in range(wanted, min(wanted + tries, 65_536)):
        if port not in taken and is_free(port):
            return port
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
