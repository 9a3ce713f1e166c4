"""What we export, taken apart into what other libraries read: name of their reader in foreign.mjs -> cases."""

import json
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from chain.proof.canonical import JsonObject, canonical
from chain.proof.checkpoint import Checkpoint
from chain.proof.encoding import to_hex
from chain.proof.ethereum import BlockHeader
from chain.proof.forms import tlog_proof
from chain.proof.merkle import consistency_proof, leaf_hash, root_of
from chain.proof.note import Note, NoteSignature, SignatureType, VerifierKey, parse_note
from chain.proof.receipt import Anchor, Receipt
from chain.proof.trie import index_key, verify_trie_proof
from tests.vectors.generate import HERE

Cases = list[JsonObject]
_SECONDS_BYTES = 8


def load(name: str) -> Any:
    """A file of the committed vectors."""
    return json.loads((HERE / name).read_bytes())


def of_vectors() -> dict[str, Cases]:
    """The committed vectors."""
    records, merkle, notes, ethereum = (load(f"{name}.json") for name in ("records", "merkle", "notes", "ethereum"))
    small = merkle["small"]
    keys = [VerifierKey.parse(each["vkey"]) for each in notes["keys"]]
    heads = [each["note"] for each in notes["valid"] if each["kind"] == "checkpoint"]
    parsed = [parse_note(note) for note in heads]
    return {
        "checkpoints": [_checkpoint(note, key) for note, key in zip(heads, map(_log_key(keys), parsed), strict=True)],
        "cosignatures": [case for note in parsed for case in _cosignatures(note, keys)],
        "inclusions": [
            each | {"root": small["roots"][each["size"]], "leaf": to_hex(each["index"].to_bytes(4, "big"))}
            for each in small["inclusion"]
        ],
        "consistencies": [
            _consistency(each["old"], each["new"], small["roots"], each["proof"])
            for each in small["consistency"]
            if 0 < each["old"] < each["new"]
        ],
        "tries": [{"root": trie["root"], **entry} for trie in ethereum["tries"] for entry in trie["entries"]],
        "headers": ethereum["headers"],
        "canonical": [{"input": json.dumps(each["record"]), "output": each["canonical"]} for each in records["valid"]]
        + [{"input": each["input"], "output": each["canonical"]} for each in load("json.json")["valid"]],
    }


def of_receipts(receipts: Iterable[Receipt], keys: list[VerifierKey], document: JsonObject) -> dict[str, Cases]:
    """Receipts fresh from the service's own code, the log's and the witnesses' keys, and a record."""
    listed = list(receipts)
    notes = [parse_note(receipt.checkpoint) for receipt in listed]
    anchors = [receipt.anchor for receipt in listed if receipt.anchor]
    return {
        "checkpoints": [_checkpoint(note.format(), _log_key(keys)(note)) for note in notes],
        "cosignatures": [case for note in notes for case in _cosignatures(note, keys)],
        "inclusions": [_inclusion(receipt) for receipt in listed],
        "tlogProofs": [tlog_case(tlog_proof(receipt).text(), keys) for receipt in listed],
        "tries": [_trie(anchor) for anchor in anchors],
        "headers": [header_case(anchor.header) for anchor in anchors],
        "canonical": [{"input": json.dumps(document), "output": to_hex(canonical(document))}],
    }


def of_growth(leaves: list[bytes], sizes: list[int]) -> Cases:
    """Consistency from each size to the next of a log with these leaves."""
    hashes = [leaf_hash(leaf) for leaf in leaves]
    roots = {size: to_hex(root_of(hashes[:size])) for size in sizes}

    def node(level: int, index: int) -> bytes:
        return root_of(hashes[index << level : (index + 1) << level])

    return [
        _consistency(old, new, roots, [to_hex(each) for each in consistency_proof(old, new, node)])
        for old, new in pairwise(sizes)
    ]


def tlog_case(text: str, keys: list[VerifierKey]) -> JsonObject:
    """A tlog-proof and its log's key."""
    return {"text": text, "key": _key(_log_key(keys)(parse_note(text.partition("\n\n")[2])))}


def header_case(header: bytes) -> JsonObject:
    """A header and what we read in it."""
    found = BlockHeader.decode(header)
    return {
        "rlp": to_hex(header),
        "hash": to_hex(found.hash),
        "parent_hash": to_hex(found.parent_hash),
        "receipts_root": to_hex(found.receipts_root),
        "number": found.number,
        "timestamp": found.timestamp,
    }


def trie_case(root: bytes, index: int, proof: list[bytes]) -> JsonObject:
    """A transaction's receipt under the header's receipts root."""
    key = index_key(index)
    value = verify_trie_proof(root, key, proof)
    return {"root": to_hex(root), "key": to_hex(key), "value": to_hex(value), "proof": [to_hex(node) for node in proof]}


def _trie(anchor: Anchor) -> JsonObject:
    root = BlockHeader.decode(anchor.header).receipts_root
    return trie_case(root, anchor.transaction_index, list(anchor.receipt_proof))


def _inclusion(receipt: Receipt) -> JsonObject:
    head = Checkpoint.parse(parse_note(receipt.checkpoint).text)
    proof: JsonObject = {"index": receipt.index, "size": head.size, "proof": [to_hex(each) for each in receipt.proof]}
    return proof | {"root": to_hex(head.root), "leaf": to_hex(receipt.leaf)}


def _consistency(old: int, new: int, roots: Any, proof: list[str]) -> JsonObject:
    return {"old": old, "size": new, "old_root": roots[old], "root": roots[new], "proof": list(proof)}


def _checkpoint(note: str, key: VerifierKey) -> JsonObject:
    head = Checkpoint.parse(parse_note(note).text)
    return {"note": note, "key": _key(key), "origin": head.origin, "size": head.size, "root": to_hex(head.root)}


def _key(key: VerifierKey) -> JsonObject:
    return {"name": key.name, "key_id": to_hex(key.key_id), "public_key": to_hex(key.public)}


def _log_key(keys: list[VerifierKey]) -> Any:
    plain = [key for key in keys if key.type is SignatureType.ED25519]
    return lambda note: next(key for key in plain for line in note.signatures if _is_by(line, key))


def _cosignatures(note: Note, keys: list[VerifierKey]) -> Cases:
    return [
        {
            "text": note.text,
            "payload": to_hex(line.payload),
            "public_key": to_hex(key.public),
            "seconds": int.from_bytes(line.payload[:_SECONDS_BYTES], "big"),
        }
        for line in note.signatures
        for key in keys
        if key.type is SignatureType.COSIGNATURE and _is_by(line, key)
    ]


def _is_by(line: NoteSignature, key: VerifierKey) -> bool:
    return (line.name, line.key_id) == (key.name, key.key_id)
