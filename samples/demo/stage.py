"""Runs public commands one after the other, echoes them, and keeps a transcript."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class DemoError(Exception):
    """A command did not do what the demonstration says it does."""


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    status: int
    output: str
    errors: str

    def json(self) -> Any:
        """Its output as JSON."""
        return json.loads(self.output)


class Stage:
    """Where the demonstration happens: the commands' folder and the transcript."""

    def __init__(self, transcript: Path, title: str = "make demo") -> None:
        self._transcript = transcript
        transcript.write_text(f"# Transcript of `{title}`\n", "utf-8")

    def tell(self, text: str) -> None:
        """A sentence between commands."""
        print(f"\n── {text}", flush=True)
        self._write(f"\n## {text}\n")

    def note(self, **facts: object) -> None:
        """Facts worth finding again: operation ids, record ids, receipts."""
        for name, fact in facts.items():
            self._write(f"- {name.replace('_', ' ')}: `{fact}`\n")

    def regseal(self, *arguments: str | Path, expect: int | None = 0, quiet: bool = False) -> Outcome:
        """`./regseal …` in the project's folder. DemoError when it ends with another status than expected.

        ``expect`` None: with any but 0.
        """
        return self.run(["./regseal", *map(str, arguments)], expect=expect, quiet=quiet)

    def run(
        self,
        command: Sequence[str],
        *,
        expect: int | None = 0,
        cwd: Path = ROOT,
        environment: Mapping[str, str] | None = None,
        quiet: bool = False,
    ) -> Outcome:
        """Any command. ``quiet`` leaves its output out of the screen, not out of the transcript."""
        line = shlex.join(command)
        print(f"$ {line}", flush=True)
        done = subprocess.run(
            command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
        )
        shown = (done.stderr + done.stdout).rstrip()
        if shown and not quiet:
            print("\n".join(f"  {row}" for row in shown.splitlines()), flush=True)
        self._write(f"\n```\n$ {line}\n{shown}\n```\nexit status {done.returncode}\n")
        if done.returncode == 0 if expect is None else done.returncode != expect:
            wanted = "a refusal" if expect is None else expect
            raise DemoError(f"exit status {done.returncode}, expected {wanted}: {line}\n{shown}")
        return Outcome(done.returncode, done.stdout, done.stderr)

    def _write(self, text: str) -> None:
        with self._transcript.open("a", encoding="utf-8") as file:
            file.write(text)


class Installation:
    """`./regseal up --sample` in the background, its output shown as it comes."""

    def __init__(self, var: Path, *options: str) -> None:
        self._var = var
        self._options = options
        self._ready = threading.Event()
        self._ended = threading.Event()
        self._process: subprocess.Popen[str] | None = None

    def start(self, seconds: float = 300.0) -> None:
        """Returns when start-up has ended. DemoError when it fails."""
        command = ["./regseal", "up", "--sample", "--var", str(self._var), *self._options]
        print(f"$ {shlex.join(command)}", flush=True)
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=own_environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, start_new_session=True,
        )  # fmt: skip
        threading.Thread(target=self._relay, daemon=True).start()
        if not self._ready.wait(seconds) or self._ended.is_set():
            raise DemoError("the installation did not start")

    def stop(self) -> None:
        """An orderly stop, and the wait for it."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(90)

    def _relay(self) -> None:
        if self._process is None or self._process.stdout is None:
            return
        for line in self._process.stdout:
            print(f"  {line.rstrip()}", flush=True)
            if line.startswith("ready after"):
                self._ready.set()
        self._ended.set()
        self._ready.set()


def own_environment() -> dict[str, str]:
    """The caller's environment without settings of another installation."""
    return {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
