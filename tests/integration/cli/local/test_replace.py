"""`regseal chain replace`: a chain is closed and another pinned, on real nodes of another implementation."""

import gc
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain.addresses import CONTRACTS, REGISTER, Market, Role, load_addresses
from chain.party.keystore import EvmKey
from cli.local import gateway
from cli.local.errors import LocalError
from cli.local.external import deploy
from cli.local.install import create, new_bootstrap_token
from cli.local.layout import Layout
from cli.local.replace import Replaced, Wanted, replace_chain
from services.platform.settings import load_settings
from tests.integration.chain.support import ACCOUNTS, Plain, anvil

SECRET = "a passphrase of this test"


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "var")
    authority = gateway.Deployment("0x" + "11" * 20, {440300: "0x" + "22" * 20})
    create(made, authority, house_origin="house.example/log", public_url="http://127.0.0.1:1")
    new_bootstrap_token(made)  # makes the tables
    return made


@pytest.fixture
def new_node(tmp_path: Path) -> Iterator[Callable[[int], Plain]]:
    running: list[Plain] = []

    def make(salt: int) -> Plain:
        running.append(anvil(tmp_path, salt=salt))
        return running[-1]

    yield make
    for node in running:
        node.stop()
    gc.collect()


@pytest.fixture
def payers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    monkeypatch.setenv("REGSEAL_PASSPHRASE", SECRET)
    files = []
    for number in range(3):
        files.append(tmp_path / f"payer-{number}.json")
        EvmKey(bytes(ACCOUNTS[number].key)).save(files[-1], SECRET)
    return files


def replaced(layout: Layout, node: Plain, key: Path, said: list[str], *, abandon: bool = False) -> Replaced:
    wanted = Wanted([node.rpc.url], key_file=key, abandon=abandon)
    return replace_chain(layout, "supervision", wanted, said.append)


def test_a_lost_chain_is_closed_and_the_next_one_pinned_beside_it(
    layout: Layout, new_node: Callable[[int], Plain], payers: list[Path]
) -> None:
    said: list[str] = []
    old = new_node(0)
    first = deploy(
        layout, "supervision", [old.rpc.url], finality="confirmations:2", chain_class="permissioned",
        key_file=payers[0], say=said.append,
    )  # fmt: skip
    before = layout.settings_file.read_bytes()
    new = new_node(1)
    with pytest.raises(LocalError, match="still answers as the pinned chain"):
        replaced(layout, new, payers[1], said)
    old.stop()
    with pytest.raises(LocalError, match="old signatures would count again"):
        replaced(layout, new, payers[0], said)  # the same deployer under the same chain id: the same addresses
    assert layout.settings_file.read_bytes() == before
    done = replaced(layout, new, payers[1], said)
    chain = load_settings(layout.gateway).chains["supervision"]
    assert (chain.epoch, chain.genesis, chain.addresses_file) == (2, done.pin.genesis, done.addresses)
    (past,) = chain.past
    assert (past.epoch, past.chain_id, past.genesis) == (1, first.chain_id, first.genesis)
    assert past.contract != done.contract
    assert json.loads(past.closing.read_text()) == {"heads": []}
    assert layout.addresses("supervision") == done.addresses
    text = layout.settings_file.read_text()
    assert text.startswith(before.decode().split("[chains.")[0].rstrip())  # what people wrote there stays

    new.stop()
    third = replaced(layout, new_node(2), payers[2], said)
    chain = load_settings(layout.gateway).chains["supervision"]
    assert (third.epoch, [one.epoch for one in chain.past]) == (3, [1, 2])
    assert chain.past[0] == past


def test_the_chain_in_a_lost_business_chains_place_has_a_register_too(
    layout: Layout, new_node: Callable[[int], Plain], payers: list[Path]
) -> None:
    assert gateway.name_market(layout, gateway.MarketName("市场(测试)", Market(440300, checked=True)))
    old = new_node(0)
    deploy(
        layout, "business", [old.rpc.url], finality="immediate", chain_class="permissioned", key_file=payers[0],
        say=lambda _: None,
    )  # fmt: skip
    old.stop()
    wanted = Wanted([new_node(1).rpc.url], key_file=payers[1])
    done = replace_chain(layout, "business", wanted, lambda _: None)
    settings = load_settings(layout.gateway)
    assert settings.business_chain == "business@2"
    assert settings.market is not None
    found = load_addresses(done.addresses)
    assert found is not None
    assert list(found.contracts) == [*CONTRACTS[Role.BUSINESS], *REGISTER]


def test_a_chain_that_was_never_pinned_cannot_be_lost(layout: Layout) -> None:
    with pytest.raises(LocalError, match="no chain supervision"):
        replace_chain(layout, "supervision", Wanted(), lambda _: None)


def test_an_embedded_chain_whose_folder_is_there_is_not_lost(layout: Layout) -> None:
    genesis = "0x" + "ab" * 32
    gateway.pin_chain(layout, "supervision", gateway.Pin(("http://127.0.0.1:8",), 861001, genesis))
    layout.chain("supervision").mkdir(parents=True)
    (layout.chain("supervision") / "chain.json").write_text(json.dumps({"chain_id": 861001, "hash": genesis}))
    with pytest.raises(LocalError, match="the chain is there"):
        replace_chain(layout, "supervision", Wanted(), lambda _: None)
