"""Chains on which the contracts stand already: deployed once a session, and every node that is started begins there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.integration.register.business import FoundedBusiness, found
from tests.integration.services.transactions.rig import Anvil, deployed
from tests.integration.services.whole.world import EmbeddedNode, deploy_on


@dataclass(frozen=True)
class Founded:
    """A plain node's chain in a file, and the address file of its contracts. Nodes on it share nothing but the past.

    The state of such a node is not to be kept once more: it has two blocks of height 0, of which chance chooses one.
    """

    state: Path
    addresses: Path

    def node(self, *arguments: str) -> Anvil:
        """Started; stop it."""
        return Anvil("--load-state", str(self.state), *arguments).start()

    @contextmanager
    def running(self) -> Iterator[Anvil]:
        """A node of one's own: cheaper than taking a snapshot back, and nothing is left on its way to the next test."""
        node = self.node()
        try:
            yield node
        finally:
            node.stop()


@dataclass(frozen=True)
class FoundedEmbedded:
    """An embedded chain's folder, and the address file of its contracts."""

    home: Path
    addresses: Path

    def node(self, home: Path) -> EmbeddedNode:
        """With a copy of the folder; not started."""
        shutil.copytree(self.home, home)
        return EmbeddedNode(home)


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    folder = tmp_path_factory.mktemp("founded")
    node = Anvil().start()
    try:
        addresses = deployed(node, folder)
        (folder / "state.json").write_bytes(node.state())
    finally:
        node.stop()
    return Founded(folder / "state.json", addresses)


@pytest.fixture(scope="session")
def founded_embedded(tmp_path_factory: pytest.TempPathFactory) -> FoundedEmbedded:
    folder = tmp_path_factory.mktemp("embedded")
    made = FoundedEmbedded(folder / "chain", folder / "addresses.json")
    node = EmbeddedNode(made.home).start()
    try:
        deploy_on(node.url, made.addresses)
    finally:
        node.kill()
    return made


@pytest.fixture(scope="session")
def founded_business(tmp_path_factory: pytest.TempPathFactory) -> FoundedBusiness:
    """With a register where every act needs a checker."""
    return found(tmp_path_factory.mktemp("business"), checked=True)


@pytest.fixture(scope="session")
def founded_unchecked(tmp_path_factory: pytest.TempPathFactory) -> FoundedBusiness:
    """With a register where a checker is needed only where the contract always asks for one."""
    return found(tmp_path_factory.mktemp("unchecked"), checked=False)
