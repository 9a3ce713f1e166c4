"""Puts the commands together.

A command module offers `register(app)`, which adds its commands or its own sub-application. It imports only Typer and
the standard library at its top; what it needs beside is imported by the command that needs it.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys

import typer

MODULES = (
    "local",
    "institution",
    "token",
    "log",
    "pilot",
    "calendar",
    "register",
    "record",
    "upload",
    "submit",
    "receipt",
    "operation",
    "verify",
    "sign",
    "keys",
    "authority",
    "witness",
)
"""In the order of the help; those that are not installed are left out (the base install is the verifier)."""

_HELP = """regseal: evidence that anyone can verify, offline and years later.

Exit codes: 0 done; 1 refused, or a check failed; 2 used wrongly, or an unreadable file; 3 incomplete;
4 the service or chain cannot be reached; 5 authorisation or credentials.
"""


_ALONE = frozenset(MODULES) - {"local"}
"""Modules that add what has their own name: it can be started without building the others, of which there are many."""


@functools.cache
def build(command: str | None = None) -> typer.Typer:
    """The application; only as much of it as `command` needs, when that stands alone.

    Once in a process: some modules put commands of others into their own application, where they stay.
    """
    app = typer.Typer(
        name="regseal", help=_HELP, no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
    )

    @app.callback()
    def root() -> None:
        pass

    for name in (command,) if command in _ALONE else MODULES:
        if _installed(name):
            importlib.import_module(f"cli.{name}").register(app)
    return app


def _installed(name: str) -> bool:
    """Whether a module is there and what it stands on: the machine's own installation needs the extra `service`."""
    needed = (f"cli.{name}", "sqlalchemy") if name == "local" else (f"cli.{name}",)
    return all(importlib.util.find_spec(one) is not None for one in needed)


def main() -> None:
    """Runs the command line on the arguments of this process."""
    try:
        build(next(iter(sys.argv[1:]), None))(prog_name="regseal")
    except KeyboardInterrupt:  # before Typer, which has its own way, took over
        sys.exit(130)
