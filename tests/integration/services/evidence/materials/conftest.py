"""Materials on each database and each store."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from chain.proof.digest import FileDigest, digest_of
from services.evidence.materials.sealed import CHUNK
from services.evidence.materials.service import Announced, Limits, Materials, MaterialView
from services.evidence.materials.spool import Spool
from services.evidence.materials.store import FileStore, Store
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database

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

    def stored(self) -> list[str]:
        return sorted(self.store.names())


def digest(content: bytes) -> FileDigest:
    return digest_of([content])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return FileStore(tmp_path / "objects")


@pytest.fixture
def depot(database: Database, clock: FixedClock, vault: Vault, tmp_path: Path, store: Store) -> Depot:
    return Depot(database, clock, vault, tmp_path, store)
