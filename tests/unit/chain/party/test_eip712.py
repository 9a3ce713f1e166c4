"""Typed data: equal to another implementation, and strict."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from chain.party import evm
from chain.party.eip712 import check, recover, sign_typed_data, typed_data_hash
from chain.party.errors import TypedDataError
from chain.party.keystore import EvmKey

KEY = EvmKey(b"\x11" * 32)
DOMAIN_TYPE = [
    {"name": "name", "type": "string"},
    {"name": "version", "type": "string"},
    {"name": "chainId", "type": "uint256"},
    {"name": "verifyingContract", "type": "address"},
]
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
ADDRESS = st.binary(min_size=20, max_size=20).map(evm.checksummed)


def _atom(kind: str) -> st.SearchStrategy[Any]:
    if kind.startswith("uint"):
        return st.integers(0, (1 << int(kind[4:])) - 1)
    if kind.startswith("bytes") and kind != "bytes":
        return st.binary(min_size=int(kind[5:]), max_size=int(kind[5:])).map(lambda b: "0x" + b.hex())
    return {
        "string": TEXT,
        "bytes": st.binary(max_size=40).map(lambda b: "0x" + b.hex()),
        "bool": st.booleans(),
        "address": ADDRESS,
    }[kind]


KINDS = ["string", "bytes", "bool", "address", "uint8", "uint32", "uint64", "uint256", "bytes16", "bytes32", "bytes4"]


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Documents of one struct with atoms, arrays and an inner struct."""
    inner = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=3))
    inner_type = [{"name": f"x{i}", "type": kind} for i, kind in enumerate(inner)]
    make_inner = st.fixed_dictionaries({f"x{i}": _atom(kind) for i, kind in enumerate(inner)})
    members, message = [], {}
    for i, kind in enumerate(draw(st.lists(st.sampled_from([*KINDS, "Inner"]), min_size=1, max_size=6))):
        one = make_inner if kind == "Inner" else _atom(kind)
        shape = draw(st.sampled_from(["", "[]", "[2]", "[][]"]))
        if shape == "[]":
            one = st.lists(one, max_size=3)
        elif shape == "[2]":
            one = st.lists(one, min_size=2, max_size=2)
        elif shape == "[][]":
            one = st.lists(st.lists(one, max_size=2), max_size=2)
        members.append({"name": f"m{i}", "type": kind + shape})
        message[f"m{i}"] = draw(one)
    types = {"EIP712Domain": DOMAIN_TYPE, "Act": members}
    if any(member["type"].startswith("Inner") for member in members):
        types["Inner"] = inner_type
    domain = {
        "name": draw(TEXT),
        "version": "1",
        "chainId": draw(st.integers(0, 2**53)),
        "verifyingContract": draw(ADDRESS),
    }
    return {"types": types, "primaryType": "Act", "domain": domain, "message": message}


@given(documents())
def test_digest_and_signature_equal_eth_account(document: dict[str, Any]) -> None:
    theirs = Account.sign_message(encode_typed_data(full_message=copy.deepcopy(document)), KEY.secret)
    assert typed_data_hash(document) == bytes(theirs.message_hash)
    assert sign_typed_data(document, KEY) == bytes(theirs.signature)
    assert recover(document, bytes(theirs.signature)) == KEY.address


def example() -> dict[str, Any]:
    """A document in which every kind of mistake can be made."""
    return {
        "types": {
            "EIP712Domain": list(DOMAIN_TYPE),
            "Act": [
                {"name": "to", "type": "address"},
                {"name": "small", "type": "uint8"},
                {"name": "nonce", "type": "uint256"},
                {"name": "id", "type": "bytes16"},
                {"name": "yes", "type": "bool"},
                {"name": "texts", "type": "string[2]"},
            ],
        },
        "primaryType": "Act",
        "domain": {"name": "n", "version": "1", "chainId": 7, "verifyingContract": "0x" + "00" * 20},
        "message": {
            "to": "0x" + "ab" * 20,
            "small": 255,
            "nonce": str(2**256 - 1),
            "id": "0x" + "0f" * 16,
            "yes": True,
            "texts": ["a", "鹏"],
        },
    }


def test_an_integer_and_its_decimal_string_are_one_value() -> None:
    one, other = example(), example()
    one["message"]["nonce"], other["message"]["nonce"] = 12, "12"
    assert typed_data_hash(one) == typed_data_hash(other)


MISTAKES: dict[str, tuple[str, object]] = {
    "too large": ("message.small", 256),
    "negative": ("message.small", -1),
    "boolean as integer": ("message.small", True),
    "float": ("message.small", 1.0),
    "leading zero": ("message.nonce", "012"),
    "hexadecimal integer": ("message.nonce", "0x0c"),
    "over 2^256": ("message.nonce", str(2**256)),
    "short bytes": ("message.id", "0x" + "0f" * 15),
    "long bytes": ("message.id", "0x" + "0f" * 17),
    "upper-case bytes": ("message.id", "0x" + "0F" * 16),
    "wrong checksum": ("message.to", "0x52908400098527886E0F7030069857D2E4169Ee7"),
    "address without 0x": ("message.to", "ab" * 20),
    "integer as boolean": ("message.yes", 1),
    "array too short": ("message.texts", ["a"]),
    "not a list": ("message.texts", "ab"),
    "lone surrogate": ("message.texts", ["a", "\ud800"]),
    "undeclared member": ("message.more", 1),
    "unknown domain member": ("domain.more", 1),
    "unknown top member": ("more", 1),
    "unknown type": ("types.Act", [{"name": "to", "type": "uint7"}]),
    "unsupported type": ("types.Act", [{"name": "to", "type": "int256"}]),
    "missing struct": ("types.Act", [{"name": "to", "type": "Person"}]),
    "no members": ("types.Act", []),
    "duplicate member": ("types.Act", [{"name": "to", "type": "bool"}, {"name": "to", "type": "bool"}]),
    "recursive struct": ("types.Act", [{"name": "to", "type": "Act[]"}]),
    "unused struct": ("types.Other", [{"name": "to", "type": "bool"}]),
    "struct named like an atom": ("types.address", [{"name": "to", "type": "bool"}]),
    "domain out of order": ("types.EIP712Domain", list(reversed(DOMAIN_TYPE))),
    "unknown domain type": ("types.EIP712Domain", [{"name": "name", "type": "bytes"}]),
    "member with extra key": ("types.Act", [{"name": "to", "type": "bool", "hidden": 1}]),
    "primary is the domain": ("primaryType", "EIP712Domain"),
    "primary unknown": ("primaryType", "Other"),
    "message no object": ("message", []),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_document_with_a_mistake_is_not_signed(mistake: str) -> None:
    document = example()
    check(document)
    path, value = MISTAKES[mistake]
    *above, last = path.split(".")
    target = document
    for name in above:
        target = target[name]
    target[last] = value
    with pytest.raises(TypedDataError):
        sign_typed_data(document, KEY)


@pytest.mark.parametrize("name", ["types", "primaryType", "domain", "message"])
def test_a_missing_part_is_named(name: str) -> None:
    document = example()
    del document[name]
    with pytest.raises(TypedDataError, match=name):
        check(document)


def test_a_malleable_signature_is_refused() -> None:
    signature = sign_typed_data(example(), KEY)
    high = evm.ORDER - int.from_bytes(signature[32:64], "big")
    flipped = signature[:32] + high.to_bytes(32, "big") + bytes([55 - signature[64]])
    with pytest.raises(ValueError, match="half"):
        recover(example(), flipped)


@pytest.mark.parametrize("signature", [b"", b"\x00" * 65, b"\x01" * 64, b"\xff" * 64 + b"\x1b", b"\x01" * 64 + b"\x00"])
def test_rubbish_recovers_nobody(signature: bytes) -> None:
    with pytest.raises(ValueError, match=r"signature|v must|half"):
        recover(example(), signature)


@given(st.binary(min_size=32, max_size=32), st.integers(1, evm.ORDER - 1))
def test_own_signatures_recover_their_address(digest: bytes, secret: int) -> None:
    key = EvmKey(secret.to_bytes(32, "big"))
    assert evm.checksummed(evm.recover(digest, key.sign(digest))) == key.address
