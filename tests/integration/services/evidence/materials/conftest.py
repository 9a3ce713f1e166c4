"""Materials on each database and each store."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from chain.proof.digest import FileDigest, digest_of
from services.evidence.materials.sealed import CHUNK
from services.evidence.materials.service import Announced, Limits, Materials, MaterialView
from services.evidence.materials.spool import Spool
from services.evidence.materials.store import FileStore, Store
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from tests.integration.services.evidence.materials.s3server import s3_store, serving

ONE, OTHER = "ins_" + "1" * 32, "ins_" + "2" * 32
LIMITS = Limits(max_bytes=8 << 30, upload_days=7)


@dataclass
class Depot:
    """Materials, and the means to look behind them. ``reopened()`` is another life of the process."""

    database: Database
    clock: FixedClock
    vault: Vault
    folder: Path
    store: Store
    materials: Materials = field(init=False)

    def __post_init__(self) -> None:
        self.reopened()

    def reopened(self) -> Materials:
        self.materials = Materials(
            self.database,
            self.clock,
            vault=self.vault,
            spool=Spool(self.folder / "uploads"),
            store=self.store,
            limits=LIMITS,
            fence=lambda _: None,
        )
        return self.materials

    def announce(self, size: int, name: str = "股东名册.pdf", institution: str = ONE) -> MaterialView:
        return self.materials.announce(institution, Announced(name=name, media_type="application/pdf", size=size))

    def send(self, view: MaterialView, content: bytes, *, offset: int = 0, upto: int | None = None) -> None:
        end = len(content) if upto is None else upto
        opened = self.materials.receive(view.institution_id, view.id, offset=offset, length=end - offset)
        with opened as upload:
            for start in range(offset, end, CHUNK):
                upload.append(content[start : min(start + CHUNK, end)])

    def put(self, content: bytes, name: str = "股东名册.pdf", institution: str = ONE) -> MaterialView:
        view = self.announce(len(content), name, institution)
        self.send(view, content)
        return self.materials.complete(institution, view.id, digest_of([content]))

    def read(self, view: MaterialView, wanted: str | None = None) -> bytes:
        return b"".join(self.materials.content(view.institution_id, view.id, wanted=wanted).pieces)

    def uploads(self) -> list[str]:
        return sorted(each.name for each in (self.folder / "uploads").iterdir())

    def raw(self, name: str) -> bytes:
        """What the store has under a name."""
        source, found = self.store.open(name, 0), b""
        while piece := source.read(1 << 20):
            found += piece
        source.close()
        return found

    def overwrite(self, name: str, data: bytes) -> None:
        """What somebody does who can write to the store."""
        changed = self.folder / f"changed-{uuid.uuid4().hex}"
        changed.write_bytes(data)
        self.store.remove(name)
        self.store.put(name, changed)
        changed.unlink()

    def stored(self) -> list[str]:
        return sorted(each.name for each in self.store.entries())


def digest(content: bytes) -> FileDigest:
    return digest_of([content])


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    with serving() as port:
        yield port


@pytest.fixture(params=["sqlite-files", "postgresql-files", "sqlite-s3"])
def backend(request: pytest.FixtureRequest) -> str:
    """Which database: each of the stores with SQLite, for the database does not know which store it is."""
    return str(request.param).partition("-")[0]


@pytest.fixture
def place(request: pytest.FixtureRequest, backend: str, tmp_path: Path) -> str:
    """Where the store is, in a word that another process understands: a folder, or `PORT:PREFIX`."""
    if request.node.callspec.params["backend"].endswith("files"):
        return str(tmp_path / "objects")
    return f"{request.getfixturevalue('s3_port')}:{uuid.uuid4().hex}/"


def store_at(place: str) -> Store:
    """The store of such a word."""
    if place.startswith(os.sep):
        return FileStore(Path(place))
    port, _, prefix = place.partition(":")
    return s3_store(int(port), prefix)


@pytest.fixture
def store(place: str) -> Store:
    return store_at(place)


@pytest.fixture
def depot(database: Database, clock: FixedClock, vault: Vault, tmp_path: Path, store: Store) -> Depot:
    return Depot(database, clock, vault, tmp_path, store)


@dataclass
class Worker:
    """Another process with the same database and the same store."""

    url: str
    folder: Path
    place: str

    def __call__(self, *given: object, failpoint: str = "") -> tuple[int, list[dict[str, Any]]]:
        module = "tests.integration.services.evidence.materials.worker"
        command = [sys.executable, "-m", module, self.url, self.folder, self.place, *given]
        environment = {**os.environ, "REGSEAL_FAILPOINT": failpoint}
        done = subprocess.run([str(each) for each in command], env=environment, stdout=subprocess.PIPE, check=False)
        return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture
def work(database_url: str, tmp_path: Path, place: str) -> Worker:
    return Worker(database_url, tmp_path, place)
