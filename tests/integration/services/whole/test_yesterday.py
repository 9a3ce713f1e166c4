"""Yesterday's database under today's chain: refused, whoever is left to contradict it. And what is no yesterday."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url
from starlette.testclient import TestClient

from api.app import create_app
from services.platform.errors import Unavailable
from services.platform.settings import Settings
from tests.integration.services.identity.house import start
from tests.integration.services.whole.world import EmbeddedNode, Witness, World

Open = Callable[..., World]


class Backup:
    """Database and head file of a stopped installation; ``put_back()`` makes them today's again."""

    def __init__(self, settings: Settings, to: Path) -> None:
        self.settings, self.folder = settings, to
        self.heads = (settings.heads_dir / "heads").read_bytes()
        self.url = settings.url
        if self.url.startswith("sqlite"):
            shutil.copyfile(self._file(), to / "yesterday.sqlite")
        else:
            self._copy(self._name(), self._kept())

    def put_back(self, *, heads: bool) -> None:
        """The database; ``heads``: and the head file, which nobody should ever restore."""
        if self.url.startswith("sqlite"):
            for path in self._file().parent.glob(f"{self._file().name}-*"):
                path.unlink()
            shutil.copyfile(self.folder / "yesterday.sqlite", self._file())
        else:
            self._copy(self._kept(), self._name())
        if heads:
            (self.settings.heads_dir / "heads").write_bytes(self.heads)

    def forget(self) -> None:
        if not self.url.startswith("sqlite"):
            with self._server() as connection:
                connection.execute(f"DROP DATABASE {self._kept()} WITH (FORCE)")

    def _file(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def _name(self) -> str:
        return str(make_url(self.url).database)

    def _kept(self) -> str:
        return f"y_{self._name()}"

    def _copy(self, source: str, target: str) -> None:
        with self._server() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {target} TEMPLATE {source}")

    def _server(self) -> psycopg.Connection:
        url = make_url(self.url).set(drivername="postgresql", database="postgres")
        return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


@pytest.fixture
def world(new_world: Open) -> World:
    return new_world()


@pytest.fixture
def backup(world: World, tmp_path: Path) -> Iterator[Backup]:
    """Taken after three records; two more came since, all anchored."""
    _grow(world, 3)
    world.services.stop()
    made = Backup(world.settings, tmp_path)
    world.house = start(world.settings)
    _grow(world, 2)
    world.services.stop()
    yield made
    made.forget()


def _grow(world: World, count: int) -> None:
    accepted = [world.submit(f"s{number}") for number in range(count)]
    world.run(lambda: world.status(accepted[-1]) == "final")


def _refused(world: World) -> str:
    """The slug of the refusal; nothing may have been given an index."""
    before = world.evidence.public.log(world.log.id).size
    for job in ("evidence.check", "evidence.seal"):
        world.services.jobs.run(job)
    with pytest.raises(Unavailable) as refused:
        world.submit()
    assert world.evidence.public.log(world.log.id).size == before
    return refused.value.slug


CASES = (
    ("head file and chain contradict", {"heads": False, "chain": True}, "log-behind-anchor"),
    ("the head file contradicts", {"heads": False, "chain": False}, "log-behind-anchor"),
    ("nobody can be asked", {"heads": True, "chain": False}, "log-unchecked"),
    ("the chain contradicts", {"heads": True, "chain": True}, "log-behind-anchor"),
)
"""What is left of today: ``heads`` means that the head file was restored too, ``chain`` that the chain answers."""


def test_yesterdays_database_takes_no_submission(world: World, backup: Backup, node: EmbeddedNode) -> None:
    for told, left, slug in CASES:
        node.kill()
        backup.put_back(heads=left["heads"])
        if left["chain"]:
            node.start()
        world.house = start(world.settings)
        assert _refused(world) == slug, told
        answer = TestClient(create_app(world.services)).get("/health/ready")
        assert (answer.status_code, world.log.origin in answer.text) == (503, True), told
        if slug == "log-unchecked":
            node.start()
            assert _refused(world) == "log-behind-anchor", "the chain is back and contradicts"
        world.services.stop()


def test_an_unfinished_todays_database_is_refused_by_the_witness_alone(
    new_world: Open, node: EmbeddedNode, tmp_path: Path
) -> None:
    """Newer than the last anchor, older than what was acknowledged: chain and restored head file are content."""
    world = new_world(witness=Witness(node.url))
    world.submit("anchored")
    world.run(lambda: world.evidence.public.log(world.log.id).anchored == world.evidence.public.log(world.log.id).size)
    world.services.stop()
    made = Backup(world.settings, tmp_path)
    world.house = start(world.settings)
    world.step()
    world.submit("cosigned and never anchored")
    world.step(anchor=False)
    world.services.stop()
    made.put_back(heads=True)
    world.house = start(world.settings)
    assert _refused(world) == "log-unchecked", "the witness was not heard yet"
    world.step()
    assert _refused(world) == "log-behind-anchor"
    made.forget()


def test_a_log_that_was_opened_and_never_anchored_passes_the_chains_word(new_world: Open) -> None:
    """The contract knows it with size 0 and keeps no root: that is the empty tree, not another one."""
    world = new_world(anchor_interval_ms=3_600_000)
    client = world.services.chains
    size, _ = client.head_of(world.log.origin) or (-1, b"")
    assert size == 0, "opened, not anchored"
    world.restart()
    assert world.evidence.gate.states()[world.log.id].chain
    assert world.evidence.gate.ready()
    assert world.submit().index == world.log.size
