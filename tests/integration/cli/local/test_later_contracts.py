"""An installation from before some contract existed gets it at the next start, beside those that stand."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain import deploy
from chain.addresses import CONTRACTS, Role, load_addresses
from chain.party.rpc import JsonRpc
from cli.local import chains, gateway
from cli.local.layout import BUSINESS, SUPERVISION, Layout
from tests.integration.services.transactions.rig import Anvil, key_of


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
    genesis = str(JsonRpc(anvil.url, timeout=10).call("eth_getBlockByNumber", "0x0", False)["hash"])
    running = chains.Running(name, anvil.url, int(anvil.rpc.call("eth_chainId"), 16), genesis)
    said: list[str] = []
    with monkeypatch.context() as earlier:
        first = ("InstitutionRegistry", "EvidenceLog")
        earlier.setattr(deploy, "CONTRACTS", dict.fromkeys(Role, first))
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
