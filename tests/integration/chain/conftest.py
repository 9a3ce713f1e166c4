from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.client import ChainClient, ChainSettings
from chain.deploy import deploy_all
from tests.integration.chain.support import ACCOUNTS, ADDRESSES, Node, Plain, Proxy, Rpc, anvil, hardhat


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "链 home"
    folder.mkdir()
    return folder


@pytest.fixture
def node(home: Path) -> Iterator[Node]:
    made = Node(home)
    yield made
    made.kill()


@pytest.fixture
def new_anvil(tmp_path: Path) -> Iterator[Callable[..., Plain]]:
    made: list[Plain] = []

    def make(*flags: str, **options: object) -> Plain:
        made.append(anvil(tmp_path, *flags, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture(scope="session")
def hardhat_node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plain]:
    made = hardhat(tmp_path_factory.mktemp("hardhat"))
    yield made
    made.stop()


@pytest.fixture
def new_proxy() -> Iterator[Callable[..., Proxy]]:
    made: list[Proxy] = []

    def make(upstream: Rpc, change: Callable[..., object] = lambda _method, _params, answer: answer) -> Proxy:
        made.append(Proxy(upstream, change))
        return made[-1]

    yield make
    for one in made:
        one.stop()


@pytest.fixture
def new_client() -> Callable[..., ChainClient]:
    """A client of the chain at the first URL, which is also what it pins."""

    def make(*urls: str, **options: Any) -> ChainClient:
        pins = {
            "chain_id": int(Rpc(urls[0])("eth_chainId"), 16),
            "genesis": Rpc(urls[0])("eth_getBlockByNumber", "0x0", False)["hash"],
        }
        return ChainClient(ChainSettings("test", urls, **(pins | {"timeout": 60.0} | options)))

    return make


@pytest.fixture
def deployed(tmp_path: Path) -> Callable[[str], Path]:
    """Deploys the contracts onto the chain at a URL and gives the address file."""

    def deploy(url: str) -> Path:
        file = tmp_path / "addresses.json"
        deploy_all(url, bytes(ACCOUNTS[0].key), ADDRESSES[1], {440300: ADDRESSES[2], 0: ADDRESSES[3]}, 60, file)
        return file

    return deploy
