"""`regseal register`: the register 登记簿 of a regional equity market.

A module here offers `register(app)`, which adds its commands, and is named below in the order of the help.
"""

from __future__ import annotations

import importlib

import typer

MODULES = ("company", "further", "account", "imports", "acts", "encumbrances", "book", "statements", "dividend")


def register(parent: typer.Typer) -> None:
    """Adds `register`."""
    app = typer.Typer(
        help="The register 登记簿: holders, statements, what differs from the chain.", no_args_is_help=True
    )
    for name in MODULES:
        importlib.import_module(f"cli.register.{name}").register(app)
    parent.add_typer(app, name="register")
