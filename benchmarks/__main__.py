"""`python -m benchmarks [NAME …]`: run the suites, print figures and ratios, keep a JSON with machine and commit."""

from __future__ import annotations

import importlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from benchmarks.measure import Figure
from chain.party.clock import rfc3339, system_now

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks" / "results"
SUITES = (
    "hashing", "verification", "anchoring", "submission", "bulk", "reading", "startup", "fsck", "pilots", "register",
    "register_import", "register_final",
)  # fmt: skip


def main(names: list[str]) -> int:
    """Exit status: 0 all targets met, 1 one missed, 2 no such suite."""
    unknown = set(names) - set(SUITES)
    if unknown:
        print(f"no such suite: {', '.join(sorted(unknown))}; there are {', '.join(SUITES)}", file=sys.stderr)
        return 2
    figures: dict[str, list[Figure]] = {}
    for name in names or [suite for suite in SUITES if (ROOT / "benchmarks" / f"{suite}.py").exists()]:
        run: Callable[[], Iterator[Figure]] = importlib.import_module(f"benchmarks.{name}").run
        print(f"\n{name}")
        figures[name] = []
        for figure in run():
            figures[name].append(figure)
            print(_line(figure), flush=True)
    print(f"\nkept in {_keep(figures).relative_to(ROOT)}")
    missed = [figure.name for suite in figures.values() for figure in suite if figure.met is False]
    for name in missed:
        print(f"target missed: {name}")
    return 1 if missed else 0


def _line(figure: Figure) -> str:
    ratio = f"  {figure.ratio} x {figure.baseline}" if figure.ratio is not None else ""
    target = ""
    if figure.target is not None:
        target = f"  target {'<=' if figure.at_most else '>='} {figure.target}: {'met' if figure.met else 'MISSED'}"
    return f"  {figure.name:<44} {figure.value:>14,} {figure.unit:<6}{ratio}{target}"


def _keep(figures: dict[str, list[Figure]]) -> Path:
    now = rfc3339(system_now())
    document = {
        "at": now,
        "commit": _git("rev-parse", "HEAD"),
        "changed_files": len(_git("status", "--porcelain").splitlines()),
        "machine": {"system": platform.platform(), "cpus": os.cpu_count(), "python": platform.python_version()},
        "suites": {name: [asdict(figure) for figure in suite] for name, suite in figures.items()},
    }
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now[:19].replace(':', '')}-{_git('rev-parse', '--short', 'HEAD')}.json"
    file.write_text(json.dumps(document, indent=1, default=_plain) + "\n", "utf-8")
    return file


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(type(value))


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
