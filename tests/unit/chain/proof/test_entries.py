"""Entry bundles and keyrings: what is written is read, and nothing else is."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.entries import (
    MAX_CIPHERTEXT,
    Entry,
    entries_path,
    format_bundle,
    parse_bundle,
    parse_entries_path,
)
from chain.proof.errors import FormatError, ProofError
from chain.proof.keyring import parse_keyring
from tests.vectors.generate import HERE
from tests.vectors.golden_entries import ENTRIES, KEYRING

VECTORS: Any = json.loads((HERE / "entries.json").read_bytes())


def raw(text: str) -> bytes:
    return bytes.fromhex(text[2:])


def test_the_vectors_are_read_as_what_they_say() -> None:
    for case in VECTORS["bundles"]:
        entries = parse_bundle(raw(case["bundle"]), len(case["entries"]))
        assert format_bundle(entries) == raw(case["bundle"])
        for entry, told in zip(entries, case["entries"], strict=True):
            assert entry.leaf == raw(told["leaf"])
            assert (entry.stream_key or b"") == raw(told["stream_key"])
            assert (entry.record_id, entry.institution_id) == (told["record_id"], told["institution_id"])
            assert (entry.anchor_by, entry.ciphertext) == (told["anchor_by"], raw(told["ciphertext"]))
            assert entry.request == raw(told["request"])


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_what_is_no_bundle_is_refused(case: Any) -> None:
    with pytest.raises(ProofError):
        parse_bundle(raw(case["bundle"]), case["width"])


@given(st.integers(0, 40_000), st.binary(min_size=1, max_size=4))
def test_a_changed_byte_is_refused_or_changes_an_entry(at: int, change: bytes) -> None:
    data = bytearray(format_bundle(ENTRIES))
    at %= len(data)
    data[at : at + len(change)] = change
    if bytes(data) == format_bundle(ENTRIES):
        return
    try:
        entries = parse_bundle(bytes(data), len(ENTRIES))
    except ProofError:
        return
    assert entries != ENTRIES
    assert format_bundle(entries) == bytes(data), "one spelling each"


def test_paths() -> None:
    for case in VECTORS["paths"]:
        assert entries_path(case["index"], case["width"]) == case["path"]
        assert parse_entries_path(case["path"]) == (case["index"], case["width"])
    for bad in ("tile/entries/1", "tile/0/000", "tile/entries/000.p/0", "tile/entries/000.p/257", "entries/000"):
        with pytest.raises(FormatError):
            parse_entries_path(bad)


@pytest.mark.parametrize(
    "change",
    [
        {"stream_key": bytes(32)},
        {"stream_key": bytes(31)},
        {"record_id": None},
        {"record_id": "REC"},
        {"institution_id": ""},
        {"anchor_by": 1 << 53},
        {"ciphertext": bytes(MAX_CIPHERTEXT + 1)},
        {"request": bytes(513)},
        {"leaf": bytes(104)},
    ],
    ids=lambda change: "-".join(f"{name}-{str(value)[:6]}-{len(str(value))}" for name, value in change.items()),
)
def test_what_no_bundle_can_hold_is_not_written(change: dict[str, Any]) -> None:
    second: Entry = ENTRIES[1]
    with pytest.raises(ProofError):
        format_bundle([replace(second, **change)])


def test_a_keyring_is_read_as_written() -> None:
    assert parse_keyring(KEYRING.format()) == KEYRING
    assert raw(VECTORS["keyring"]) == KEYRING.format()


@pytest.mark.parametrize("path", ["format", "origin", "log", "keys", "data_keys", "erased"])
def test_a_keyring_with_a_missing_or_unknown_member_is_refused(path: str) -> None:
    document = KEYRING.document()
    with pytest.raises(FormatError):
        parse_keyring(json.dumps({name: value for name, value in document.items() if name != path}).encode())
    with pytest.raises(FormatError):
        parse_keyring(json.dumps(document | {path + "s": 1}).encode())
    with pytest.raises(FormatError):
        parse_keyring(json.dumps(document | {path: -1}).encode())
