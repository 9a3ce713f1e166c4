"""Ports for the nodes that tests start: each is one process's own for as long as that process lives."""

import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path
from typing import IO

_FIRST, _LAST = 20_000, 32_000
"""Below those that the kernel gives to outgoing connections (32768 and up), which come and go at any moment."""
_FOLDER = Path(tempfile.gettempdir()) / f"regseal-test-ports-{os.getuid()}"
_HELD: dict[int, IO[bytes]] = {}


def free_port() -> int:
    """A port where nobody listens and which no other test process will be given: a locked file says so.

    A node may be stopped and started at it again. The order is random, and needs no seed: it decides nothing.
    """
    _FOLDER.mkdir(exist_ok=True)
    for port in random.SystemRandom().sample(range(_FIRST, _LAST), _LAST - _FIRST):
        if port not in _HELD and _lock(port) and _is_free(port):
            return port
    raise AssertionError("no port is free")


def _lock(port: int) -> bool:
    file = (_FOLDER / str(port)).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return False
    _HELD[port] = file  # until the process ends, in whatever way
    return True


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
