"""A log's tree built range by range: what one range contributes, and how the ranges join. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from chain.proof.merkle import Frontier, levels
from chain.proof.tiles import TILE_HEIGHT, TILE_WIDTH

__all__ = ["RANGE", "RANGE_LEVEL", "Growing", "Part", "part_of"]

RANGE_LEVEL = 12
RANGE = 1 << RANGE_LEVEL
"""Leaves of one unit of work: a full subtree of sixteen tiles."""


@dataclass(frozen=True, slots=True)
class Part:
    """What the range from ``start`` adds to the tree.

    ``prefixes``: by size, the full subtrees of the leaves from ``start`` to it, the largest first. ``tiles``: the roots
    of the full tiles. ``whole``: the root of the range when it is full.
    """

    start: int
    prefixes: Mapping[int, tuple[bytes, ...]]
    tiles: tuple[bytes, ...]
    whole: bytes | None


def part_of(start: int, hashes: Sequence[bytes], sizes: Iterable[int]) -> Part:
    """Of at most RANGE leaf hashes from ``start`` on, a multiple of RANGE; each hash is made once."""
    rows = levels(hashes) if hashes else [[]]

    def prefix(count: int) -> tuple[bytes, ...]:
        nodes, done = [], 0
        for level in reversed(range(count.bit_length())):
            if count >> level & 1:
                nodes.append(rows[level][done >> level])
                done += 1 << level
        return tuple(nodes)

    wanted = {size: prefix(size - start) for size in sizes if start < size <= start + len(hashes)}
    full = len(hashes) // TILE_WIDTH
    tiles = tuple(rows[TILE_HEIGHT][:full]) if full else ()
    return Part(start, wanted, tiles, rows[RANGE_LEVEL][0] if len(hashes) == RANGE else None)


class Growing:
    """The tree so far, as a frontier over whole ranges. Once a range cannot be built, nothing behind it can."""

    def __init__(self, frontier: Frontier) -> None:
        """``frontier`` counts in ranges: its nodes are roots of full ranges."""
        self._ranges = frontier
        self._broken = False
        self._part: Part | None = None

    def take(self, part: Part | None) -> None:
        """The next range; None when its hashes are not complete."""
        if self._part is not None and self._part.whole is not None:
            self._ranges = self._ranges.append(self._part.whole)
        self._broken = self._broken or part is None
        self._part = part

    def frontier(self, size: int) -> Frontier | None:
        """Of the first ``size`` leaves, which end in the last range taken; None when it cannot be known."""
        if self._broken or self._part is None or size not in self._part.prefixes:
            return None
        nodes = self._part.prefixes[size]
        if size - self._part.start == RANGE:
            return Frontier(size, self._ranges.append(nodes[0]).nodes)
        return Frontier(size, self._ranges.nodes + nodes)
