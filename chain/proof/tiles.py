"""C2SP tlog-tiles: where a tile is found, and how a tree's nodes are read from tiles.

Tile `level` L, index N holds the hashes of the 256 subtrees of 256**L leaves from subtree N * 256 on; the last one of a
level may be narrower.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from chain.proof.errors import FormatError, ProofError
from chain.proof.merkle import NodeAt, root_of

TILE_WIDTH = 256
TILE_HEIGHT = 8
MAX_LEVEL = 63 // TILE_HEIGHT
_PATH = re.compile(r"tile/(0|[1-9]|[1-5][0-9]|6[0-3])/((?:x[0-9]{3}/){0,6})([0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")


@dataclass(frozen=True, slots=True)
class Tile:
    """The place of a tile; `width` is 1 to 256 hashes."""

    level: int
    index: int
    width: int


def tile_path(level: int, index: int, width: int = TILE_WIDTH) -> str:
    """`tile/<L>/<N>[.p/<W>]`, N in groups of three digits with `x` before all but the last."""
    digits = f"{index:0{-(-len(str(index)) // 3) * 3}d}"
    groups = [digits[i : i + 3] for i in range(0, len(digits), 3)]
    name = "/".join([*(f"x{group}" for group in groups[:-1]), groups[-1]])
    return f"tile/{level}/{name}" + ("" if width == TILE_WIDTH else f".p/{width}")


def parse_tile_path(path: str) -> Tile:
    """The tile at the path. Raises FormatError for any other spelling than that of `tile_path`."""
    match = _PATH.fullmatch(path)
    if not match:
        raise FormatError("path", "is not the path of a tile")
    level, groups, last, width = match.groups()
    tile = Tile(int(level), int(groups.replace("x", "").replace("/", "") + last), int(width or TILE_WIDTH))
    if tile_path(tile.level, tile.index, tile.width) != path or tile.level > MAX_LEVEL:
        raise FormatError("path", "is not the path of a tile")
    return tile


def tile_width(level: int, index: int, size: int) -> int:
    """How many hashes of the tile exist in a tree of `size` leaves, 0 to 256."""
    return max(0, min(TILE_WIDTH, (size >> (level * TILE_HEIGHT)) - index * TILE_WIDTH))


def tiles_between(old: int, new: int) -> list[Tile]:
    """The tiles that appear or widen when a tree grows from `old` to `new` leaves, the lowest level first."""
    found = []
    for level in range(MAX_LEVEL + 1):
        before, after = old >> (level * TILE_HEIGHT), new >> (level * TILE_HEIGHT)
        if after > before:
            indexes = range(before // TILE_WIDTH, -(-after // TILE_WIDTH))
            found += [Tile(level, index, tile_width(level, index, new)) for index in indexes]
    return found


def tile_nodes(fetch: Callable[[int, int], Sequence[bytes]]) -> NodeAt:
    """Reads full subtrees from tiles, for `inclusion_proof` and `consistency_proof`.

    `fetch(level, index)` gives the hashes of a tile, as many as there are; each tile is fetched once.
    Raises ProofError `tile-short`.
    """
    seen: dict[tuple[int, int], Sequence[bytes]] = {}

    def node(level: int, index: int) -> bytes:
        tile_level, height = divmod(level, TILE_HEIGHT)
        tile_index, offset = divmod(index << height, TILE_WIDTH)
        place = (tile_level, tile_index)
        if place not in seen:
            seen[place] = fetch(*place)
        hashes = seen[place][offset : offset + (1 << height)]
        if len(hashes) != 1 << height:
            raise ProofError("tile-short", f"{tile_path(*place)} has no {offset + (1 << height)} hashes")
        return root_of(hashes)

    return node
