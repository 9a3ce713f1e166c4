"""The RFC 9162 §2.1 Merkle tree: roots, a frontier that grows, proofs and their verification.

Hashes are 32 bytes. A proof is a list of hashes from the leaf upwards. Logs are SHA-256; the tree over a record's
fields has the same shape with the suite's hash, hence the parameter `combine`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from chain.proof.encoding import U64_MAX
from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import sha256

HASH_BYTES = 32
MAX_PROOF = 64
Combine = Callable[[bytes, bytes], bytes]
NodeAt = Callable[[int, int], bytes]
"""(level, i) -> hash of the full subtree over the 2**level leaves from i * 2**level on."""


def empty_root() -> bytes:
    """The root at size 0: the hash of nothing."""
    return sha256(b"")


def leaf_hash(data: bytes) -> bytes:
    """RFC 9162 hash of a leaf's bytes."""
    return sha256(b"\x00" + data)


def node_hash(left: bytes, right: bytes) -> bytes:
    """RFC 9162 hash of two subtrees."""
    return sha256(b"\x01" + left + right)


def levels(hashes: Sequence[bytes], combine: Combine = node_hash) -> list[list[bytes]]:
    """All rows of the tree, from the leaf hashes (at least one) to the root.

    A lone right-most node is promoted, never duplicated.
    """
    rows = [list(hashes)]
    while len(row := rows[-1]) > 1:
        rows.append([combine(row[i], row[i + 1]) for i in range(0, len(row) - 1, 2)] + row[len(row) & ~1 :])
    return rows


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    return levels(hashes)[-1][0] if hashes else empty_root()


@dataclass(frozen=True, slots=True)
class Frontier:
    """All that is needed to grow a tree: its size and the roots of its full subtrees, the largest first. Immutable."""

    size: int = 0
    nodes: tuple[bytes, ...] = ()

    def append(self, leaf: bytes) -> "Frontier":
        """The frontier with one more leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> "Frontier":
        """The frontier with more leaf hashes, in order."""
        size, nodes = self.size, list(self.nodes)
        for leaf in leaves:
            node, carry = leaf, size
            while carry & 1:
                node = node_hash(nodes.pop(), node)
                carry >>= 1
            nodes.append(node)
            size += 1
        return Frontier(size, tuple(nodes))

    def root(self) -> bytes:
        """The root of the tree."""
        return _fold(self.nodes) if self.nodes else empty_root()

    def encode(self) -> bytes:
        """u64 size ‖ nodes."""
        return self.size.to_bytes(8, "big") + b"".join(self.nodes)

    @classmethod
    def decode(cls, data: bytes) -> "Frontier":
        """The frontier of its encoding. Raises FormatError when the length does not fit the size."""
        size = int.from_bytes(data[:8], "big")
        if len(data) != 8 + HASH_BYTES * size.bit_count():
            raise FormatError("frontier", "length does not fit the size")
        return cls(size, tuple(data[i : i + HASH_BYTES] for i in range(8, len(data), HASH_BYTES)))


def _fold(subtrees: Sequence[bytes]) -> bytes:
    """Joins neighbouring subtrees, from the right, as RFC 9162 does at the ragged edge."""
    root = subtrees[-1]
    for left in reversed(subtrees[:-1]):
        root = node_hash(left, root)
    return root


def _range_root(start: int, end: int, node: NodeAt) -> bytes:
    """Root over leaves [start, end), where `start` is a multiple of the largest power of two within the length."""
    subtrees = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append(node(level, start >> level))
        start += 1 << level
    return _fold(subtrees)


def root_at(size: int, node: NodeAt) -> bytes:
    """The root of the first `size` leaves of a tree that has at least as many."""
    return _range_root(0, size, node) if size else empty_root()


def _split(size: int) -> int:
    """The largest power of two smaller than `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def inclusion_proof(index: int, size: int, node: NodeAt) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves (RFC 9162 §2.1.3.1). Raises `index-range`."""
    _check_index(index, size)
    start, end = 0, size
    proof: list[bytes] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: NodeAt) -> list[bytes]:
    """The proof that the tree of `new` leaves extends that of `old` (RFC 9162 §2.1.4.1).

    It is empty when `old` is 0 or `new`. Raises ProofError `size-range`.
    """
    _check_sizes(old, new)
    if old in (0, new):
        return []
    start, end = 0, new
    proof: list[bytes] = []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_root(middle, end, node))
            end = middle
        else:
            proof.append(_range_root(start, middle, node))
            start = middle
    if start:
        proof.append(_range_root(start, end, node))
    return proof[::-1]


def _check_index(index: int, size: int) -> None:
    if not 0 <= index < size <= U64_MAX:
        raise ProofError("index-range", f"index {index} is not in a tree of {size} leaves")


def _check_sizes(old: int, new: int) -> None:
    if not 0 <= old <= new <= U64_MAX:
        raise ProofError("size-range", f"a tree of {new} leaves does not extend one of {old}")


def _check_proof(proof: Sequence[bytes]) -> None:
    if len(proof) > MAX_PROOF:
        raise ProofError("proof-length", f"{len(proof)} hashes are more than {MAX_PROOF}")
    if any(len(each) != HASH_BYTES for each in proof):
        raise ProofError("proof-hash", f"a hash is not {HASH_BYTES} bytes")


def _climb(position: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The siblings on the way up from `position` in a row that ends at `last`, and whether each is on the left."""
    for sibling in proof:
        if last == 0:
            raise ProofError("proof-length", "the proof is longer than the tree is high")
        on_left = bool(position & 1) or position == last
        if on_left:
            # A lone right-most node was promoted through rows in which it has no sibling.
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        yield sibling, on_left
        position, last = position >> 1, last >> 1
    if last:
        raise ProofError("proof-length", "the proof ends below the root")


def root_from_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], *, combine: Combine = node_hash
) -> bytes:
    """The root that the proof leads to (RFC 9162 §2.1.3.2). Raises ProofError when index or lengths cannot be right."""
    _check_index(index, size)
    _check_proof(proof)
    root = leaf
    for sibling, on_left in _climb(index, size - 1, proof):
        root = combine(sibling, root) if on_left else combine(root, sibling)
    return root


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises ProofError unless the proof leads from the leaf hash at `index` to the root over `size` leaves."""
    if root_from_inclusion(leaf, index, size, proof) != root:
        raise ProofError("root-mismatch", "the proof leads to another root")


def verify_consistency(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    """Raises ProofError unless the tree (`new`, `new_root`) extends (`old`, `old_root`) (RFC 9162 §2.1.4.2)."""
    _check_sizes(old, new)
    _check_proof(proof)
    if old in (0, new):
        _verify_trivial(old, new, old_root, new_root, proof)
        return
    # A full old tree is itself a node of the new one and so left out of the proof.
    nodes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not nodes:
        raise ProofError("proof-length", "the proof is empty")
    position, last = old - 1, new - 1
    while position & 1:
        position, last = position >> 1, last >> 1
    old_side = new_side = nodes[0]
    for sibling, on_left in _climb(position, last, nodes[1:]):
        if on_left:
            old_side, new_side = node_hash(sibling, old_side), node_hash(sibling, new_side)
        else:
            new_side = node_hash(new_side, sibling)
    if old_side != old_root:
        raise ProofError("old-root-mismatch", "the proof leads to another old root")
    if new_side != new_root:
        raise ProofError("root-mismatch", "the proof leads to another root")


def _verify_trivial(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> None:
    if proof:
        raise ProofError("proof-length", "the proof must be empty")
    if old == 0 and old_root != empty_root():
        raise ProofError("old-root-mismatch", "the root at size 0 is the hash of nothing")
    if old == new and old_root != new_root:
        raise ProofError("root-mismatch", "two roots at one size")
