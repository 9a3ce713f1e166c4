"""A log as static files (C2SP tlog-tiles): copied from where it is served, each file checked before it is written.

A copy is verified from the root down: the partial tiles at the right edge lead to the checkpoint's root, every other
tile to its hash in the tile above. So memory does not grow with the log, and a copy that was broken off goes on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.party.durable import read_optional, write_public, write_public_soon
from chain.party.errors import ApiProblem, ConfigError
from chain.party.http import ApiClient
from chain.proof.checkpoint import Checkpoint
from chain.proof.errors import ProofError
from chain.proof.merkle import HASH_BYTES, root_at, root_of
from chain.proof.note import parse_note, verify_note
from chain.proof.tiles import MAX_LEVEL, TILE_HEIGHT, TILE_WIDTH, Tile, tile_nodes, tile_path, tile_width
from chain.proof.trust import LogKey

CHECKPOINT = "checkpoint"
ABOUT = "log.json"
Fetch = Callable[[str], bytes | None]
"""A file of the tree by its path (`tile/0/000`); None when there is none."""
_KEPT = 4_096
"""Tiles that are held in memory, 8 KiB each; a tile above the lowest level covers at least 65,536 leaves."""


def from_url(url: str) -> Fetch:
    """Reads what a web server serves under `url`: a static copy, or a service's `/v1/logs/<id>`. Raises Unreachable."""
    client = ApiClient(url)

    def fetch(path: str) -> bytes | None:
        try:
            return client.get_bytes(f"/{path}")
        except ApiProblem as problem:
            if problem.status == 404:
                return None
            raise

    return fetch


def from_folder(folder: Path) -> Fetch:
    """Reads a static copy."""
    return lambda path: read_optional(folder / path)


@dataclass(frozen=True, slots=True)
class Copied:
    """What a copy came to: `fetched` files are new, `kept` were there and are right."""

    head: Checkpoint
    fetched: int
    kept: int


def copy(
    fetch: Fetch, out: Path, *, origin: str, keys: Iterable[LogKey], about: Mapping[str, Any] | None = None
) -> Copied:
    """Brings the copy in `out` up to the newest checkpoint.

    Files of tiles are written once and never again; the checkpoint, which a reader starts from, is written last.

    Args:
        keys: the log's own, with their ranges.
        about: what goes into `log.json` beside the log's files: facts that no signature covers.
    Raises:
        ProofError: the files are not those of one log that `keys` signed and that extends what `out` has.
        ConfigError: there is no log.
    """
    note = fetch(CHECKPOINT)
    if note is None:
        raise ConfigError("there is no checkpoint: no log, or one without leaves yet")
    keys = list(keys)
    head = verified_head(note, origin, keys)
    copying = _Copying(fetch, out, head)
    before = read_optional(out / CHECKPOINT)
    if before is not None:
        _require_extension(verified_head(before, origin, keys), head, copying)
    for tile in _tiles(head.size):
        copying.place(tile)
    os.sync()  # the tiles before the checkpoint that promises them
    write_public(out / CHECKPOINT, note)
    if about is not None:
        write_public(out / ABOUT, (json.dumps(about, indent=2, ensure_ascii=False) + "\n").encode())
    return Copied(head, copying.fetched, copying.kept)


def verified_head(note: bytes, origin: str, keys: Iterable[LogKey]) -> Checkpoint:
    """The checkpoint of a note that a key of the log signed which is good for its size. Raises ProofError."""
    parsed = parse_note(note)
    head = Checkpoint.parse(parsed.text)
    if head.origin != origin:
        raise ProofError("origin-mismatch", f"the checkpoint is of {head.origin}, not of {origin}")
    listed = list(keys)
    signed = {each.key for each in verify_note(parsed, [each.key for each in listed])}
    if not any(each.covers(head.size) for each in listed if each.key in signed):
        raise ProofError("log-signature-missing", f"no key of {origin} that is good for size {head.size} signed it")
    return head


def _require_extension(old: Checkpoint, new: Checkpoint, copying: _Copying) -> None:
    if old.size > new.size:
        raise ProofError("size-range", f"the copy has {old.size} leaves, what is shown now has {new.size}")
    if root_at(old.size, tile_nodes(copying.hashes)) != old.root:
        raise ProofError("root-mismatch", f"what is shown now does not extend the copied head of size {old.size}")


def _tiles(size: int) -> Iterator[Tile]:
    """All tiles of a tree, the highest level first, so that the tile above is known."""
    for level in range(MAX_LEVEL, -1, -1):
        hashes = size >> (level * TILE_HEIGHT)
        for index in range(-(-hashes // TILE_WIDTH)):
            yield Tile(level, index, tile_width(level, index, size))


def _tiles_at_edge(size: int) -> Iterator[Tile]:
    """The partial tiles; all nodes of the frontier lie in them."""
    for level in range(MAX_LEVEL + 1):
        index, width = divmod(size >> (level * TILE_HEIGHT), TILE_WIDTH)
        if width:
            yield Tile(level, index, width)


class _Copying:
    """Tiles of one head, from the copy or the source, handed out only when they are right."""

    def __init__(self, fetch: Fetch, out: Path, head: Checkpoint) -> None:
        self._fetch = fetch
        self._out = out
        self._size = head.size
        self.fetched = self.kept = 0
        self._known: dict[tuple[int, int], bytes] = {}
        self._fresh: set[tuple[int, int]] = set()
        edge = {(tile.level, tile.index) for tile in _tiles_at_edge(head.size)}
        self._edge = {place: self._read(*place) for place in edge}
        root = root_at(head.size, tile_nodes(lambda level, index: _split(self._edge[level, index])))
        if root != head.root:
            raise ProofError("root-mismatch", "the tiles at the right edge do not lead to the checkpoint's root")

    def hashes(self, level: int, index: int) -> list[bytes]:
        """The hashes of a tile. Raises ProofError `tile-mismatch`."""
        return _split(self._data(level, index))

    def place(self, tile: Tile) -> None:
        """Makes sure that the copy has the tile."""
        data = self._data(tile.level, tile.index)
        if (tile.level, tile.index) in self._fresh:
            write_public_soon(self._out / tile_path(tile.level, tile.index, tile.width), data)
            self._fresh.discard((tile.level, tile.index))
            self.fetched += 1
        else:
            self.kept += 1
        if tile.level == 0:
            self._known.pop((0, tile.index), None)

    def _data(self, level: int, index: int) -> bytes:
        if (level, index) in self._edge:
            return self._edge[level, index]
        if (level, index) not in self._known:
            data = self._read(level, index)
            above = self._data(level + 1, index // TILE_WIDTH)
            offset = index % TILE_WIDTH * HASH_BYTES
            if root_of(_split(data)) != above[offset : offset + HASH_BYTES]:
                raise self._mismatch(level, index)
            if len(self._known) >= _KEPT:
                self._known.pop(next(iter(self._known)))
            self._known[level, index] = data
        return self._known[level, index]

    def _mismatch(self, level: int, index: int) -> ProofError:
        path = tile_path(level, index)
        whose = "what is shown" if (level, index) in self._fresh else "the copy's own file; delete it and copy again"
        return ProofError("tile-mismatch", f"{path} does not have the hash that the tile above says: {whose}")

    def _read(self, level: int, index: int) -> bytes:
        width = tile_width(level, index, self._size)
        path = tile_path(level, index, width)
        data = read_optional(self._out / path)
        if data is None or len(data) != width * HASH_BYTES:  # never written, or torn when the power failed
            data = self._fetched(path, tile_path(level, index), width)
            self._fresh.add((level, index))
        if len(data) != width * HASH_BYTES:
            raise ProofError("tile-short", f"{path} has {len(data)} bytes for {width} hashes")
        return data

    def _fetched(self, path: str, full: str, width: int) -> bytes:
        """The tile, or the beginning of the full one: a place may drop a partial tile once there is the full one."""
        data = self._fetch(path)
        if data is None and path != full:
            data = (self._fetch(full) or b"")[: width * HASH_BYTES]
        if not data:
            raise ProofError("tile-missing", f"there is no {path}")
        return data


def _split(data: bytes) -> list[bytes]:
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]
