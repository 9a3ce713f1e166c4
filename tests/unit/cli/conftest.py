"""Runs the command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.party import keystore
from cli.app import build

Run = Callable[..., Any]


@pytest.fixture
def run() -> Run:
    """`run("verify", ...)` gives the result: exit_code, stdout, stderr."""

    def invoke(*arguments: object, given: str = "") -> Any:
        words = [str(one) for one in arguments]
        return CliRunner().invoke(build(*words[:1]), words, input=given)

    return invoke


@pytest.fixture
def _quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Key files open in milliseconds, by the passphrase `p`."""
    monkeypatch.setenv("REGSEAL_PASSPHRASE", "p")
    monkeypatch.setattr(keystore.EvmKey.save, "__kwdefaults__", {"work": 1 << 10})
