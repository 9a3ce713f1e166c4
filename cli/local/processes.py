"""Processes of an installation, known by a mark in their environment rather than by name or bare pid."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from cli.local.layout import Layout

MARK = "REGSEAL_RUN"
"""Every child carries the installation's folder here, so that a reused pid is never taken for ours."""


def is_ours(pid: int, layout: Layout) -> bool:
    """Whether that pid lives and was started for this installation."""
    try:
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return False
    return f"{MARK}={layout.var}".encode() in environment


def leftovers(layout: Layout) -> Iterator[tuple[str, int]]:
    """(name, pid) of children that survived their supervisor."""
    for file in sorted(layout.run.glob("*.pid")):
        with contextlib.suppress(ValueError, OSError):
            pid = int(file.read_text("ascii"))
            if is_ours(pid, layout):
                yield file.stem, pid


def end(pid: int, *, alive: Callable[[], bool], patience: float = 15.0) -> None:
    """SIGTERM, then SIGKILL after `patience` seconds."""
    for sign, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, sign)
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if not alive():
                return
            time.sleep(0.05)


def clear_leftovers(layout: Layout, say: Callable[[str], None]) -> None:
    """Ends what a killed supervisor left behind, in reverse order of start."""
    for name, pid in reversed(list(leftovers(layout))):
        say(f"ending {name} (pid {pid}), left over from a run that was killed")
        end(pid, alive=lambda pid=pid: is_ours(pid, layout))  # type: ignore[misc]
