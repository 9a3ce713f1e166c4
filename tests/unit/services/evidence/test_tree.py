"""Tiles grown step by step give the same tree as one built at once."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from chain.proof.hashing import sha256
from chain.proof.merkle import Frontier, root_of
from chain.proof.tiles import tile_nodes, tile_width
from services.evidence.tree import frontier_at, grow, split_hashes

Tiles = dict[tuple[int, int], bytes]
LEAVES = [sha256(number.to_bytes(4)) for number in range(70_000)]


def stored_in(tiles: Tiles) -> Callable[[int, int], bytes]:
    return lambda level, index: tiles.get((level, index), b"")


@given(steps=st.lists(st.integers(1, 700), min_size=1, max_size=8))
def test_tiles_grown_in_steps_are_those_of_the_whole_tree(steps: list[int]) -> None:
    tiles: Tiles = {}
    size = 0
    for step in steps:
        new = size + step
        tiles |= grow(size, new, LEAVES[size:new], stored_in(tiles))
        size = new
    assert tiles == grow(0, size, LEAVES[:size], lambda *_: b"")
    node = tile_nodes(lambda level, index: split_hashes(tiles[level, index]))
    assert frontier_at(size, node).root() == root_of(LEAVES[:size])
    assert frontier_at(size, node) == Frontier().extend(LEAVES[:size])


def test_three_levels_of_tiles_hold_the_roots_of_those_below() -> None:
    tiles: Tiles = {}
    for old, new in ((0, 255), (255, 65_535), (65_535, 65_536), (65_536, 70_000)):
        tiles |= grow(old, new, LEAVES[old:new], stored_in(tiles))
    assert split_hashes(tiles[2, 0]) == [root_of(LEAVES[:65_536])]
    assert split_hashes(tiles[1, 1])[0] == root_of(LEAVES[65_536 : 65_536 + 256])
    assert {place: len(data) // 32 for place, data in tiles.items()} == {
        (level, index): tile_width(level, index, 70_000) for level, index in tiles
    }
