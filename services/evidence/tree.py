"""A log's tree as the database has it: nodes from hash tiles, from the leaves where no tile is sealed yet."""

from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from chain.proof.merkle import HASH_BYTES, Frontier, NodeAt, root_of
from chain.proof.tiles import TILE_HEIGHT, TILE_WIDTH, Tile, tile_nodes, tiles_between
from services.evidence import repository

__all__ = ["Tree", "frontier_at", "grow", "split_hashes"]


def split_hashes(data: bytes) -> list[bytes]:
    """The 32-byte hashes of a tile."""
    return [data[start : start + HASH_BYTES] for start in range(0, len(data), HASH_BYTES)]


def frontier_at(size: int, node: NodeAt) -> Frontier:
    """The frontier of the tree's first ``size`` leaves."""
    nodes, start = [], 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            nodes.append(node(level, start >> level))
            start += 1 << level
    return Frontier(size, tuple(nodes))


class Tree:
    """Reads one log within one session; each tile is fetched once.

    ``node`` serves the proofs of ``chain.proof.merkle``.
    """

    def __init__(self, session: Session, log_id: str) -> None:
        self._session = session
        self._log_id = log_id
        self._from_tiles = tile_nodes(self._fetch)

    def node(self, level: int, index: int) -> bytes:
        """Hash of the full subtree over 2**level leaves from index * 2**level on. ProofError ``leaf-missing``."""
        try:
            return self._from_tiles(level, index)
        except ProofError as error:
            if error.code != "tile-short":
                raise
        return self._from_leaves(level, index)

    def root(self, size: int) -> bytes:
        """The root of the first ``size`` leaves."""
        return frontier_at(size, self.node).root()

    def _fetch(self, level: int, index: int) -> Sequence[bytes]:
        return split_hashes(repository.tile(self._session, self._log_id, level, index) or b"")

    def _from_leaves(self, level: int, index: int) -> bytes:
        start, end = index << level, (index + 1) << level
        hashes = repository.leaf_hashes(self._session, self._log_id, start, end)
        if len(hashes) != end - start:
            raise ProofError("leaf-missing", f"of the leaves {start} to {end - 1} only {len(hashes)} are there")
        return root_of(hashes)


def grow(
    old: int, new: int, leaves: Sequence[bytes], stored: Callable[[int, int], bytes]
) -> dict[tuple[int, int], bytes]:
    """The tiles that appear or widen from ``old`` to ``new`` leaves, by (level, index).

    ``leaves`` are the hashes from ``old`` to ``new``; ``stored(level, index)`` gives what a tile held before, empty
    when it is new.
    """
    changed: dict[tuple[int, int], bytes] = {}

    def added(tile: Tile, first: int, end: int) -> bytes:
        if tile.level == 0:
            return b"".join(leaves[first - old : end - old])
        return b"".join(root_of(split_hashes(changed[tile.level - 1, child])) for child in range(first, end))

    for tile in tiles_between(old, new):
        start = tile.index * TILE_WIDTH
        first = max(start, old >> (tile.level * TILE_HEIGHT))
        before = stored(tile.level, tile.index)[: (first - start) * HASH_BYTES] if first > start else b""
        changed[tile.level, tile.index] = before + added(tile, first, start + tile.width)
    return changed
