"""A founded installation for each test, on the embedded chain; on SQLite a copy of one that was founded once."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.platform.settings import Settings
from tests.integration.services.identity.house import make_home
from tests.integration.services.recovery.stage import Stage
from tests.integration.services.whole.world import EmbeddedNode, deploy_on


@dataclass(frozen=True)
class Founded:
    """A stopped installation with all its folders under one."""

    folder: Path
    settings: Settings
    host: str
    token: str


def found(folder: Path, url: str) -> Founded:
    """Founds one below ``folder`` and stops it."""
    node = EmbeddedNode(folder / "chain").start()
    try:
        deploy_on(node.url, folder / "addresses.json")
        settings = make_home(node, folder / "addresses.json", folder / "家 home", url)
        stage = Stage(settings, node, folder / "witness")
        try:
            stage.found()
            return Founded(folder, stage.settings, stage.host, stage.token)
        finally:
            stage.stop()
    finally:
        node.kill()


@pytest.fixture(scope="session")
def founded_once(tmp_path_factory: pytest.TempPathFactory) -> Founded:
    folder = tmp_path_factory.mktemp("founded")
    return found(folder, f"sqlite:///{folder / 'regseal.sqlite'}")


@pytest.fixture
def stage(
    backend: str, tmp_path: Path, new_database: Callable[..., str], request: pytest.FixtureRequest
) -> Iterator[Stage]:
    """Running, all of it final; the node has another port in each copy."""
    if backend == "sqlite":
        original: Founded = request.getfixturevalue("founded_once")
        shutil.copytree(original.folder, tmp_path / "copy")
        made = Founded(tmp_path / "copy", original.settings, original.host, original.token)
        changes = {"home": made.folder / "家 home", "database_url": f"sqlite:///{made.folder / 'regseal.sqlite'}"}
    else:
        (tmp_path / "own").mkdir()
        made, changes = found(tmp_path / "own", new_database(empty=True)), {}
    node = EmbeddedNode(made.folder / "chain").start()
    chain = made.settings.chains["supervision"].model_copy(
        update={"endpoints": (node.url,), "addresses_file": made.folder / "addresses.json"}
    )
    settings = made.settings.model_copy(update={**changes, "chains": {"supervision": chain}})
    stage = Stage(settings, node, made.folder / "witness")
    try:
        stage.go_on(made.host, made.token)
        yield stage
    finally:
        stage.stop()
        node.kill()
