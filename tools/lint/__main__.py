"""`python -m tools.lint`: the lints of the house over the whole project. Exit status 1 when something was found."""

import sys
from pathlib import Path

from tools.lint import clock, cursor, exact, hashing, hosts, reach, size, sql
from tools.lint.source import Finding, Source, read_project

LINTS = (clock, cursor, exact, hashing, hosts, reach, size, sql)


def check(source: Source) -> list[Finding]:
    """What all lints find in one file."""
    return [finding for lint in LINTS for finding in lint.check(source)]


def main() -> int:
    """Print findings as `path:line: lint: message`."""
    root = Path(__file__).resolve().parents[2]
    found = [finding for source in read_project(root) for finding in check(source)]
    for finding in found:
        print(finding)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
