"""The story: a company from its spreadsheet into custody and on, refusals on purpose, all verified at the end."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from pathlib import Path

from samples.demo.database import HELP, SQLITE, database
from samples.demo.stage import ROOT, DemoError, Installation, Stage
from samples.register.demo import dealing, dividend, estate, liens, opening, proving
from samples.register.demo.clerk import Clerk

VAR = Path("var/demo-register")
OUT = Path("var/demo-register-transcript")


def main(arguments: list[str] | None = None) -> int:
    """Exit status: 0 the story went as told, 1 it did not (said where)."""
    parser = argparse.ArgumentParser(prog="python -m samples.register.demo")
    parser.add_argument("--var", type=Path, default=VAR)
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--database", default=SQLITE, help=HELP)
    asked = parser.parse_args(arguments)
    os.chdir(ROOT)
    shutil.rmtree(asked.out, ignore_errors=True)
    asked.out.mkdir(parents=True)
    stage = Stage(asked.out / "transcript.md", "make demo-register")
    stage.run(["./regseal", "down", "--var", str(asked.var)])
    shutil.rmtree(asked.var, ignore_errors=True)
    try:
        with database(asked.database) as options:
            _tell(stage, asked.var, asked.out, options)
    except (DemoError, KeyboardInterrupt) as error:
        print(f"\nthe demonstration stopped: {error}", file=sys.stderr)
        return 1
    print(f"\nThe demonstration is over. Transcript and receipts: {asked.out}/")
    return 0


def _tell(stage: Stage, var: Path, out: Path, options: tuple[str, ...]) -> None:
    stage.tell("A sample installation of its own, with SIMULATED TIME: trading days pass when we say so")
    installation = Installation(var, "--simulated-time", *options)
    try:
        installation.start()
        _play(Clerk(stage, var), out, installation)
    finally:
        installation.stop()


def _play(clerk: Clerk, out: Path, installation: Installation) -> None:
    company = opening.play(clerk)
    for chapter in (dealing, liens, dividend, estate):
        chapter.play(clerk, company)
    proving.play(clerk, company, out)
    proving.verify(clerk, out, installation)


if __name__ == "__main__":
    sys.exit(main())
