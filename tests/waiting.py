"""Waiting for what other processes and threads do: the one way of all tests.

Machines are slow and busy: a node mines after it has answered, a process ends after its signal. A test says what it
waits for; the limit only ends what would never come.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")
LIMIT = 90.0
"""Seconds; less than the time a test has (`timeout` in pyproject.toml), so that what was waited for is told."""


def until(condition: Callable[[], T], limit: float = LIMIT, *, tell: Callable[[], object] = lambda: "") -> T:
    """The first true answer. Fails after `limit` seconds, saying what `tell` has to say."""
    end = time.monotonic() + limit
    while not (answer := condition()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit:g} s in vain; {tell() or f'last answer: {answer!r}'}")
        time.sleep(0.02)
    return answer


@contextmanager
def alone(name: str) -> Iterator[None]:
    """One test process of this machine at a time: for what may not be made twice at once."""
    with (Path(tempfile.gettempdir()) / f"regseal-tests-{os.getuid()}-{name}.lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
