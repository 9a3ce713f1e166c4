"""Merkle-Patricia tries: proofs of one value, and tries built whole (Ethereum yellow paper, appendix D)."""

from collections.abc import Callable, Sequence
from typing import Any

import rlp

from chain.proof.errors import FormatError, ProofError
from chain.proof.hashing import keccak256
from chain.proof.rlpstrict import RlpItem, as_bytes, as_list, decode

MAX_NODES = 16
MAX_NODE = 262_144
EMPTY_ROOT = keccak256(b"\x80")
_HASH_BYTES = 32
_BRANCH, _PAIR = 17, 2
_FIELD = "receipt proof"
Nibbles = tuple[int, ...]
Items = list[tuple[Nibbles, bytes]]
Fetch = Callable[[bytes], bytes]
"""The RLP of the node with a hash."""


def index_key(index: int) -> bytes:
    """The key of a block's transaction or receipt: the RLP of its index."""
    key: bytes = rlp.encode(index)
    return key


def _nibbles(key: bytes) -> Nibbles:
    return tuple(nibble for byte in key for nibble in (byte >> 4, byte & 15))


def _pack(path: Nibbles, *, is_leaf: bool) -> bytes:
    """Hex-prefix encoding: a flag nibble tells leaf from extension and odd from even."""
    flag = 2 * is_leaf + len(path) % 2
    padded = (flag, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes(padded[i] << 4 | padded[i + 1] for i in range(0, len(padded), 2))


def _unpack(packed: bytes) -> tuple[Nibbles, bool]:
    nibbles = _nibbles(packed)
    if not nibbles or nibbles[0] > 3 or (nibbles[0] % 2 == 0 and nibbles[1] != 0):
        raise FormatError(_FIELD, "a path is not in hex-prefix form")
    return nibbles[1 if nibbles[0] % 2 else 2 :], nibbles[0] >= 2


def _lookup(root: bytes, key: bytes, fetch: Fetch) -> bytes:
    """The value at the key, reading nodes by their hashes."""
    remaining = _nibbles(key)
    node = as_list(decode(fetch(root), _FIELD, MAX_NODE), _FIELD)
    while True:
        child, rest, is_value = _step(node, remaining)
        if is_value:
            value = as_bytes(child, _FIELD)
            if not value:
                raise FormatError(_FIELD, "the key has no value")
            return value
        remaining = rest
        # A node shorter than a hash stands in its parent itself.
        node = child if isinstance(child, list) else _fetched(child, fetch)


def _fetched(reference: bytes, fetch: Fetch) -> list[RlpItem]:
    if not reference:
        raise FormatError(_FIELD, "the key is not in the trie")
    return as_list(decode(fetch(as_bytes(reference, _FIELD, _HASH_BYTES)), _FIELD, MAX_NODE), _FIELD)


def _step(node: list[RlpItem], remaining: Nibbles) -> tuple[RlpItem, Nibbles, bool]:
    """What the node holds for the remaining path, the path after it, and whether it is the value."""
    if len(node) == _BRANCH:
        return (node[remaining[0]], remaining[1:], False) if remaining else (node[-1], (), True)
    if len(node) != _PAIR:
        raise FormatError(_FIELD, "a node is neither branch nor pair")
    path, is_leaf = _unpack(as_bytes(node[0], _FIELD))
    if remaining[: len(path)] != path or (is_leaf and len(path) != len(remaining)):
        raise FormatError(_FIELD, "the key is not in the trie")
    return node[1], remaining[len(path) :], is_leaf


def verify_trie_proof(root: bytes, key: bytes, proof: Sequence[bytes]) -> bytes:
    """The value that the trie with this root holds at `key`.

    `proof` are the RLP nodes from the root on, each used once and none left over. Raises ProofError `receipt-proof`.
    """
    if len(proof) > MAX_NODES:
        raise ProofError("receipt-proof", f"{len(proof)} nodes are more than {MAX_NODES}")
    nodes = iter(proof)

    def fetch(digest: bytes) -> bytes:
        node = next(nodes, None)
        if node is None or keccak256(node) != digest:
            raise FormatError(_FIELD, "a node is missing or not the one its parent names")
        return node

    try:
        value = _lookup(root, key, fetch)
    except FormatError as error:
        raise ProofError("receipt-proof", error.reason) from error
    if next(nodes, None) is not None:
        raise ProofError("receipt-proof", "has nodes left over")
    return value


def build_trie(items: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, Callable[[bytes], list[bytes]]]:
    """The root of the trie over (key, value) pairs and a function that proves one key. No value is empty."""
    store: dict[bytes, bytes] = {}
    root = _seal(_build([(_nibbles(key), value) for key, value in items], 0, store), store) if items else EMPTY_ROOT

    def prove(key: bytes) -> list[bytes]:
        proof: list[bytes] = []

        def fetch(digest: bytes) -> bytes:
            proof.append(store[digest])
            return proof[-1]

        _lookup(root, key, fetch)
        return proof

    return root, prove


def _seal(node: list[Any], store: dict[bytes, bytes]) -> bytes:
    encoded: bytes = rlp.encode(node)
    digest = keccak256(encoded)
    store[digest] = encoded
    return digest


def _reference(node: list[Any], store: dict[bytes, bytes]) -> list[Any] | bytes:
    return node if len(rlp.encode(node)) < _HASH_BYTES else _seal(node, store)


def _build(items: Items, depth: int, store: dict[bytes, bytes]) -> list[Any]:
    """The node over items that agree in their first `depth` nibbles."""
    first = items[0][0]
    if len(items) == 1:
        return [_pack(first[depth:], is_leaf=True), items[0][1]]
    shared = depth
    while len(first) > shared and all(path[shared : shared + 1] == (first[shared],) for path, _ in items):
        shared += 1
    if shared > depth:
        return [_pack(first[depth:shared], is_leaf=False), _reference(_build(items, shared, store), store)]
    branch: list[Any] = [b""] * _BRANCH
    for nibble in range(16):
        below = [item for item in items if item[0][depth : depth + 1] == (nibble,)]
        if below:
            branch[nibble] = _reference(_build(below, depth + 1, store), store)
    branch[-1] = next((value for path, value in items if len(path) == depth), b"")
    return branch
