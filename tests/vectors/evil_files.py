"""Files that are no receipts: refused when they are read, before any stage."""

import json
from collections.abc import Callable, Iterator

from chain.proof.canonical import JsonObject, JsonValue
from chain.proof.encoding import to_hex
from chain.proof.receipt import Receipt, format_receipt
from tests.vectors.cases import GOOD, Case


def _json(receipt: Receipt) -> JsonObject:
    document: JsonObject = json.loads(format_receipt(receipt))
    return document


def _file(document: JsonValue) -> bytes:
    return json.dumps(document, ensure_ascii=False, indent=1).encode()


def _changed(receipt: Receipt, path: str, value: JsonValue) -> bytes:
    document = _json(receipt)
    *steps, last = path.split(".")
    target: JsonValue = document
    for step in steps:
        target = target[int(step) if isinstance(target, list) else step]  # type: ignore[index]
    target[int(last) if isinstance(target, list) else last] = value  # type: ignore[index]
    return _file(document)


def _text(receipt: Receipt, change: Callable[[str], str]) -> bytes:
    good = format_receipt(receipt).decode()
    changed = change(good)
    assert changed != good
    return changed.encode()


def files() -> Iterator[Case]:
    private, public = GOOD.private(), GOOD.public()
    texts: tuple[tuple[str, Callable[[str], str]], ...] = (
        ("duplicate key", lambda text: text.replace('"origin"', '"leaf": "0x00",\n "origin"', 1)),
        ("duplicate key within the record", lambda text: text.replace('"units"', '"event": "", "units"', 1)),
        ("duplicate key behind an escape", lambda text: text.replace('"units"', '"\\u0065vent": "", "units"', 1)),
        ("number of 400 digits", lambda text: text.replace('"since": 2026', '"since": 1' + "0" * 400)),
        ("number 1e400", lambda text: text.replace('"since": 2026', '"since": 1e400')),
        ("integer 2^53", lambda text: text.replace('"since": 2026', f'"since": {2**53}')),
        ("float", lambda text: text.replace('"since": 2026', '"since": 2026.0')),
        ("minus zero", lambda text: text.replace('"since": 2026', '"since": -0')),
        ("NaN", lambda text: text.replace('"since": 2026', '"since": NaN')),
        ("lone surrogate", lambda text: text.replace('"since": 2026', '"since": "\\ud800"')),
        ("deep nesting", lambda text: text.replace('"since": 2026', '"since": ' + "[" * 9_000 + "]" * 9_000)),
        ("record nested 17 deep", lambda text: text.replace('"since": 2026', '"since": ' + "[" * 14 + "]" * 14)),
        ("trailing bytes", lambda text: text + "{}"),
        ("truncated", lambda text: text[:-3]),
        ("byte order mark", lambda text: "\ufeff" + text),
        ("single quotes", lambda text: text.replace('"', "'")),
        ("upper-case hex", lambda text: text.replace('"leaf": "0x01', '"leaf": "0X01')),
    )
    for name, change in texts:
        yield Case(name, _text(private, change), "parse", None)
    leaf = to_hex(public.leaf)
    values: tuple[tuple[str, str, JsonValue], ...] = (
        ("upper-case digits", "leaf", "0x" + leaf[2:].upper()),
        ("hex without 0x", "leaf", leaf[2:]),
        ("hex of odd length", "leaf", leaf[:-1]),
        ("leaf is null", "leaf", None),
        ("unknown member", "note", "x"),
        ("unknown member inside", "inclusion.size", 11),
        ("format of another version", "format", "regseal/receipt@v2"),
        ("array for an object", "inclusion", [0, []]),
        ("object for an array", "inclusion.proof", {"0": "0x00"}),
        ("integer for a text", "origin", 1),
        ("text for an integer", "inclusion.index", "0"),
        ("boolean for an integer", "inclusion.index", False),
        ("negative index", "inclusion.index", -1),
        ("proof of 65 hashes", "inclusion.proof", ["0x" + "00" * 32] * 65),
        ("proof of 17 trie nodes", "anchor.receipt_proof", ["0x80"] * 17),
        ("65 attestations", "attestations", ["x"] * 65),
        ("contract of 21 bytes", "anchor.contract", "0x" + "00" * 21),
        ("genesis of 31 bytes", "anchor.genesis", "0x" + "00" * 31),
        ("anchor is null", "anchor", None),
        ("header as an array", "anchor.header", []),
        ("attestations as text", "attestations", public.attestations[0]),
        ("record and disclosures", "disclosures", {"fields": 1, "items": []}),
        ("short secret", "record.secret", "0x00"),
        ("short public key", "submitter.public_key", "0x00"),
        ("short signature", "submitter.signature", "0x00"),
    )
    for name, path, value in values:
        yield Case(name, _changed(private, path, value), "parse", None)
    document = _json(public)
    yield Case("missing member", _file({k: v for k, v in document.items() if k != "leaf"}), "parse", None)
    signed = {"submitter": _json(private)["submitter"]}
    yield Case("submitter without a record", _file(document | signed), "parse", None)
    yield Case("an array", _file([document]), "parse", None)
    yield Case("nothing", b"", "parse", None)
    yield Case("not UTF-8", b'{"format":"\xff"}', "parse", None)
