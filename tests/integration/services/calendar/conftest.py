from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import shared_database
from tests.integration.services.identity.house import make_home
from tests.integration.services.pilots.region import GUANGZHOU, SHENZHEN, Region, deploy, open_region
from tests.integration.services.transactions.rig import Anvil


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Anvil, Path]]:
    """A node that makes a block for each transaction, with the contracts on it."""
    anvil = Anvil().start()
    addresses = tmp_path_factory.mktemp("chain") / "addresses.json"
    deploy(anvil, addresses)
    yield anvil, addresses
    anvil.stop()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def region(
    request: pytest.FixtureRequest, node: tuple[Anvil, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Region]:
    """Two working groups and no calendar, on each database in turn."""
    anvil, addresses = node
    snapshot = anvil.rpc.call("evm_snapshot")
    folder = tmp_path_factory.mktemp("日历 calendars")
    with shared_database(request, folder) as url:
        opened = open_region(anvil, make_home(anvil, addresses, folder / "home", url))
        try:
            opened.parties["shenzhen"] = opened.admit("深圳专项工作组(测试)", "working-group", SHENZHEN, "supervisor")
            opened.parties["guangzhou"] = opened.admit("广州专项工作组(测试)", "working-group", GUANGZHOU, "supervisor")
            yield opened
        finally:
            opened.house.services.stop()
            anvil.rpc.call("evm_revert", snapshot)
