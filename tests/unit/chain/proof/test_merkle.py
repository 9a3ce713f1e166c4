"""The tree against a naive reference, and every damaged proof."""

from collections.abc import Callable, Iterable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import sha256
from chain.proof.merkle import (
    Frontier,
    consistency_proof,
    empty_root,
    inclusion_proof,
    leaf_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from chain.proof.tiles import TILE_WIDTH, Tile, tile_nodes, tile_width, tiles_between

LEAVES = [leaf_hash(index.to_bytes(4, "big")) for index in range(2_000)]
EXHAUSTIVE = 40


def naive_root(leaves: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:]))


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """RFC 9162 §2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(old: int, leaves: list[bytes], *, complete: bool) -> list[bytes]:
    """RFC 9162 §2.1.4.1, word for word."""
    if old == len(leaves):
        return [] if complete else [naive_root(leaves)]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    if old <= k:
        return [*naive_subproof(old, leaves[:k], complete=complete), naive_root(leaves[k:])]
    return [*naive_subproof(old - k, leaves[k:], complete=False), naive_root(leaves[:k])]


def node(level: int, index: int) -> bytes:
    return root_of(LEAVES[index << level : (index + 1) << level])


ROOTS = [naive_root(LEAVES[:size]) for size in range(EXHAUSTIVE + 1)]


def test_roots_of_small_trees_are_those_of_the_reference() -> None:
    frontier = Frontier()
    for size in range(EXHAUSTIVE + 1):
        assert root_of(LEAVES[:size]) == frontier.root() == ROOTS[size]
        assert frontier.size == size
        frontier = frontier.append(LEAVES[size])


def test_inclusion_proofs_of_small_trees_are_those_of_the_reference_and_fit_nothing_else() -> None:
    for size in range(1, EXHAUSTIVE + 1):
        for index in range(size):
            proof = inclusion_proof(index, size, node)
            assert proof == naive_path(index, LEAVES[:size])
            for other in range(size):
                if other == index:
                    verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])
                else:
                    with pytest.raises(ProofError):
                        verify_inclusion(LEAVES[index], other, size, proof, ROOTS[size])


def test_consistency_proofs_of_small_trees_are_those_of_the_reference_and_fit_nothing_else() -> None:
    for new in range(EXHAUSTIVE + 1):
        for old in range(new + 1):
            proof = consistency_proof(old, new, node)
            assert proof == (naive_subproof(old, LEAVES[:new], complete=True) if old else [])
            verify_consistency(old, new, ROOTS[old], ROOTS[new], proof)
            for other in range(1, new):
                if old not in (0, other, new):
                    with pytest.raises(ProofError):
                        verify_consistency(other, new, ROOTS[old], ROOTS[new], proof)


sizes = st.integers(2, 1_500)


@st.composite
def inclusions(draw: st.DrawFn) -> tuple[int, int]:
    size = draw(sizes)
    return draw(st.integers(0, size - 1)), size


@st.composite
def growths(draw: st.DrawFn) -> tuple[int, int]:
    new = draw(sizes)
    return draw(st.integers(1, new - 1)), new


ALL_BITS = range(256)


def damaged(proof: list[bytes], bits: Iterable[int]) -> list[list[bytes]]:
    """The proof with each of the bits flipped in each hash, and with each hash removed, doubled, moved or added."""
    variants = [[*proof, bytes(32)], [bytes(32), *proof]]
    for place, each in enumerate(proof):
        rest = proof[place + 1 :]
        for bit in bits:
            flipped = (int.from_bytes(each, "big") ^ (1 << bit)).to_bytes(32, "big")
            variants.append([*proof[:place], flipped, *rest])
        variants += [[*proof[:place], *rest], [*proof[:place], each, each, *rest]]
        if rest:
            variants.append([*proof[:place], rest[0], each, *rest[1:]])
    return variants


def assert_all_refused(variants: list[list[bytes]], check: Callable[[list[bytes]], None]) -> None:
    for variant in variants:
        with pytest.raises(ProofError):
            check(variant)


def check_inclusion(index: int, size: int, proof: list[bytes]) -> None:
    verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("size", [1, 2, 7, 8, 13])
def test_every_single_bit_of_every_proof_of_a_small_tree_counts(size: int) -> None:
    for index in range(size):
        proof = inclusion_proof(index, size, node)
        assert_all_refused(damaged(proof, ALL_BITS), partial(check_inclusion, index, size))
    for old in range(1, size):
        proof = consistency_proof(old, size, node)
        grown = partial(verify_consistency, old, size, ROOTS[old], ROOTS[size])
        assert_all_refused(damaged(proof, ALL_BITS), grown)


@given(inclusions(), st.integers(0, 255))
def test_every_damage_to_an_inclusion_proof_is_refused(place: tuple[int, int], bit: int) -> None:
    index, size = place
    root, proof = root_of(LEAVES[:size]), inclusion_proof(index, size, node)
    verify_inclusion(LEAVES[index], index, size, proof, root)
    assert_all_refused(
        damaged(proof, [bit]), lambda variant: verify_inclusion(LEAVES[index], index, size, variant, root)
    )
    with pytest.raises(ProofError):
        verify_inclusion(sha256(LEAVES[index]), index, size, proof, root)


@given(growths(), st.integers(0, 255))
def test_every_damage_to_a_consistency_proof_is_refused(growth: tuple[int, int], bit: int) -> None:
    old, new = growth
    old_root, root = root_of(LEAVES[:old]), root_of(LEAVES[:new])
    proof = consistency_proof(old, new, node)
    verify_consistency(old, new, old_root, root, proof)
    assert_all_refused(damaged(proof, [bit]), lambda variant: verify_consistency(old, new, old_root, root, variant))
    for wrong in (root, sha256(old_root)):
        with pytest.raises(ProofError):
            verify_consistency(old, new, wrong, root, proof)
    with pytest.raises(ProofError):
        verify_consistency(old, new, old_root, sha256(root), proof)


@given(st.lists(st.integers(0, 300), min_size=1, max_size=5))
def test_frontier_grown_in_any_steps_is_the_same_and_survives_its_encoding(steps: list[int]) -> None:
    frontier, size = Frontier(), 0
    for step in steps:
        frontier = Frontier.decode(frontier.encode()).extend(LEAVES[size : size + step])
        size += step
    assert frontier == Frontier().extend(LEAVES[:size])
    assert frontier.root() == root_of(LEAVES[:size])


@pytest.mark.parametrize("data", [b"", bytes(7), bytes(9), b"\0" * 7 + b"\x01", b"\0" * 7 + b"\x03" + bytes(32)])
def test_frontier_of_impossible_length_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        Frontier.decode(data)


@pytest.mark.parametrize(("old", "new"), [(-1, 1), (2, 1), (1, 2**64)])
def test_sizes_that_no_log_can_have_are_refused(old: int, new: int) -> None:
    with pytest.raises(ProofError, match="size-range"):
        consistency_proof(old, new, node)
    with pytest.raises(ProofError, match="size-range"):
        verify_consistency(old, new, empty_root(), empty_root(), [])


def stored_tiles(size: int) -> dict[tuple[int, int], list[bytes]]:
    stored: dict[tuple[int, int], list[bytes]] = {}
    for tile in tiles_between(0, size):
        first = tile.index * TILE_WIDTH
        stored[tile.level, tile.index] = [node(tile.level * 8, i) for i in range(first, first + tile.width)]
    return stored


@given(growths())
def test_proofs_read_from_tiles_are_those_read_from_leaves(growth: tuple[int, int]) -> None:
    old, new = growth
    stored = stored_tiles(new)
    read = tile_nodes(lambda level, index: stored[level, index])
    assert consistency_proof(old, new, read) == consistency_proof(old, new, node)
    assert inclusion_proof(old, new, read) == inclusion_proof(old, new, node)


@given(growths())
def test_tiles_of_a_growth_are_those_that_changed(growth: tuple[int, int]) -> None:
    old, new = growth
    before, after = stored_tiles(old), stored_tiles(new)
    changed = {place for place, hashes in after.items() if before.get(place) != hashes}
    tiles = tiles_between(old, new)
    assert {(tile.level, tile.index) for tile in tiles} == changed
    assert all(len(after[tile.level, tile.index]) == tile.width for tile in tiles)
    assert tiles_between(new, new) == []


def test_width_of_a_tile_follows_the_size() -> None:
    assert [tile_width(0, 1, size) for size in (0, 256, 257, 512, 9_999)] == [0, 0, 1, 256, 256]
    assert tile_width(1, 0, 65_535) == 255
    assert tiles_between(255, 256) == [Tile(0, 0, 256), Tile(1, 0, 1)]


def test_tile_that_is_too_short_is_named() -> None:
    read = tile_nodes(lambda *_: LEAVES[:3])
    assert read(1, 0) == root_of(LEAVES[:2])
    with pytest.raises(ProofError, match=r"tile/0/000 has no 4 hashes"):
        read(1, 1)
