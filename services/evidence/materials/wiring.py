"""The materials of an installation, from its settings."""

import stat
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from services.evidence.materials.service import Limits, Materials
from services.evidence.materials.spool import Spool
from services.evidence.materials.store import FileStore, Store
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import StartRefused
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
    """The store for finished files. StartRefused when its credentials cannot be read; it is not asked yet."""
    given = settings.materials
    if not given.store:
        return FileStore(settings.materials_dir / "objects")
    from services.evidence.materials.s3 import Bucket, S3Store, client_of  # loaded only where it is used

    bucket, _, prefix = given.store.removeprefix("s3://").partition("/")
    client = client_of(
        given.endpoint,
        _credentials(settings.home / given.credentials_file),
        region=given.region,
        virtual_host=given.addressing == "virtual",
        ca_file=settings.home / given.ca_file if given.ca_file else None,
        timeout_s=given.timeout_s,
    )
    return S3Store(client, Bucket(bucket, f"{prefix}/" if prefix else ""))


def _credentials(file: Path) -> Mapping[str, str]:
    """What lets in to the store. The file's words are never quoted: they are secrets."""
    try:
        with file.open("rb") as opened:
            mode = stat.S_IMODE(file.stat().st_mode)
            found = tomllib.load(opened)
    except OSError as error:
        raise StartRefused(f"Setting materials.credentials_file: {file}: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        raise StartRefused(f"Setting materials.credentials_file: {file} is not TOML.") from None
    if mode & 0o077:
        raise StartRefused(f"Setting materials.credentials_file: others may read {file}; run: chmod 600 '{file}'.")
    known = {"access_key", "secret_key", "session_token"}
    if not {"access_key", "secret_key"} <= found.keys() <= known or not all(isinstance(v, str) for v in found.values()):
        raise StartRefused(f"Setting materials.credentials_file: {file} has access_key and secret_key, nothing else.")
    return found
