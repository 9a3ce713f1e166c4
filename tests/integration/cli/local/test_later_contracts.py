"""An installation from before some contract existed gets it at the next start, beside those that stand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.addresses import CONTRACTS, REGISTER, Market, Role, load_addresses
from chain.party.rpc import JsonRpc
from cli.local import chains, gateway
from cli.local.commands import market_said
from cli.local.errors import LocalError
from cli.local.install import create
from cli.local.layout import BUSINESS, SUPERVISION, Layout
from services.platform.settings import MarketConfig, load_settings
from tests.integration.services.transactions.rig import Anvil, key_of

MARKET = gateway.MarketName("鹏城股权交易中心(测试)", Market(440300, checked=True), confirmation=8_000)


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    node = Anvil().start()
    yield node
    node.stop()


@pytest.mark.parametrize("name", [SUPERVISION, BUSINESS])
def test_what_is_missing_is_deployed_and_what_stands_stays(
    anvil: Anvil, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    layout = Layout(tmp_path)
    gateway.create_keys(layout)
    gateway.write_deployment(layout, gateway.Deployment(key_of("root").address, {0: key_of("nation").address}))
    deployer = gateway.address_of_key(layout.gateway / "keys" / "deployer.json")
    anvil.rpc.call("anvil_setBalance", deployer, hex(10**21))
    _, genesis = pins(anvil)
    running = chains.Running(name, anvil.url, *pins(anvil))
    said: list[str] = []
    with monkeypatch.context() as earlier:
        first = ("InstitutionRegistry", "EvidenceLog")
        earlier.setattr("chain.addresses.CONTRACTS", dict.fromkeys(Role, first))
        chains.deploy_missing(layout, running, said.append)
    assert not chains.has_contracts(layout, name)
    old = load_addresses(layout.addresses(name))
    chains.deploy_missing(layout, running, said.append)
    new = load_addresses(layout.addresses(name))
    assert old is not None
    assert new is not None
    assert list(new.contracts) == list(CONTRACTS[Role(name)])
    assert {each: new.contracts[each] for each in old.contracts} == old.contracts
    assert chains.has_contracts(layout, name, (running.chain_id, genesis))
    assert not chains.has_contracts(layout, name, (running.chain_id, "0x00"))
    chains.deploy_missing(layout, running, said.append)
    assert len(said) == 2, "nothing to say when nothing is missing"


def test_a_register_comes_with_the_market_that_settings_name_later(anvil: Anvil, tmp_path: Path) -> None:
    layout = Layout(tmp_path)
    nation = gateway.Deployment(key_of("root").address, {0: key_of("nation").address})
    create(layout, nation, house_origin="house.example/log", public_url="http://127.0.0.1:1")
    deployer = gateway.address_of_key(layout.gateway / "keys" / "deployer.json")
    anvil.rpc.call("anvil_setBalance", deployer, hex(10**21))
    running = {name: chains.Running(name, anvil.url, *pins(anvil)) for name in (SUPERVISION, BUSINESS)}
    for name, chain in running.items():
        chains.deploy_missing(layout, chain, lambda _: None)
        gateway.pin_chain(layout, name, gateway.Pin((chain.url,), chain.chain_id, chain.genesis))
    assert chains.has_contracts(layout, BUSINESS)
    assert gateway.name_market(layout, MARKET)
    assert not gateway.name_market(layout, MARKET)
    loaded = load_settings(layout.gateway)
    assert loaded.market == MarketConfig(name=MARKET.name, region=440300, checked=True, confirmation=8_000)
    assert set(loaded.chains) == {SUPERVISION, BUSINESS}
    assert chains.has_contracts(layout, SUPERVISION)
    assert not chains.has_contracts(layout, BUSINESS)
    chains.deploy_missing(layout, running[BUSINESS], lambda _: None)
    found = load_addresses(layout.addresses(BUSINESS))
    assert found is not None
    assert list(found.contracts) == [*CONTRACTS[Role.BUSINESS], *REGISTER]
    text = layout.settings_file.read_text("utf-8")
    layout.settings_file.write_text(text.replace("region = 440300", "region = '沿海'"), "utf-8")
    with pytest.raises(LocalError, match="ill-formed"):
        chains.has_contracts(layout, BUSINESS)


def pins(anvil: Anvil) -> tuple[int, str]:
    rpc = JsonRpc(anvil.url, timeout=10)
    return int(rpc.call("eth_chainId"), 16), str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])


def test_a_market_is_named_by_region_and_name() -> None:
    assert market_said("440300=鹏城 市场", checked=False) == gateway.MarketName(
        "鹏城 市场", Market(440300, checked=False)
    )
    assert market_said("", checked=True) is None
    for wrong in ("440300", "44030=x", "440300= ", "深圳=x"):
        with pytest.raises(LocalError, match="REGION=NAME"):
            market_said(wrong, checked=True)


def test_a_market_outside_the_code_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    wrong = gateway.MarketName("市场", Market(99, checked=True))
    with pytest.raises(LocalError, match="region 99"):
        create(
            Layout(tmp_path),
            gateway.Deployment(key_of("root").address, {}),
            house_origin="a.example",
            public_url="http://127.0.0.1:2",
            market=wrong,
        )
    assert not Layout(tmp_path).gateway.exists()
