"""Keeps a few child processes alive: a dead one is started again, with growing pauses, and said loudly."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cli.local.errors import LocalError
from cli.local.layout import PROJECT, Layout, shown
from cli.local.processes import MARK, end

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
HEALTHY_AFTER = 60.0
"""Seconds of life after which a child's earlier deaths are forgotten."""


@dataclass
class Child:
    """One process: what starts it, which open files it is handed, and how one knows that it is ready."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: Callable[[], bool] = lambda: True
    inherits: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    pause: float = FIRST_PAUSE
    started: float = 0.0
    due: float | None = None

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children in order, restarts dead ones, ends all in reverse order."""

    def __init__(self, layout: Layout, say: Callable[[str], None]) -> None:
        self._layout = layout
        self._say = say
        self._children: list[Child] = []
        self._held: list[socket.socket] = []
        self.stopping = threading.Event()
        self.watching = False

    def hold(self, door: socket.socket) -> None:
        """Keeps a socket open until the end: one that children inherit and listen on, or one that claims a port."""
        self._held.append(door)

    def start(self, child: Child) -> None:
        """Starts one more child; its output goes to `run/<name>.log`."""
        self._children.append(child)
        self._launch(child)

    def wait_ready(self, child: Child, seconds: float = 60.0) -> None:
        """Returns once the child is ready. LocalError with the end of its output when it dies or takes too long."""
        until = time.monotonic() + seconds
        while not child.ready():
            if not child.alive:
                raise LocalError(f"{child.name} ended while starting:\n{self._tail(child)}", "regseal doctor")
            if time.monotonic() > until:
                raise LocalError(
                    f"{child.name} is not ready after {seconds:.0f} s:\n{self._tail(child)}", "regseal doctor"
                )
            if self.stopping.wait(0.05):
                raise KeyboardInterrupt

    def watch(self) -> None:
        """Until `stopping` is set: restart what dies."""
        self.watching = True
        while not self.stopping.wait(0.3):
            self.tend()

    def tend(self) -> None:
        """One look at every child."""
        now = time.monotonic()
        for child in self._children:
            if child.alive:
                if now - child.started > HEALTHY_AFTER:
                    child.pause = FIRST_PAUSE
            elif child.due is None:
                self._announce_death(child)
                child.due = now + child.pause
                child.pause = min(child.pause * 2, LONGEST_PAUSE)
            elif now >= child.due:
                child.due = None
                self._launch(child)
                self._say(f"{child.name} was started again (pid {child.process.pid if child.process else '?'})")

    def stop(self) -> None:
        """Ends all children, the last started first."""
        for child in reversed(self._children):
            if child.process is not None and child.alive:
                end(child.process.pid, alive=lambda child=child: child.alive)  # type: ignore[misc]
            self._pid_file(child).unlink(missing_ok=True)
        self._children.clear()
        for door in self._held:
            door.close()
        self._held.clear()

    def _launch(self, child: Child) -> None:
        # no inherited home of another installation; no console: Ctrl-C is for us, we end the children in order
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
        environment = {**inherited, "PYTHONPATH": str(PROJECT), MARK: str(self._layout.var), **child.environment}
        with self._log_file(child).open("ab") as output:
            child.process = subprocess.Popen(
                [sys.executable, "-P", *child.command],
                cwd=self._layout.var, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, pass_fds=child.inherits,
            )  # fmt: skip
        child.started = time.monotonic()
        self._pid_file(child).write_text(f"{child.process.pid}\n", "ascii")

    def _announce_death(self, child: Child) -> None:
        status = child.process.returncode if child.process else None
        how = f"was killed by signal {-status}" if status is not None and status < 0 else f"ended with status {status}"
        self._say(f"!! {child.name} {how}; it is started again in {child.pause:.0f} s. Its last words:")
        self._say(self._tail(child))

    def _tail(self, child: Child, lines: int = 6) -> str:
        text = self._log_file(child).read_text("utf-8", "replace").splitlines()[-lines:]
        return "\n".join(f"   | {line}" for line in [*text, f"(all of it: {shown(self._log_file(child))})"])

    def _log_file(self, child: Child) -> Path:
        return self._layout.run / f"{child.name}.log"

    def _pid_file(self, child: Child) -> Path:
        return self._layout.run / f"{child.name}.pid"
