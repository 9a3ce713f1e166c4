"""The materials of an installation, from its settings."""

from collections.abc import Callable

from sqlalchemy.orm import Session

from services.evidence.materials.service import Limits, Materials
from services.evidence.materials.spool import Spool
from services.evidence.materials.store import FileStore, Store
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings

__all__ = ["open_materials", "store_of"]


def open_materials(
    settings: Settings, database: Database, clock: Clock, *, vault: Vault, fence: Callable[[Session], None]
) -> Materials:
    """Uploads in the home, finished files in the store that is set."""
    return Materials(
        database,
        clock,
        vault=vault,
        spool=Spool(settings.materials_dir / "uploads"),
        store=store_of(settings),
        limits=Limits(settings.materials.max_bytes, settings.materials.upload_days),
        fence=fence,
    )


def store_of(settings: Settings) -> Store:
    """The store for finished files."""
    return FileStore(settings.materials_dir / "objects")
