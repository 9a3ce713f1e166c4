"""A stage and a witness in front of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chain.party.keystore import NoteKey
from chain.party.witness.config import ChainPin, WitnessConfig
from chain.party.witness.run import Witness
from tests.integration.witness.evil import CHAIN_ID, CONTRACT, Log, Stage

KEY = NoteKey("witness.example", b"\x42" * 32)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.time

    def pass_seconds(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


@pytest.fixture
def log() -> Log:
    found = Log("log.example/pilots")
    found.grow(5)
    return found


@pytest.fixture
def stage(log: Log) -> Iterator[Stage]:
    with Stage(log) as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def config(stage: Stage) -> WitnessConfig:
    chain = ChainPin(
        name="supervision", rpc=(stage.url,), chain_id=CHAIN_ID, genesis=stage.chain.genesis, contract=CONTRACT
    )
    return WitnessConfig(name=KEY.name, role="regulator", api=stage.url, chain=chain)


Start = Callable[..., Witness]


@pytest.fixture
def start(tmp_path: Path, config: WitnessConfig, clock: Clock) -> Start:
    """Starts the witness anew in its home, as after a kill: nothing survives but files."""

    def begin(**changes: object) -> Witness:
        return Witness(tmp_path / "home", replace(config, **changes), KEY, now=clock)  # type: ignore[arg-type]

    return begin
