"""`regseal deploy`: our contracts on a chain that somebody else runs, a real node of another implementation."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.party.keystore import EvmKey
from cli.local import gateway
from cli.local.chains import refuse_begun_elsewhere
from cli.local.errors import LocalError
from cli.local.external import deploy
from cli.local.install import create
from cli.local.layout import Layout
from services.platform.settings import load_settings
from tests.integration.chain.support import ACCOUNTS, Plain, anvil


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Plain]:
    running = anvil(tmp_path)
    yield running
    running.stop()


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "var")
    authority = gateway.Deployment("0x" + "11" * 20, {440300: "0x" + "22" * 20})
    create(made, authority, house_origin="house.example/log", public_url="http://127.0.0.1:1")
    return made


def _deploy(layout: Layout, url: str, said: list[str], *, key: Path | None = None) -> gateway.Pin:
    return deploy(
        layout, "supervision", [url], finality="immediate", chain_class="permissioned", key_file=key, say=said.append
    )


def test_deployer_without_funds_is_named_and_a_payer_deploys_once(
    layout: Layout, node: Plain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REGSEAL_PASSPHRASE", "a passphrase of this test")
    deployer, said = gateway.address_of_key(layout.gateway / "keys" / "deployer.json"), list[str]()
    with pytest.raises(LocalError, match="cannot be deployed") as refused:
        _deploy(layout, node.rpc.url, said)
    assert deployer in str(refused.value.fix)
    with pytest.raises(LocalError, match="was begun and did not end"):
        refuse_begun_elsewhere(layout, "supervision")  # an embedded chain would take its place, for good
    payer = tmp_path / "payer.json"
    EvmKey(bytes(ACCOUNTS[0].key)).save(payer, "a passphrase of this test")
    pin = _deploy(layout, node.rpc.url, said, key=payer)
    assert _deploy(layout, node.rpc.url, said, key=payer) == pin
    chain = load_settings(layout.gateway).chains["supervision"]
    assert (chain.chain_id, chain.genesis, chain.chain_class) == (pin.chain_id, pin.genesis, "permissioned")
    assert chain.addresses_file.exists()
    assert any("gateway's account" in line for line in said)


def test_chain_that_is_embedded_already_stays_so(layout: Layout) -> None:
    gateway.pin_chain(layout, "supervision", gateway.Pin(("http://127.0.0.1:8",), 7, "0x" + "ab" * 32))
    with pytest.raises(LocalError, match="embedded"):
        _deploy(layout, "http://127.0.0.1:8", [])


def test_endpoint_that_does_not_answer_pins_nothing(layout: Layout) -> None:
    with pytest.raises(LocalError, match="cannot be reached"):
        _deploy(layout, "http://127.0.0.1:1", [])
    assert load_settings(layout.gateway).chains == {}
