"""Golden vectors of the log and the chain: trees, tiles, notes, headers, tries."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from chain.proof.canonical import INTEGER_MAX, JsonObject, JsonValue
from chain.proof.checkpoint import Acknowledgement, Checkpoint, HeadStatement
from chain.proof.encoding import to_base64, to_hex
from chain.proof.ethereum import BlockHeader, decode_receipt, encode_header
from chain.proof.merkle import (
    Frontier,
    NodeAt,
    consistency_proof,
    empty_root,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
)
from chain.proof.note import parse_note, sign_note
from chain.proof.tiles import tile_path
from chain.proof.trie import build_trie, index_key
from tests.vectors import public
from tests.vectors.golden import hex_list
from tests.vectors.world import (
    ACCEPTED_AT,
    AUDITOR,
    BLOCK_TIME,
    COSIGNED_AT,
    LOG,
    ORIGIN,
    REGULATOR,
    REGULATOR_PLAIN,
    World,
    fixed,
    make_block,
    transaction_receipt,
)

SMALL = 70
HUGE_SIZES = (1_000_003, 2**32 + 1, 2**40 - 1, INTEGER_MAX)


def small_hash(index: int) -> bytes:
    """Leaf hash of the small tree: its leaves are u32 indexes."""
    return leaf_hash(index.to_bytes(4, "big"))


def small_node(level: int, index: int) -> bytes:
    return root_of([small_hash(i) for i in range(index << level, (index + 1) << level)])


def uniform_nodes() -> NodeAt:
    """A tree of any size whose leaves are all empty: every full subtree of a level has one hash."""
    by_level = [leaf_hash(b"")]
    for _ in range(64):
        by_level.append(node_hash(by_level[-1], by_level[-1]))
    return lambda level, _: by_level[level]


def uniform_root(size: int) -> bytes:
    node = uniform_nodes()
    nodes = tuple(node(level, 0) for level in reversed(range(size.bit_length())) if size >> level & 1)
    return Frontier(size, nodes).root()


def merkle() -> JsonObject:
    hashes = [small_hash(index) for index in range(SMALL)]
    roots = [root_of(hashes[:size]) for size in range(SMALL + 1)]
    inclusion: list[JsonValue] = []
    consistency: list[JsonValue] = []
    for size in range(1, SMALL + 1):
        for index in sorted({0, size // 2, size - 1}):
            proof = inclusion_proof(index, size, small_node)
            inclusion.append({"index": index, "size": size, "proof": hex_list(proof)})
        for old in sorted({0, 1, size // 2, size - 1, size, 1 << (size.bit_length() - 1)}):
            proof = consistency_proof(old, size, small_node)
            consistency.append({"old": old, "new": size, "proof": hex_list(proof)})
    return {
        "public": {"leaves": [f"0x{data}" for data in public.CT_INPUTS], "roots": [f"0x{r}" for r in public.CT_ROOTS]},
        "small": {
            "leaf_hashes": hex_list(hashes),
            "roots": hex_list(roots),
            "inclusion": inclusion,
            "consistency": consistency,
            "frontiers": [to_hex(Frontier().extend(hashes[:size]).encode()) for size in (0, 1, 2, 3, 64, SMALL)],
        },
        "uniform": [_uniform(size) for size in HUGE_SIZES],
        "invalid": [*bad_proofs(hashes, roots)],
    }


def _uniform(size: int) -> JsonObject:
    node, old = uniform_nodes(), size // 3
    return {
        "leaf": "0x",
        "size": size,
        "root": to_hex(uniform_root(size)),
        "inclusion": [
            {"index": index, "proof": hex_list(inclusion_proof(index, size, node))} for index in (0, old, size - 1)
        ],
        "consistency": {
            "old": old,
            "old_root": to_hex(uniform_root(old)),
            "proof": hex_list(consistency_proof(old, size, node)),
        },
    }


Mutation = tuple[str, str, Callable[[list[bytes]], list[bytes]]]
MUTATIONS: tuple[Mutation, ...] = (
    ("first hash missing", "proof-length", lambda proof: proof[1:]),
    ("last hash missing", "proof-length", lambda proof: proof[:-1]),
    ("one hash too many", "proof-length", lambda proof: [*proof, bytes(32)]),
    ("65 hashes", "proof-length", lambda _: [bytes(32)] * 65),
    ("two hashes swapped", "root-mismatch", lambda proof: [proof[1], proof[0], *proof[2:]]),
    ("one bit flipped", "root-mismatch", lambda proof: [*proof[:-1], bytes((proof[-1][0] ^ 1,)) + proof[-1][1:]]),
    ("31-byte hash", "proof-hash", lambda proof: [proof[0][:31], *proof[1:]]),
    ("33-byte hash", "proof-hash", lambda proof: [proof[0] + b"\0", *proof[1:]]),
)


def bad_proofs(hashes: list[bytes], roots: list[bytes]) -> Iterator[JsonObject]:
    """Proofs that must be refused, each with its code."""
    size, index, old = SMALL, 37, 45
    good = inclusion_proof(index, size, small_node)
    base: JsonObject = {"kind": "inclusion", "index": index, "size": size, "root": to_hex(roots[size])}
    base["leaf_hash"] = to_hex(hashes[index])
    for name, code, change in MUTATIONS:
        yield base | {"name": f"inclusion: {name}", "code": code, "proof": hex_list(change(good))}
    moved: tuple[tuple[str, str, int, int], ...] = (
        ("index of a neighbour", "root-mismatch", index + 1, size),
        ("index beyond the tree", "index-range", size, size),
        ("empty tree", "index-range", 0, 0),
        ("size of another height", "proof-length", index, 40),
    )
    for name, code, place, total in moved:
        yield base | {
            "name": f"inclusion: {name}",
            "code": code,
            "index": place,
            "size": total,
            "proof": hex_list(good),
        }
    good = consistency_proof(old, size, small_node)
    base = {"kind": "consistency", "old": old, "new": size, "old_root": to_hex(roots[old]), "root": to_hex(roots[size])}
    for name, code, change in MUTATIONS:
        real = "old-root-mismatch" if code == "root-mismatch" and "swapped" in name else code
        yield base | {"name": f"consistency: {name}", "code": real, "proof": hex_list(change(good))}
    changed: tuple[tuple[str, str, JsonObject], ...] = (
        ("old root of another size", "old-root-mismatch", {"old_root": to_hex(roots[old - 1])}),
        ("new root of another size", "root-mismatch", {"root": to_hex(roots[size - 1])}),
        ("shrinking", "size-range", {"old": size, "new": old}),
        ("from nothing with a proof", "proof-length", {"old": 0, "old_root": to_hex(empty_root())}),
    )
    for name, code, change_of in changed:
        yield base | {"name": f"consistency: {name}", "code": code, "proof": hex_list(good)} | change_of
    for name, code, values in (
        ("from nothing with another empty root", "old-root-mismatch", (0, size, roots[1], roots[size])),
        ("two roots at one size", "root-mismatch", (size, size, roots[1], roots[size])),
        ("no proof", "proof-length", (old, size, roots[old], roots[size])),
        ("no proof from a power of two", "proof-length", (64, size, roots[64], roots[size])),
    ):
        before, after, old_root, root = values
        parts: JsonObject = {"old": before, "new": after, "old_root": to_hex(old_root), "root": to_hex(root)}
        parts |= {"kind": "consistency", "name": f"consistency: {name}", "code": code, "proof": []}
        yield parts


def tiles() -> JsonObject:
    places = ((0, 0, 256), (0, 1, 12), (0, 999, 256), (1, 1000, 1), (0, 1_234_067, 256), (3, 5, 255), (7, 0, 1))
    valid: list[JsonValue] = [
        {"path": tile_path(*place), "level": place[0], "index": place[1], "width": place[2]} for place in places
    ]
    invalid: list[JsonValue] = [
        "tile/0/0",
        "tile/0/0000",
        "tile/0/x000/001",
        "tile/00/001",
        "tile/8/000",
        "tile/64/000",
        "tile/0/001.p/0",
        "tile/0/001.p/256",
        "tile/0/001.p/01",
        "tile/0/1000",
        "tile/0/x001/x002",
        "tile/0/001/",
        "/tile/0/001",
        "tile/-1/001",
        "tile/0/00a",
        "tile/0/٠٠١",
        "tile/0/001\n",
    ]
    return {"valid": valid, "invalid": invalid}


def notes() -> JsonObject:
    world = World()
    ack = Acknowledgement(ORIGIN, 5, 1, fixed("leaf hash"), ACCEPTED_AT, ACCEPTED_AT + 15_000)
    statement = HeadStatement(ORIGIN, fixed("nonce").hex(), 11, fixed("root"))
    unseen = HeadStatement(ORIGIN, fixed("nonce").hex(), 0, empty_root())
    empty = Checkpoint(ORIGIN, 0, empty_root())
    valid: list[JsonValue] = [
        _note("checkpoint", sign_note(empty.text(), LOG), []),
        _note("checkpoint", world.note(), [COSIGNED_AT, COSIGNED_AT + 2]),
        _note("acknowledgement", sign_note(ack.text(), LOG), []),
        _note("head_statement", sign_note(statement.text(), REGULATOR_PLAIN), []),
        _note("head_statement", sign_note(unseen.text(), REGULATOR_PLAIN), []),
        _note("header_attestation", world.attestations()[0], []),
    ]
    keys = (LOG.key, REGULATOR.key, AUDITOR.key, REGULATOR_PLAIN.key)
    vkeys: list[JsonValue] = [
        {"vkey": key.format(), "name": key.name, "type": int(key.type), "public_key": to_hex(key.public)}
        for key in keys
    ]
    foreign: list[JsonValue] = [{"vkey": public.NOTE_KEY, "note": public.NOTE}]
    invalid: list[JsonValue] = [{"name": name, "note": note} for name, note in bad_notes()]
    bad_texts: list[JsonValue] = [{"name": name, "kind": kind, "text": text} for name, kind, text in bad_statements()]
    return {"keys": vkeys, "public": foreign, "valid": valid, "invalid": invalid, "invalid_texts": bad_texts}


def _note(kind: str, note: str, times: list[JsonValue]) -> JsonObject:
    return {"kind": kind, "note": note, "text": parse_note(note).text, "cosigned_at": times}


def bad_notes() -> Iterator[tuple[str, str]]:
    """Notes whose form is refused, whoever signed them."""
    good = sign_note(World().head().text(), LOG)
    text, _, line = good.rpartition("\n\n")
    encoded = line.split(" ")[2].rstrip("\n")
    yield "no blank line", f"{text}\n{line}"
    yield "no signature", f"{text}\n\n"
    yield "no newline at the end", good[:-1]
    yield "carriage return", good.replace("\n", "\r\n")
    yield "tabulator", good.replace("\n", "\t\n", 1)
    yield "hyphen for the dash", good.replace("— ", "- ")
    yield "name missing", good.replace(f"— {ORIGIN} ", "—  ")
    yield "plus sign in the name", good.replace(f"— {ORIGIN} ", f"— {ORIGIN}+ ")
    yield "no-break space in the name", good.replace(f"— {ORIGIN} ", f"— {ORIGIN}\u00a0 ")
    yield "URL-safe Base64", f"{text}\n\n— {ORIGIN} -_-_-_-_\n"
    yield "unpadded Base64", good.replace(encoded, encoded.rstrip("="))
    yield "unused bits in Base64", f"{text}\n\n— {ORIGIN} AAAAAAB=\n"
    yield "trailing space", good[:-1] + " \n"
    yield "only a key id", f"{text}\n\n— {ORIGIN} {to_base64(bytes(4))}\n"
    yield "65 signatures", good + line * 64
    yield "too long", "a" * 65_536 + good


def bad_statements() -> Iterator[tuple[str, str, str]]:
    """Texts that are no statement of their kind."""
    head = Checkpoint(ORIGIN, 11, fixed("root"))
    good = head.text()
    yield "extension line", "checkpoint", good + "extra\n"
    yield "leading zero", "checkpoint", good.replace("\n11\n", "\n011\n")
    yield "negative size", "checkpoint", good.replace("\n11\n", "\n-1\n")
    yield "size of 2^64", "checkpoint", good.replace("\n11\n", f"\n{2**64}\n")
    yield "Arabic digits", "checkpoint", good.replace("\n11\n", "\n١١\n")
    yield "short root", "checkpoint", f"{ORIGIN}\n11\n{to_base64(bytes(31))}\n"
    yield "no origin", "checkpoint", f"\n11\n{to_base64(bytes(32))}\n"
    yield "origin of upper case", "checkpoint", replace(head, origin="Example.cn").text()
    yield "origin with an at sign", "checkpoint", replace(head, origin="regseal/ack@v1").text()
    yield "origin too long", "checkpoint", replace(head, origin="a" * 129).text()
    ack = Acknowledgement(ORIGIN, 5, 1, fixed("leaf hash"), ACCEPTED_AT, ACCEPTED_AT).text()
    yield "acknowledges nothing", "acknowledgement", ack.replace("\n1\n", "\n0\n")
    yield "time without milliseconds", "acknowledgement", ack.replace(".000Z", "Z")
    yield "one time", "acknowledgement", ack.rpartition(" ")[0] + "\n"
    yield "another title", "acknowledgement", ack.replace("@v1", "@v2")
    statement = HeadStatement(ORIGIN, fixed("nonce").hex(), 11, fixed("root")).text()
    yield "nonce of upper case", "head_statement", statement.replace(fixed("nonce").hex(), "A" * 64)
    header = World().attestation().text()
    yield "hash without 0x", "header_attestation", header.replace("0x", "")
    yield "hash of upper case", "header_attestation", header.replace("0x", "0X")
    yield "trailing line", "header_attestation", header + "\n"


def ethereum() -> JsonObject:
    world = World()
    failed = transaction_receipt((), kind=3, status=0)
    many = tuple(transaction_receipt((), kind=index % 5, gas=21_000 * index + 21_000) for index in range(140))
    blocks = (world.block(), make_block(7, fixed("parent"), many, timestamp=BLOCK_TIME))
    headers = [*(block.header for block in blocks), encode_header(public.MAINNET_GENESIS)]
    tries = [_trie([(key.encode(), value.encode()) for key, value in pairs.items()]) for _, pairs, _ in public.TRIES]
    tries.append(_trie([(index_key(i), receipt) for i, receipt in enumerate(many)], (0, 1, 15, 16, 127, 128, 139)))
    return {
        "headers": [_header(data) for data in headers],
        "receipts": [_transaction(data) for data in (*world.block().receipts, failed)],
        "tries": [*tries],
    }


def _header(data: bytes) -> JsonObject:
    header = BlockHeader.decode(data)
    return {
        "rlp": to_hex(data),
        "number": header.number,
        "hash": to_hex(header.hash),
        "parent_hash": to_hex(header.parent_hash),
        "receipts_root": to_hex(header.receipts_root),
        "timestamp": header.timestamp,
    }


def _transaction(data: bytes) -> JsonObject:
    receipt = decode_receipt(data)
    logs: list[JsonValue] = [
        {"address": to_hex(log.address), "topics": hex_list(log.topics), "data": to_hex(log.data)}
        for log in receipt.logs
    ]
    return {"encoded": to_hex(data), "type": receipt.type, "status": receipt.status, "logs": logs}


def _trie(pairs: list[tuple[bytes, bytes]], proven: tuple[int, ...] | None = None) -> JsonObject:
    root, prove = build_trie(pairs)
    shown = pairs if proven is None else [pairs[index] for index in proven]
    entries: list[JsonValue] = [
        {"key": to_hex(key), "value": to_hex(value), "proof": hex_list(prove(key))} for key, value in shown
    ]
    return {"root": to_hex(root), "entries": entries}
