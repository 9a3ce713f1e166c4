"""The files that are named, and all that is in the folders that are named; opened so that they cannot be others."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from chain.party.errors import ConfigError
from chain.proof.manifest import name_fault

MOST = 100_000
_SHOWN = 20
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""Not through a link put there since, and not waiting for whoever would write to a pipe."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file and the folder below the named one in which it stands; size and mtime (ns) when it was found."""

    path: Path
    folder: str | None
    size: int
    modified: int

    @property
    def place(self) -> str:
        """What tells it from the others of its set."""
        return f"{self.folder}/{self.path.name}" if self.folder is not None else self.path.name


def find(paths: Sequence[Path]) -> list[Found]:
    """All files, by place. ConfigError names what cannot be submitted, before the first byte is sent."""
    found: list[Found] = []
    faults: list[str] = []
    for path in paths:
        # A link that somebody names is meant; one inside a folder could lead anywhere.
        for each, folder in _below(path.resolve() if path.is_symlink() else path):
            fault = _look(each, folder, found)
            if fault is not None:
                faults.append(f"{shown(each)}: {fault}")
    faults += [f"{shown(place)}: two files would have this name" for place in _twice(found)]
    if faults:
        more = f"\n  and {len(faults) - _SHOWN} more" if len(faults) > _SHOWN else ""
        raise ConfigError("nothing was sent:\n  " + "\n  ".join(faults[:_SHOWN]) + more)
    if not 1 <= len(found) <= MOST:
        raise ConfigError(f"{len(found)} files; a set has 1 to {MOST:,}")
    return sorted(found, key=lambda each: each.place)


def alike(found: Sequence[Found]) -> list[tuple[str, str]]:
    """Pairs of places that some file systems hold for one: they differ by case or by composition (NFC, NFD) only."""
    seen: dict[str, str] = {}
    return [
        (before, each.place)
        for each in found
        if (before := seen.setdefault(folded(each.place), each.place)) != each.place
    ]


def folded(place: str) -> str:
    """The place as a file system knows it that looks neither at case nor at composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", place).casefold())


def shown(path: Path | str) -> str:
    """A name in which nothing hides."""
    text = str(path)
    return text if all(name_fault(part) is None for part in text.split("/") if part) else ascii(text)[1:-1]


@contextmanager
def opened(file: Found) -> Iterator[BinaryIO]:
    """The file, to be read. ConfigError when it is not the one that was found, or not any more at the end."""
    try:
        descriptor = os.open(file.path, _FLAGS)
    except OSError as error:
        raise ConfigError(f"{shown(file.path)} cannot be read any more: {error.strerror}") from None
    with os.fdopen(descriptor, "rb") as source:
        _require_same(file, source)
        yield source
        _require_same(file, source)


def _require_same(file: Found, source: BinaryIO) -> None:
    now = os.fstat(source.fileno())
    if not stat.S_ISREG(now.st_mode) or (now.st_size, now.st_mtime_ns) != (file.size, file.modified):
        raise ConfigError(f"{shown(file.path)} changed while it was read; nothing is bound, run the command again")


def _below(path: Path) -> Iterator[tuple[Path, str | None]]:
    if not path.is_dir():
        yield path, None
        return
    for folder, folders, names in os.walk(path, onerror=_raise):
        relative = Path(folder).relative_to(path).as_posix()
        links = [name for name in folders if Path(folder, name).is_symlink()]
        for name in [*names, *links]:
            yield Path(folder, name), None if relative == "." else relative


def _raise(error: OSError) -> None:
    raise ConfigError(f"{shown(error.filename or '')}: {error.strerror}")


def _look(path: Path, folder: str | None, found: list[Found]) -> str | None:
    """Adds the file, or says why it cannot be submitted."""
    for name in (path.name, *(folder.split("/") if folder else ())):
        if fault := name_fault(name):
            return f"the name {fault}"
    try:
        status = path.lstat()
        if stat.S_ISLNK(status.st_mode):
            return "a link; name what it leads to, or put that here"
        if not stat.S_ISREG(status.st_mode):
            return "neither a file nor a folder"
        os.close(os.open(path, _FLAGS))
    except OSError as error:
        return error.strerror or "cannot be read"
    found.append(Found(path, folder, status.st_size, status.st_mtime_ns))
    return None


def _twice(found: Sequence[Found]) -> list[str]:
    seen = set[str]()
    return [each.place for each in found if each.place in seen or seen.add(each.place)]  # type: ignore[func-returns-value]
