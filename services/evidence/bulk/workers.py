"""Processes that prepare lines, so that the service's own process has its time for the log and for everybody else.

`python -m services.evidence.bulk.workers` reads frames (u32 length, pickle) on its standard input and answers in kind;
it ends with its input, and so with the service, however that ends. It gets neither a key nor the environment.
"""

import os
import pickle
import struct
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from services.evidence.bulk.preparing import Basis, Prepared, prepare_lines
from services.platform.errors import Unavailable

__all__ = ["Workers", "main"]

_ROOT = Path(__file__).resolve().parents[3]
_LENGTH = struct.Struct(">I")
_EXIT_S = 5


class Workers:
    """So many processes, started at first use; safe for several threads. ``stop()`` at the end."""

    def __init__(self, count: int) -> None:
        self._threads = ThreadPoolExecutor(max_workers=count, thread_name_prefix="bulk")
        self._own = threading.local()
        self._lock = threading.Lock()
        self._processes: list[subprocess.Popen[bytes]] = []

    def prepare(self, basis: Basis, lines: list[bytes | None]) -> Future[Prepared]:
        """What becomes of each line, see :func:`prepare_lines`."""
        return self._threads.submit(self._ask, basis, lines)

    def stop(self) -> None:
        """Ends the processes."""
        self._threads.shutdown(wait=True, cancel_futures=True)
        with self._lock:
            processes, self._processes = self._processes, []
        for process in processes:
            _end(process)

    def _ask(self, basis: Basis, lines: list[bytes | None]) -> Prepared:
        """A process that died is replaced once: the lines are as they were."""
        for _ in range(2):
            process = getattr(self._own, "process", None) or self._start()
            try:
                _write(process.stdin, (basis, lines))
                answer: Prepared = _read(process.stdout)
            except (OSError, EOFError):
                self._forget(process)
                continue
            return answer
        raise Unavailable("busy", "The lines could not be prepared; try again.")

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__],
            cwd=_ROOT,
            env={"PATH": os.environ.get("PATH", ""), "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._own.process = process
        with self._lock:
            self._processes.append(process)
        return process

    def _forget(self, process: subprocess.Popen[bytes]) -> None:
        self._own.process = None
        with self._lock:
            if process in self._processes:
                self._processes.remove(process)
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(_EXIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _write(pipe: Any, value: object) -> None:
    data = pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
    pipe.write(_LENGTH.pack(len(data)))
    pipe.write(data)
    pipe.flush()


def _read(pipe: Any) -> Any:
    """EOFError at the end. Both ends are this program: the frames are nobody's input."""
    head = pipe.read(_LENGTH.size)
    data = pipe.read(_LENGTH.unpack(head)[0]) if len(head) == _LENGTH.size else b""
    if not data:
        raise EOFError
    return pickle.loads(data)  # noqa: S301 (from a process that this one started, over a pipe of their own)


def main(given: BinaryIO, answers: BinaryIO) -> None:
    """Serves until its input ends."""
    with suppress(EOFError, KeyboardInterrupt, BrokenPipeError):
        while True:
            basis, lines = _read(given)
            _write(answers, prepare_lines(basis, lines))


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
