"""Golden vectors of the parts: what every implementation must compute alike."""

from collections.abc import Iterator
from dataclasses import replace

from chain.proof.canonical import INTEGER_MAX, JsonObject, JsonValue, canonical, parse_json
from chain.proof.ed25519 import SigningKey
from chain.proof.encoding import to_hex
from chain.proof.ethereum import HEAD_ANCHORED, HEAD_ANCHORED_TOPIC, log_id
from chain.proof.hashing import keccak256, sha256
from chain.proof.leaf import Leaf
from chain.proof.possession import possession_message
from chain.proof.record import commit, disclose, field_paths, submission_message
from chain.proof.trie import EMPTY_ROOT
from chain.proof.types import RECORD_TYPES
from tests.vectors import public
from tests.vectors.world import ORIGIN, RECORDS, SUBMITTER, make_leaves, secret


def hex_list(items: list[bytes] | tuple[bytes, ...]) -> list[JsonValue]:
    return [to_hex(item) for item in items]


def hashes() -> JsonObject:
    return {
        "sha256": [{"input": to_hex(data), "hash": to_hex(sha256(data))} for data in (b"", b"abc", "证据".encode())],
        "keccak256": [{"input": to_hex(data), "hash": to_hex(keccak256(data))} for data in (b"", b"abc")],
        "ed25519": [_signed(bytes.fromhex(seed), bytes.fromhex(message)) for seed, message in public.ED25519_INPUTS],
        "empty_trie_root": to_hex(EMPTY_ROOT),
        "events": [{"signature": HEAD_ANCHORED, "topic0": to_hex(HEAD_ANCHORED_TOPIC)}],
        "log_ids": [{"origin": ORIGIN, "log_id": to_hex(log_id(ORIGIN))}],
    }


def _signed(seed: bytes, message: bytes) -> JsonObject:
    key = SigningKey(seed)
    return {
        "seed": to_hex(seed),
        "public_key": to_hex(key.public),
        "message": to_hex(message),
        "signature": to_hex(key.sign(message)),
    }


VALID_JSON = (
    ("RFC 8785 section 3.2.3, sorting", public.JCS_SORTING),
    ("RFC 8785 section 3.2.2, strings and literals", public.JCS_STRINGS),
    ("surrogate pairs sort by UTF-16 units, before U+FB33", '{"דּ":1,"😀":2,"\\ud834\\udd1e":3}'),
    ("Chinese text is not normalised", '{"a":"é","b":"e\\u0301","中":"文"}'),
    ("largest integers", f"[{INTEGER_MAX},-{INTEGER_MAX},0]"),
    ("white space of all four kinds", ' \t\r\n{ "a" :\n[ ] , "b":{ } }\r\n'),
    ("a scalar alone", '"\\u0000\\u001f\\u007f\\u0080"'),
    ("deepest allowed", "[" * 16 + "]" * 16),
)

Parts = list[tuple[str, int]]
INVALID_JSON: tuple[tuple[str, str, Parts], ...] = (
    ("duplicate key", "", [('{"a":1,"a":1}', 1)]),
    ("duplicate key after unescaping", "/b", [('{"b":{"a":1,"\\u0061":2}}', 1)]),
    ("fraction", "/a[1]", [('{"a":[1,1.5]}', 1)]),
    ("fraction that is an integer", "", [("1.0", 1)]),
    ("exponent", "", [("1e3", 1)]),
    ("10^400 as an exponent", "/a", [('{"a":1e400}', 1)]),
    ("10^400 in digits", "/a", [('{"a":1', 1), ("0", 400), ("}", 1)]),
    ("a megabyte of digits stays cheap", "", [("9", 60_000)]),
    ("2^53", "", [(str(INTEGER_MAX + 1), 1)]),
    ("-2^53", "", [(str(-INTEGER_MAX - 1), 1)]),
    ("minus zero", "[0]", [("[-0]", 1)]),
    ("NaN", "", [("NaN", 1)]),
    ("Infinity", "/x", [('{"x":-Infinity}', 1)]),
    ("leading zero", "", [("01", 1)]),
    ("plus sign", "", [("+1", 1)]),
    ("lone high surrogate", "/a", [('{"a":"\\ud83d"}', 1)]),
    ("lone low surrogate in a key", "", [('{"\\ude00":1}', 1)]),
    ("surrogates in the wrong order", "[0]", [('["\\ude00\\ud83d"]', 1)]),
    ("depth bomb of arrays", "", [("[", 60_000)]),
    ("depth bomb of objects", "", [('{"a":', 13_000)]),
    ("one level too deep", "[0][0][0][0][0][0][0][0][0][0][0][0][0][0][0][0]", [("[", 17), ("]", 17)]),
    ("trailing data", "", [("{} {}", 1)]),
    ("trailing comma", "", [("[1,]", 1)]),
    ("single quotes", "", [("{'a':1}", 1)]),
    ("comment", "", [("{}//", 1)]),
    ("byte order mark", "", [("\ufeff{}", 1)]),
    ("raw control character", "", [('"\n"', 1)]),
    ("unknown escape", "", [('"\\x41"', 1)]),
    ("nothing", "", [("", 1)]),
    ("unterminated string", "", [('"', 1), ('\\"', 30_000)]),
    ("too long", "", [('"', 1), ("a", 65_535), ('"', 1)]),
)
INVALID_BYTES = (("not UTF-8", b'"\xff"'), ("overlong UTF-8", b'"\xc0\xaf"'), ("surrogate in UTF-8", b'"\xed\xa0\x80"'))


def json_vectors() -> JsonObject:
    valid: list[JsonValue] = [
        {"name": name, "input": text, "canonical": to_hex(canonical(parse_json(text)))} for name, text in VALID_JSON
    ]
    invalid: list[JsonValue] = [
        {"name": name, "path": path, "parts": [[text, times] for text, times in parts]}
        for name, path, parts in INVALID_JSON
    ]
    raw: list[JsonValue] = [{"name": name, "input": to_hex(data)} for name, data in INVALID_BYTES]
    return {"max_bytes": 65_536, "max_depth": 16, "valid": valid, "invalid": invalid, "invalid_bytes": raw}


def records() -> JsonObject:
    valid: list[JsonValue] = []
    for index, document in enumerate(RECORDS):
        message = submission_message(ORIGIN, document)
        valid.append(
            {
                "record": document,
                "canonical": to_hex(canonical(document)),
                "secret": to_hex(secret(index)),
                "paths": list(field_paths(document)),
                "commitment": to_hex(commit(document, secret(index))),
                "disclosures": _disclosures(document, secret(index)),
                "submission": {
                    "origin": ORIGIN,
                    "message": to_hex(message),
                    "public_key": to_hex(SUBMITTER.public),
                    "signature": to_hex(SUBMITTER.sign(message)),
                },
            }
        )
    invalid: list[JsonValue] = [{"name": name, "path": path, "record": value} for name, path, value in bad_records()]
    return {"valid": valid, "invalid": invalid}


def keys() -> JsonObject:
    """Keys that show that they are held, and signatures that show nothing of the kind."""
    ours, other = "ins_" + "1" * 32, "ins_" + "2" * 32
    right = possession_message("submitter", ours, SUBMITTER.public)
    case: JsonObject = {"role": "submitter", "institution": ours, "public_key": to_hex(SUBMITTER.public)}
    stranger = SigningKey(sha256(b"a stranger"))
    bad = (
        ("another institution", SUBMITTER.sign(possession_message("submitter", other, SUBMITTER.public))),
        ("another role", SUBMITTER.sign(possession_message("witness", ours, SUBMITTER.public))),
        ("another key in the message", SUBMITTER.sign(possession_message("submitter", ours, stranger.public))),
        ("signed by another key", stranger.sign(right)),
        ("no domain", SUBMITTER.sign(right[len(b"regseal/v1/key-possession") + 1 :])),
        ("cut", SUBMITTER.sign(right)[:-1]),
        ("trailing byte", SUBMITTER.sign(right) + b"\x00"),
        ("the submission of a record", SUBMITTER.sign(submission_message(ORIGIN, RECORDS[0]))),
    )
    invalid: list[JsonValue] = [{"name": name, **case, "possession": to_hex(signature)} for name, signature in bad]
    return {
        "valid": [{**case, "message": to_hex(right), "possession": to_hex(SUBMITTER.sign(right))}],
        "invalid": invalid,
    }


def _disclosures(document: JsonObject, key: bytes) -> JsonObject:
    shown = disclose(document, key, field_paths(document))
    items: list[JsonValue] = [
        {
            "path": item.path,
            "value": item.value,
            "salt": to_hex(item.salt),
            "index": item.index,
            "proof": hex_list(item.proof),
        }
        for item in shown.items
    ]
    return {"fields": shown.count, "items": items}


def bad_records() -> Iterator[tuple[str, str, JsonValue]]:
    good = RECORDS[0]
    yield "an array", "", [good]
    for member in good:
        yield f"{member} missing", f"/{member}", {name: value for name, value in good.items() if name != member}
    yield "unknown member", "", good | {"note": ""}
    replaced: tuple[tuple[str, str, JsonValue], ...] = (
        ("type unknown", "/type", "business.events"),
        ("type not text", "/type", 1),
        ("subject empty", "/subject", ""),
        ("subject too long", "/subject", "字" * 201),
        ("subject with a control character", "/subject", "a\x85b"),
        ("actor of upper case", "/actor", "ins_" + "A" * 32),
        ("actor too short", "/actor", "ins_00"),
        ("time without zone", "/occurred_at", "2026-11-20T09:30:00"),
        ("time with one decimal", "/occurred_at", "2026-11-20T09:30:00.1Z"),
        ("time that never was", "/occurred_at", "2026-02-29T00:00:00Z"),
        ("leap second", "/occurred_at", "2016-12-31T23:59:60Z"),
        ("hour 24", "/occurred_at", "2026-11-20T24:00:00Z"),
        ("body empty", "/body", {}),
        ("body an array", "/body", [1]),
    )
    for name, path, value in replaced:
        yield name, path, good | {path[1:]: value}
    yield "path too long", "", good | {"body": {"长" * 340: 1}}
    yield "too many fields", "", good | {"body": {"a": [0] * 1021}}
    yield "too long", "", good | {"body": {"a": "a" * 65_400}}


def leaves() -> JsonObject:
    good = make_leaves(4)
    encoded = good[2].encode()
    wrong: tuple[tuple[str, str, bytes], ...] = (
        ("short", "leaf-length", encoded[:-1]),
        ("long", "leaf-length", encoded + b"\0"),
        ("empty", "leaf-length", b""),
        ("version 2", "leaf-version", b"\x02" + encoded[1:]),
        ("reserved suite", "leaf-suite", encoded[:1] + b"\x02" + encoded[2:]),
        ("unknown suite", "leaf-suite", encoded[:1] + b"\x00" + encoded[2:]),
        ("unknown type", "leaf-type", encoded[:2] + b"\x7f\xff" + encoded[4:]),
        ("phase of another type", "leaf-phase", encoded[:4] + b"\x02" + encoded[5:]),
        ("unknown phase", "leaf-phase", encoded[:4] + b"\x04" + encoded[5:]),
        ("reserved bytes", "leaf-reserved", encoded[:7] + b"\x01" + encoded[8:]),
        ("seq 0 with a predecessor", "leaf-previous", encoded[:8] + bytes(8) + encoded[16:]),
        ("seq 1 without a predecessor", "leaf-previous", encoded[:32] + bytes(32) + encoded[64:]),
        ("time beyond the year 9999", "leaf-time", encoded[:96] + b"\xff" * 8),
    )
    return {
        "valid": [_leaf(leaf) for leaf in good + every_type()],
        "invalid": [{"name": name, "code": code, "leaf": to_hex(data)} for name, code, data in wrong],
    }


def every_type() -> list[Leaf]:
    """The first leaf of a stream for each record type and phase."""
    kinds = [(each.code, phase) for each in RECORD_TYPES for phase in sorted(each.phases)]
    first = make_leaves(1)[0]
    return [replace(first, type_code=code, phase=phase) for code, phase in kinds]


def _leaf(leaf: Leaf) -> JsonObject:
    return {
        "leaf": to_hex(leaf.encode()),
        "hash": to_hex(leaf.hash()),
        "suite": leaf.suite.label,
        "type": leaf.record_type.name,
        "type_code": leaf.type_code,
        "phase": leaf.phase.name.lower(),
        "seq": leaf.seq,
        "stream": to_hex(leaf.stream),
        "previous": to_hex(leaf.previous),
        "commitment": to_hex(leaf.commitment),
        "accepted_at": leaf.accepted_at,
    }
