"""Stamped steps and the processes they run."""

import hashlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".tools"
STAMPS = TOOLS / "stamps"
HEARTBEAT_SECONDS = 5.0


class SetupError(Exception):
    """A step failed; the message says what to do about it."""


@dataclass(frozen=True)
class Step:
    """One part of the set-up: done when its stamp carries ``key`` and ``product`` exists."""

    name: str
    title: str
    key: str
    product: Path
    run: Callable[[], None]

    @property
    def stamp(self) -> Path:
        """Where the digest of the last completed run is kept."""
        return STAMPS / self.name

    def done(self) -> bool:
        """Whether nothing is left to do."""
        try:
            return self.stamp.read_text("utf-8") == self.key and self.product.exists()
        except FileNotFoundError:
            return False

    def complete(self) -> None:
        """Run, then stamp. Without a stamp an interrupted step is simply run again."""
        self.stamp.unlink(missing_ok=True)
        self.run()
        STAMPS.mkdir(parents=True, exist_ok=True)
        fresh = self.stamp.with_suffix(".new")
        fresh.write_text(self.key, "utf-8")
        fresh.replace(self.stamp)


def digest(*inputs: Path | str) -> str:
    """Content digest of files (absent ones count as empty) and strings, in order."""
    state = hashlib.sha256()
    for item in inputs:
        data = item.encode() if isinstance(item, str) else item.read_bytes() if item.is_file() else b""
        state.update(len(data).to_bytes(8, "big") + data)
    return state.hexdigest()


def say(text: str) -> None:
    """One line for whoever waits."""
    print(text, flush=True)


def call(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, watch: Path | None = None) -> None:
    """Run a command in the project root; with ``watch`` its silence is filled with how far that folder has grown.

    Raises SetupError with the command and its exit status.
    """
    with _heartbeat(watch):
        status = subprocess.run(
            [str(part) for part in command], cwd=ROOT, env=_environment(env), check=False
        ).returncode
    if status:
        raise SetupError(f"this command ended with status {status}:\n  {' '.join(str(part) for part in command)}")


def ask(command: Sequence[str | Path]) -> str | None:
    """The command's output without surrounding white space, or None when it cannot be run or fails."""
    try:
        done = subprocess.run(
            [str(part) for part in command], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def _environment(extra: Mapping[str, str] | None) -> dict[str, str]:
    """Our own environment without what would let another Python leak into the children."""
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"}
    }
    return {**inherited, **(extra or {})}


class _heartbeat:  # noqa: N801 - used as a context manager only, where lower case reads as a verb
    """Says every few seconds that a silent download is alive."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> None:
        if self._folder is not None:
            self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()

    def _beat(self) -> None:
        began = time.monotonic()
        while self._folder is not None and not self._stop.wait(HEARTBEAT_SECONDS):
            say(f"      … {time.monotonic() - began:.0f} s, {_megabytes(self._folder)} MB so far")


def _megabytes(folder: Path) -> int:
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size  # noqa: PTH118 - thousands of files, twice a minute
            except OSError:
                continue
    return total // 1_000_000


def fail(message: str) -> None:
    """Print why set-up stopped."""
    print(f"\nregseal set-up stopped: {message}\n", file=sys.stderr, flush=True)
