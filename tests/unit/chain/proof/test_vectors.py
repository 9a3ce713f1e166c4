"""The committed vectors, read as a second implementation would read them."""

import json
from functools import cache, partial
from typing import Any

import pytest

from chain.proof.canonical import canonical, parse_json
from chain.proof.checkpoint import Acknowledgement, Checkpoint, HeaderAttestation, HeadStatement
from chain.proof.ed25519 import SigningKey, signature_holds
from chain.proof.encoding import from_hex
from chain.proof.errors import FormatError, ProofError
from chain.proof.ethereum import BlockHeader, decode_receipt, encode_header, encode_receipt, log_id
from chain.proof.hashing import keccak256, sha256
from chain.proof.leaf import Leaf
from chain.proof.merkle import Frontier, leaf_hash, root_of, verify_consistency, verify_inclusion
from chain.proof.note import VerifierKey, parse_note, verify_note
from chain.proof.possession import possession_holds, possession_message
from chain.proof.record import (
    Disclosure,
    Disclosures,
    check_record,
    commit,
    disclose,
    field_paths,
    submission_message,
    verify_disclosures,
)
from chain.proof.tiles import Tile, parse_tile_path, tile_path
from chain.proof.trie import EMPTY_ROOT, build_trie, verify_trie_proof
from chain.proof.trust import parse_trust
from chain.proof.verify import verify_files
from tests.vectors import public
from tests.vectors.generate import HERE, MANIFEST, main


@cache
def load(name: str) -> Any:
    return json.loads((HERE / name).read_bytes())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def raws(texts: list[str]) -> list[bytes]:
    return [raw(text) for text in texts]


def test_regenerating_the_vectors_gives_identical_bytes(tmp_path: Any) -> None:
    main(tmp_path)
    written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    assert written == {path.name: path.read_bytes() for path in HERE.glob("*.json")}


def test_manifest_holds_the_digest_of_every_vector_file() -> None:
    files = {path.name for path in HERE.glob("*.json")} - {MANIFEST}
    assert load(MANIFEST)["sha256"] == {name: sha256((HERE / name).read_bytes()).hex() for name in files}


def test_hashes_and_signatures_are_the_published_ones() -> None:
    vectors = load("hashes.json")
    assert all(sha256(raw(each["input"])) == raw(each["hash"]) for each in vectors["sha256"])
    assert all(keccak256(raw(each["input"])) == raw(each["hash"]) for each in vectors["keccak256"])
    for each, key, signature in zip(vectors["ed25519"], public.ED25519_KEYS, public.ED25519_SIGNATURES, strict=True):
        signer = SigningKey(raw(each["seed"]))
        assert signer.public == raw(each["public_key"]) == bytes.fromhex(key)
        assert signer.sign(raw(each["message"])) == raw(each["signature"]) == bytes.fromhex(signature)
        assert signature_holds(signer.public, raw(each["message"]), raw(each["signature"]))
    assert sha256(b"").hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert keccak256(b"").hex() == "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert raw(vectors["empty_trie_root"]) == EMPTY_ROOT
    assert EMPTY_ROOT.hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    for each in vectors["log_ids"]:
        assert log_id(each["origin"]) == raw(each["log_id"])


def test_valid_json_has_its_canonical_bytes() -> None:
    for each in load("json.json")["valid"]:
        assert canonical(parse_json(each["input"])) == raw(each["canonical"]), each["name"]


def test_invalid_json_is_refused_at_its_path() -> None:
    for each in load("json.json")["invalid"]:
        text = "".join(part * times for part, times in each["parts"])
        with pytest.raises(FormatError) as refusal:
            parse_json(text.encode())
        assert refusal.value.field == each["path"], each["name"]
    for each in load("json.json")["invalid_bytes"]:
        with pytest.raises(FormatError):
            parse_json(raw(each["input"]))


def test_published_canonical_forms_are_met() -> None:
    ordered = json.loads(canonical(parse_json(public.JCS_SORTING)))
    assert tuple(ordered.values()) == public.JCS_SORTED_VALUES
    assert canonical(parse_json(public.JCS_STRINGS)).decode() == public.JCS_STRINGS_CANONICAL


@pytest.mark.parametrize("index", range(3))
def test_record_has_its_commitment_disclosures_and_submission(index: int) -> None:
    vector = load("records.json")["valid"][index]
    record, secret, commitment = vector["record"], raw(vector["secret"]), raw(vector["commitment"])
    assert check_record(record) == record
    assert canonical(record) == raw(vector["canonical"])
    assert field_paths(record) == vector["paths"]
    assert commit(record, secret) == commitment
    items = tuple(
        Disclosure(each["path"], each["value"], raw(each["salt"]), each["index"], tuple(raws(each["proof"])))
        for each in vector["disclosures"]["items"]
    )
    shown = Disclosures(vector["disclosures"]["fields"], items)
    assert shown == disclose(record, secret, vector["paths"])
    verify_disclosures(shown, commitment)
    submission = vector["submission"]
    message = submission_message(submission["origin"], record)
    assert message == raw(submission["message"])
    assert signature_holds(raw(submission["public_key"]), message, raw(submission["signature"]))


def test_a_key_shows_that_it_is_held_by_its_own_signature_alone() -> None:
    vectors = load("keys.json")
    for each in vectors["valid"]:
        assert possession_message(each["role"], each["institution"], raw(each["public_key"])) == raw(each["message"])
    for each in (*vectors["valid"], *vectors["invalid"]):
        held = possession_holds(each["role"], each["institution"], raw(each["public_key"]), raw(each["possession"]))
        assert held is ("name" not in each), each


def test_broken_records_are_refused_at_their_path() -> None:
    for each in load("records.json")["invalid"]:
        with pytest.raises(FormatError) as refusal:
            check_record(each["record"])
        assert refusal.value.field == each["path"], each["name"]


def test_leaves_encode_and_decode_alike() -> None:
    for each in load("leaves.json")["valid"]:
        leaf = Leaf.decode(raw(each["leaf"]))
        assert leaf.encode() == raw(each["leaf"])
        assert leaf.hash() == raw(each["hash"])
        fields = (leaf.suite.label, leaf.record_type.name, leaf.phase.name.lower(), leaf.seq, leaf.accepted_at)
        assert fields == (each["suite"], each["type"], each["phase"], each["seq"], each["accepted_at"])
        assert (leaf.stream, leaf.previous, leaf.commitment) == tuple(
            raws([each["stream"], each["previous"], each["commitment"]])
        )
    for each in load("leaves.json")["invalid"]:
        with pytest.raises(FormatError) as refusal:
            Leaf.decode(raw(each["leaf"]))
        assert refusal.value.code == each["code"], each["name"]


def test_small_trees_have_their_roots_and_proofs() -> None:
    vectors = load("merkle.json")
    hashes = [leaf_hash(data) for data in raws(vectors["public"]["leaves"])]
    assert [root_of(hashes[:size]).hex() for size in range(9)] == list(public.CT_ROOTS)
    assert vectors["public"]["roots"] == [f"0x{root}" for root in public.CT_ROOTS]
    small = vectors["small"]
    leaves, roots = raws(small["leaf_hashes"]), raws(small["roots"])
    assert [root_of(leaves[:size]) for size in range(len(roots))] == roots
    for each in small["inclusion"]:
        verify_inclusion(leaves[each["index"]], each["index"], each["size"], raws(each["proof"]), roots[each["size"]])
    for each in small["consistency"]:
        old, new = each["old"], each["new"]
        verify_consistency(old, new, roots[old], roots[new], raws(each["proof"]))
    for encoded in raws(small["frontiers"]):
        frontier = Frontier.decode(encoded)
        assert frontier.encode() == encoded
        assert frontier.root() == roots[frontier.size]


def test_big_trees_have_their_proofs() -> None:
    for tree in load("merkle.json")["uniform"]:
        leaf, size, root = leaf_hash(raw(tree["leaf"])), tree["size"], raw(tree["root"])
        for each in tree["inclusion"]:
            verify_inclusion(leaf, each["index"], size, raws(each["proof"]), root)
        each = tree["consistency"]
        verify_consistency(each["old"], size, raw(each["old_root"]), root, raws(each["proof"]))


def test_broken_tree_proofs_are_refused_for_their_reason() -> None:
    for each in load("merkle.json")["invalid"]:
        proof, root = raws(each["proof"]), raw(each["root"])
        check = (
            partial(verify_inclusion, raw(each["leaf_hash"]), each["index"], each["size"], proof, root)
            if each["kind"] == "inclusion"
            else partial(verify_consistency, each["old"], each["new"], raw(each["old_root"]), root, proof)
        )
        with pytest.raises(ProofError) as refusal:
            check()
        assert refusal.value.code == each["code"], each["name"]


def test_tile_paths() -> None:
    for each in load("tiles.json")["valid"]:
        tile = Tile(each["level"], each["index"], each["width"])
        assert parse_tile_path(each["path"]) == tile
        assert tile_path(tile.level, tile.index, tile.width) == each["path"]
    for path in load("tiles.json")["invalid"]:
        with pytest.raises(FormatError):
            parse_tile_path(path)


STATEMENTS: dict[str, Any] = {
    "checkpoint": Checkpoint,
    "acknowledgement": Acknowledgement,
    "head_statement": HeadStatement,
    "header_attestation": HeaderAttestation,
}


def test_notes_verify_and_say_what_they_say() -> None:
    vectors = load("notes.json")
    keys = [VerifierKey.parse(each["vkey"]) for each in vectors["keys"]]
    for key, each in zip(keys, vectors["keys"], strict=True):
        assert (key.format(), key.name, int(key.type), key.public) == (
            each["vkey"],
            each["name"],
            each["type"],
            raw(each["public_key"]),
        )
    for each in vectors["valid"]:
        note = parse_note(each["note"])
        assert note.format() == each["note"]
        assert STATEMENTS[each["kind"]].parse(note.text).text() == note.text == each["text"]
        verified = verify_note(note, keys)
        assert len(verified) == len(note.signatures)
        assert [signature.time for signature in verified if signature.time is not None] == each["cosigned_at"]


def test_note_of_another_implementation_verifies() -> None:
    for each in load("notes.json")["public"]:
        assert len(verify_note(parse_note(each["note"]), [VerifierKey.parse(each["vkey"])])) == 1
    assert VerifierKey.parse(public.GO_KEY).format() == public.GO_KEY


def test_broken_notes_and_statements_are_refused() -> None:
    for each in load("notes.json")["invalid"]:
        with pytest.raises(FormatError):
            parse_note(each["note"])
    for each in load("notes.json")["invalid_texts"]:
        with pytest.raises(FormatError):
            STATEMENTS[each["kind"]].parse(each["text"])


def test_headers_receipts_and_tries() -> None:
    vectors = load("ethereum.json")
    for each in vectors["headers"]:
        header = BlockHeader.decode(raw(each["rlp"]))
        assert (header.number, header.timestamp) == (each["number"], each["timestamp"])
        assert [header.hash, header.parent_hash, header.receipts_root] == raws(
            [each["hash"], each["parent_hash"], each["receipts_root"]]
        )
    genesis = BlockHeader.decode(encode_header(public.MAINNET_GENESIS))
    assert genesis.hash == from_hex(public.MAINNET_GENESIS_HASH, "")
    for each in vectors["receipts"]:
        receipt = decode_receipt(raw(each["encoded"]))
        assert encode_receipt(receipt) == raw(each["encoded"])
        assert (receipt.type, receipt.status, len(receipt.logs)) == (each["type"], each["status"], len(each["logs"]))
    for each in vectors["tries"]:
        for entry in each["entries"]:
            value = verify_trie_proof(raw(each["root"]), raw(entry["key"]), raws(entry["proof"]))
            assert value == raw(entry["value"])
    for _, pairs, root in public.TRIES:
        assert build_trie([(key.encode(), value.encode()) for key, value in pairs.items()])[0].hex() == root


def test_good_receipts_have_their_verdicts() -> None:
    vectors = load("receipts.json")
    for each in vectors["receipts"]:
        for trust, verdict in each["verdicts"].items():
            assert verify_files(each["receipt"], vectors["trusts"][trust]).document() == verdict, each["name"]


def test_sample_policy_accepts_every_complete_receipt() -> None:
    outcomes = {
        each["name"]: each["verdicts"].get("default", {}).get("exit_code") for each in load("receipts.json")["receipts"]
    }
    assert outcomes["private"] == outcomes["public"] == outcomes["one field disclosed"] == 0
    assert outcomes["not yet anchored"] == 3


@pytest.mark.parametrize("vector", load("evil.json")["receipts"], ids=lambda vector: vector["name"])
def test_evil_receipt_fails_at_its_stage_for_its_reason(vector: Any) -> None:
    receipt = vector["receipt"] if "receipt" in vector else raw(vector["receipt_hex"])
    trust = load("evil.json")["trusts"][vector["trust"]]
    if vector["stage"] == "parse":
        with pytest.raises(FormatError):
            verify_files(receipt, trust)
        return
    verdict = verify_files(receipt, trust)
    assert (verdict.first_failure, verdict.stages[vector["stage"]].reason) == (vector["stage"], vector["reason"])
    assert verdict.exit_code == 1


def test_evil_vectors_have_different_names() -> None:
    names = [each["name"] for each in load("evil.json")["receipts"]]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("vector", load("evil.json")["invalid_trusts"], ids=lambda vector: vector["name"])
def test_broken_trust_file_is_refused(vector: Any) -> None:
    with pytest.raises(FormatError):
        parse_trust(vector["trust"])
