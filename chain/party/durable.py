"""Files that are either the old ones or the new ones, whatever kills the process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from chain.party.errors import ConfigError


def private_folder(path: Path) -> Path:
    """Makes `path` and its missing parents, readable by the owner alone (0700), and makes their names durable."""
    return _folder(path, 0o700)


def write_private(path: Path, data: bytes) -> None:
    """Replaces `path` (0600) by `data` at once: temporary file, fsync, rename, fsync of the folder."""
    _replace(path, (data,), 0o600, 0o700)


def write_public(path: Path, data: bytes) -> None:
    """`write_private` of what a web server is to serve: readable by all, as far as the umask allows."""
    _replace(path, (data,), 0o644, 0o755)


def write_public_soon(path: Path, data: bytes) -> None:
    """`write_public` that is durable only after `os.sync()`: for many files, after which one is written that counts."""
    _replace(path, (data,), 0o644, 0o755, sync=False)


def write_pieces(path: Path, pieces: Iterable[bytes]) -> int:
    """`write_private` of a content of any length; its size in bytes. Nothing is there when the pieces break off."""
    size = 0

    def counted() -> Iterator[bytes]:
        nonlocal size
        for piece in pieces:
            size += len(piece)
            yield piece

    _replace(path, counted(), 0o600, 0o700)
    return size


def _folder(path: Path, mode: int) -> Path:
    missing = [path, *path.parents]
    for folder in reversed([one for one in missing if not one.exists()]):
        folder.mkdir(mode=mode, exist_ok=True)
        _sync_folder(folder.parent)
    return path


def _replace(path: Path, pieces: Iterable[bytes], mode: int, folder_mode: int, *, sync: bool = True) -> None:
    _folder(path.parent, folder_mode)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            if sync:
                os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if sync:
        _sync_folder(path.parent)


def write_json(path: Path, value: object) -> None:
    """`write_private` of readable JSON. Never for bytes that are hashed."""
    write_private(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def read_optional(path: Path) -> bytes | None:
    """The file's bytes, or None when there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@contextlib.contextmanager
def only_process(folder: Path) -> Iterator[None]:
    """Holds the folder for this process; a second one is refused, since two writers could sign two histories.

    Raises:
        ConfigError: another process holds it.
    """
    private_folder(folder)
    with (folder / "lock").open("a", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"{folder} is in use by another process") from error
        yield


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
