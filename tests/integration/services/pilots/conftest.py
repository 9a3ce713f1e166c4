from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import shared_database
from tests.integration.services.identity.house import make_home
from tests.integration.services.pilots.application import SETTINGS
from tests.integration.services.pilots.region import NATIONAL_REGION, SHENZHEN, YEARS, Region, deploy, open_region
from tests.integration.services.transactions.rig import GATEWAY, Anvil


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
    """Shenzhen with its rulebook in force and everybody admitted, on each database in turn."""
    anvil, addresses = node
    snapshot = anvil.rpc.call("evm_snapshot")
    folder = tmp_path_factory.mktemp("试点 pilots")
    with shared_database(request, folder) as url:
        opened = open_region(anvil, make_home(anvil, addresses, folder / "home", url))
        try:
            _people(opened)
            yield opened
        finally:
            opened.house.services.stop()
            anvil.rpc.call("evm_revert", snapshot)


def _people(region: Region) -> None:
    group = region.admit("深圳专项工作组(测试)", "working-group", SHENZHEN, "supervisor", "registrar", "auditor")
    stb = region.admit("科技监管局(测试)", "regulator", NATIONAL_REGION, "supervisor", "auditor")
    experts = region.admit("专业评估组(测试)", "regulator", NATIONAL_REGION, "supervisor")
    for name, party in (("group", group), ("stb", stb), ("experts", experts)):
        region.parties[name] = party
    region.parties["lead"] = region.admit("鹏城科技(测试)", "applicant", SHENZHEN)
    region.parties["partner"] = region.admit("湾区证券(测试)", "applicant", SHENZHEN)
    region.grant(group, "pilot.working-group", SHENZHEN, group.account)
    region.grant(stb, "pilot.stb", NATIONAL_REGION, stb.account)
    region.grant(experts, "pilot.evaluation-group", NATIONAL_REGION, experts.account)
    host = region["host"]
    region.grant(host, "pilot.gateway", SHENZHEN, GATEWAY)
    for year in YEARS:
        region.publish_year(year)
    region.open_log(group, "pilots.shenzhen.example/2026")
    region.activate(group, SETTINGS)
