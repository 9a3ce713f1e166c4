"""Simulated time: a sample's alone, and it only goes forward."""

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from chain.party.clock import SimulatedNow, system_now
from services.platform.clock import SimulatedClock
from services.platform.settings import ChainConfig, Settings

DAY = 86_400


def put(file: Path, text: str, *, at: int) -> None:
    file.write_text(text, "ascii")
    os.utime(file, ns=(at, at))


def test_it_follows_the_file_forward_and_never_back(tmp_path: Path) -> None:
    file = tmp_path / "simulated-time"
    now, clock = SimulatedNow(file), SimulatedClock(file)
    assert now.ahead() == 0
    put(file, str(9 * DAY), at=1)
    assert (now.ahead(), (now() - system_now()).days) == (9 * DAY, 8)
    before = clock.ms()
    for place, text in enumerate(("5", "no number", "")):
        put(file, text, at=2 + place)
        assert now.ahead() == 9 * DAY
    file.unlink()
    assert now.ahead() == 9 * DAY
    assert clock.ms() >= before
    put(file, str(10 * DAY), at=9)
    assert clock.ms() - before >= DAY * 1000
    assert clock.now().timestamp() * 1000 >= before


def test_nobody_but_a_sample_may_set_it(tmp_path: Path) -> None:
    file = Path("../simulated-time")
    assert Settings(home=tmp_path, house_origin="regseal.example/house", simulated_time=file).simulated_time == file
    with pytest.raises(ValidationError, match="only for a sample"):
        Settings(home=tmp_path, house_origin="register.sz.cn/house", simulated_time=file)
    chain = ChainConfig(
        endpoints=("http://127.0.0.1:1",), chain_id=1, genesis="0x" + "00" * 32, addresses_file=Path("a"),
        chain_class="permissioned",
    )  # fmt: skip
    with pytest.raises(ValidationError, match="only for a sample"):
        Settings(home=tmp_path, simulated_time=file, chains={"supervision": chain})
