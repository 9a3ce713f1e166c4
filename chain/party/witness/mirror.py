"""A witness's own copy of a log's hash tiles: each is checked against a cosigned head before it is stored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chain.party.durable import private_folder, read_optional, write_json, write_private
from chain.party.errors import ConfigError
from chain.party.witness.refusal import Refusal
from chain.proof.checkpoint import Checkpoint
from chain.proof.errors import ProofError
from chain.proof.merkle import HASH_BYTES, root_at, root_of, verify_consistency
from chain.proof.tiles import TILE_WIDTH, Tile, tile_nodes, tile_path, tile_width, tiles_between

STEP = 256 * TILE_WIDTH
"""A mirror far behind catches up by this many leaves (2 MiB of hashes) at a time."""

FetchTile = Callable[[Tile], bytes]
FetchProof = Callable[[int, int], Sequence[bytes]]
Hashes = list[bytes]


class Mirror:
    """Tiles under `folder`; `size` leaves are there and were checked."""

    def __init__(self, folder: Path) -> None:
        self._folder = private_folder(folder)
        data = read_optional(folder / "mirror.json")
        try:
            self.size = int(json.loads(data)["size"]) if data is not None else 0
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigError(f"{folder / 'mirror.json'} is damaged") from error

    def root(self, size: int) -> bytes:
        """The root of the first `size` leaves, of which all must be here. Raises ProofError when a tile is damaged."""
        if size > self.size:
            raise ProofError("tile-short", f"the mirror has {self.size} leaves")
        return root_at(size, tile_nodes(self._stored))

    def leaf_hashes(self, index: int) -> Hashes:
        """The hashes of a tile of level 0, as many as are here. Raises ProofError when it is damaged."""
        return self._stored(0, index)

    def extend(self, head: Checkpoint, fetch: FetchTile, proof: FetchProof) -> None:
        """Grows towards `head`, by one step.

        Args:
            fetch: bytes of a tile of the log.
            proof: consistency proof between two sizes of the log.
        Raises:
            Refusal: `tiles-wrong`; nothing was stored.
        """
        if head.size <= self.size:
            return
        new = min(head.size, (self.size // TILE_WIDTH) * TILE_WIDTH + STEP)
        try:
            grown = self._grown(new, fetch)
            root = root_at(
                new, tile_nodes(lambda level, index: grown.get((level, index)) or self._stored(level, index))
            )
            verify_consistency(new, head.size, root, head.root, proof(new, head.size) if new < head.size else ())
        except ProofError as error:
            raise Refusal(
                "tiles-wrong", f"tiles up to {new} do not lead to the head at {head.size}: {error}"
            ) from error
        self._store(new, grown)

    def _grown(self, new: int, fetch: FetchTile) -> Mapping[tuple[int, int], Hashes]:
        """The tiles that appear or widen: those of leaf hashes are fetched, those above computed."""
        grown: dict[tuple[int, int], Hashes] = {}
        for tile in tiles_between(self.size, new):
            if tile.level == 0:
                grown[0, tile.index] = _split(fetch(tile), tile)
                continue
            start = tile.index * TILE_WIDTH
            known = max(0, tile_width(tile.level, tile.index, self.size))
            hashes = list(self._stored(tile.level, tile.index)) if known else []
            hashes += [root_of(grown[tile.level - 1, child]) for child in range(start + known, start + tile.width)]
            grown[tile.level, tile.index] = hashes
        return grown

    def _store(self, new: int, grown: Mapping[tuple[int, int], Hashes]) -> None:
        old = self.size
        for (level, index), hashes in grown.items():
            write_private(self._folder / tile_path(level, index, len(hashes)), b"".join(hashes))
        write_json(self._folder / "mirror.json", {"size": new})
        self.size = new
        for level, index in grown:
            width = tile_width(level, index, old)
            if 0 < width < tile_width(level, index, new):
                (self._folder / tile_path(level, index, width)).unlink(missing_ok=True)

    def _stored(self, level: int, index: int) -> Hashes:
        tile = Tile(level, index, tile_width(level, index, self.size))
        data = read_optional(self._folder / tile_path(tile.level, tile.index, tile.width)) if tile.width else b""
        return _split(data or b"", tile)


def _split(data: bytes, tile: Tile) -> Hashes:
    if len(data) != tile.width * HASH_BYTES:
        raise ProofError("tile-short", f"tile {tile.level}/{tile.index} has {len(data)} bytes for {tile.width} hashes")
    return [data[i : i + HASH_BYTES] for i in range(0, len(data), HASH_BYTES)]
