"""A tree built range by range is the tree built at once, at every size."""

from hypothesis import given
from hypothesis import strategies as st

from chain.proof.hashing import sha256
from chain.proof.merkle import Frontier, levels
from chain.proof.tiles import TILE_HEIGHT
from services.evidence.fsck.tree import RANGE, Growing, part_of

HASHES = [sha256(index.to_bytes(4)) for index in range(3 * RANGE + 700)]


@given(st.sets(st.integers(1, len(HASHES)), min_size=1, max_size=6))
def test_the_frontier_at_any_size_is_that_of_the_leaves(sizes: set[int]) -> None:
    tree = Growing(Frontier())
    for start in range(0, len(HASHES), RANGE):
        tree.take(part_of(start, HASHES[start : start + RANGE], sizes))
        for size in sizes:
            if start < size <= start + RANGE:
                assert tree.frontier(size) == Frontier().extend(HASHES[:size])


def test_sizes_at_the_ends_of_ranges_are_heads_as_well() -> None:
    tree = Growing(Frontier())
    for start in range(0, 2 * RANGE, RANGE):
        tree.take(part_of(start, HASHES[start : start + RANGE], [start + RANGE]))
        assert tree.frontier(start + RANGE) == Frontier().extend(HASHES[: start + RANGE])


def test_a_part_knows_the_roots_of_its_full_tiles() -> None:
    part = part_of(0, HASHES[:700], [])
    assert list(part.tiles) == levels(HASHES[:512])[TILE_HEIGHT]
    assert part.whole is None


def test_behind_a_range_that_cannot_be_built_no_head_is_known() -> None:
    tree = Growing(Frontier())
    tree.take(part_of(0, HASHES[:RANGE], [RANGE]))
    tree.take(None)
    tree.take(part_of(2 * RANGE, HASHES[2 * RANGE : 3 * RANGE], [3 * RANGE]))
    assert tree.frontier(3 * RANGE) is None
