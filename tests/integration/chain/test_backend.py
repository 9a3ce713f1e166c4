import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.node import backend
from chain.node.backend import Backend
from chain.node.home import GAS_LIMIT, Home
from tests.integration.chain.support import CHAIN_ID, Plain
from tests.ports import free_port


def test_somebody_elses_node_on_the_chosen_port_is_not_taken_for_ours(
    new_anvil: Callable[..., Plain], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It took the port after ours was chosen, and answers before ours has found out."""
    other, ours = new_anvil().rpc.url, free_port()
    ports = iter((int(other.rpartition(":")[2]), ours))
    monkeypatch.setattr(backend, "_free_port", lambda: next(ports))
    home = Home(tmp_path)
    home.establish(CHAIN_ID, (), 1_700_000_000)

    async def started() -> str:
        found = await Backend.start(tmp_path / "anvil.log", home.genesis_file, GAS_LIMIT)
        await found.stop()
        return found.url

    assert asyncio.run(started()) == f"http://127.0.0.1:{ours}"
