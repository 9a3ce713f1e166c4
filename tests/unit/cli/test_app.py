"""Which commands there are."""

import importlib.util

import pytest
import typer
from typer.core import TyperGroup

from cli.app import build


def commands() -> set[str]:
    group = typer.main.get_command(build.__wrapped__())  # of this moment
    assert isinstance(group, TyperGroup)
    return set(group.commands)


def test_the_base_install_is_the_verifier_and_the_client(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {"up", "doctor", "fsck", "verify"} <= commands()
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "sqlalchemy" else found(name))
    base = commands()
    assert {"verify", "sign", "keys", "witness", "record", "receipt", "operation"} <= base
    assert not {"up", "down", "doctor", "fsck", "init"} & base
