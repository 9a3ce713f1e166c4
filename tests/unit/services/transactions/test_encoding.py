"""Call data and events, against the ABI of the real contracts and against web3's own encoder."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.exceptions import DecodingError
from web3 import Web3

from chain.artifacts import load
from chain.proof.hashing import keccak256
from services.platform.errors import Invalid
from services.transactions.encoding import EventDecoder, calldata, json_safe
from services.transactions.typed import STRUCTS

ADDRESS = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
AUTH = {"signer": ADDRESS, "nonce": str(2**255), "deadline": 1_795_000_000, "signature": b"\x01" * 65}
REGISTER = {
    "institution": "0x" + "ab" * 16,
    "kind": 1,
    "region": 440300,
    "authority": ADDRESS.lower(),
    "commitment": "0x" + "cd" * 32,
    "leaf": b"\xef" * 32,
}


def test_flat_arguments_fill_the_structs_of_a_function() -> None:
    abi = load("IInstitutionRegistry").abi
    registration = (b"\xab" * 16, 1, 440300, ADDRESS)
    auth = (ADDRESS, 2**255, 1_795_000_000, b"\x01" * 65)
    contract = Web3().eth.contract(abi=list(abi))
    expected = contract.encode_abi("register", [registration, (b"\xcd" * 32, b"\xef" * 32), auth])
    assert "0x" + calldata(abi, "register", REGISTER, AUTH).hex() == expected


def test_nested_arguments_do_too() -> None:
    abi = load("IInstitutionRegistry").abi
    nested = {
        "registration": {name: REGISTER[name] for name in ("institution", "kind", "region", "authority")},
        "evidence": {name: REGISTER[name] for name in ("commitment", "leaf")},
    }
    assert calldata(abi, "register", nested, AUTH) == calldata(abi, "register", REGISTER, AUTH)


@pytest.mark.parametrize("struct", STRUCTS.values(), ids=STRUCTS.keys())
def test_every_authorised_function_takes_the_fields_of_its_struct(struct: Any) -> None:
    values = {"string": "a", "address": ADDRESS, "bytes16": b"\x01" * 16, "bytes32": b"\x02" * 32, "bool": True}
    values |= {"uint256[2]": [1, str(2**255)], "uint32[]": [1, 2], "bytes16[]": [b"\x01" * 16], "uint80[]": [7]}
    values |= {"uint8[]": [1], "uint24[]": [20_000], "uint16[]": [3]}
    beside: dict[str, Any] = {"bodies": [], "table": []}  # of a rulebook: its struct names them by their hash
    args = beside | {field: values.get(kind, 1) for kind, field in struct.fields[:-2]}
    several = {"auths": [AUTH]} if struct.contract == "EquityRegister" else {}
    for contract in (f"I{struct.contract}", struct.contract):
        assert calldata(load(contract).abi, struct.function, args | several, AUTH)


def test_a_parameter_that_solidity_names_id_is_the_subject_of_the_struct() -> None:
    abi = load("EquityRegister").abi
    security, investor = b"\x01" * 16, b"\x02" * 16
    args = {"security": security, "investor": investor, "commitment": b"\x03" * 32, "leaf": b"\x04" * 32, "auths": []}
    assert calldata(abi, "recount", args)[4:68] == encode(["bytes16", "bytes16"], [security, investor])


def test_arrays_are_converted_member_by_member() -> None:
    abi = load("IEvidenceLog").abi
    args = {"log": "0x" + "11" * 32, "size": 5, "root": "0x" + "22" * 32, "proof": ["0x" + "33" * 32, b"\x44" * 32]}
    values = [b"\x11" * 32, 5, b"\x22" * 32, [b"\x33" * 32, b"\x44" * 32]]
    assert calldata(abi, "append", args)[4:] == encode(["bytes32", "uint64", "bytes32", "bytes32[]"], values)


def test_arrays_of_structs_and_of_fixed_length_are_too() -> None:
    entry = {"from": 0, "action": "0x" + "55" * 32, "rule": str(2**255)}
    book = {"region": 440300, "log": b"\x66" * 32, "version": "X", "document": b"\x77" * 32}
    args: dict[str, Any] = {"book": {**book, "bodies": ["0x" + "88" * 32], "table": [entry]}}
    types = "(uint32,bytes32,string,bytes32,bytes32[],(uint8,bytes32,uint256)[])"
    row = (0, b"\x55" * 32, 2**255)
    values = [(440300, b"\x66" * 32, "X", b"\x77" * 32, [b"\x88" * 32], [row])]
    abi = load("IRulebookRegistry").abi
    assert calldata(abi, "idOf", args)[4:] == encode([types], values)
    for wrong, field in (
        ({"table": [1]}, "book.table[0]"),
        ({"table": [entry | {"rule": -1}]}, "book.table[0].rule"),
        ({"bodies": "0x"}, "book.bodies"),
    ):
        with pytest.raises(Invalid) as refused:
            calldata(abi, "idOf", {"book": args["book"] | wrong})
        assert refused.value.field == field
    year = {"region": 1, "year": 2026, "working": [1, 2, 3], "trading": [0, 0], "evidence": REGISTER}
    with pytest.raises(Invalid) as refused:
        calldata(load("ICalendar").abi, "publishYear", year, AUTH)
    assert refused.value.field == "working"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"kind": 256}, "registration.kind"),
        ({"kind": 1.0}, "registration.kind"),
        ({"institution": "0x00"}, "registration.institution"),
        ({"authority": "0x00"}, "registration.authority"),
        ({"leaf": "zz"}, "evidence.leaf"),
    ],
)
def test_an_ill_formed_argument_is_named(change: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        calldata(load("IInstitutionRegistry").abi, "register", {**REGISTER, **change}, AUTH)
    assert refused.value.field == field


def test_a_missing_argument_or_function_is_named() -> None:
    abi = load("IInstitutionRegistry").abi
    with pytest.raises(Invalid, match="missing"):
        calldata(abi, "register", {name: REGISTER[name] for name in REGISTER if name != "leaf"}, AUTH)
    with pytest.raises(Invalid, match="no function"):
        calldata(abi, "destroy", {}, AUTH)


def test_events_come_back_with_their_names() -> None:
    decoder = EventDecoder(load("IInstitutionRegistry").abi)
    topics = [decoder.topic("InstitutionRegistered"), (b"\xab" * 16).ljust(32, b"\0"), (440300).to_bytes(32, "big")]
    data = encode(["uint8", "address", "bytes32", "bytes32"], [1, ADDRESS, b"\x01" * 32, b"\x02" * 32])
    assert decoder.decode(topics, data) == (
        "InstitutionRegistered",
        {
            "institution": b"\xab" * 16,
            "region": 440300,
            "kind": 1,
            "authority": ADDRESS,
            "commitment": b"\x01" * 32,
            "leaf": b"\x02" * 32,
        },
    )


def test_a_foreign_event_is_none() -> None:
    decoder = EventDecoder(load("IEvidenceLog").abi)
    assert decoder.decode([keccak256(b"Transfer(address,address,uint256)")], b"") is None
    assert decoder.decode([], b"") is None


def test_values_become_json_without_losing_digits() -> None:
    value = {"a": b"\x01", "b": 2**53, "c": (2**53 - 1, True, None), "d": {"e": "文"}}
    assert json_safe(value) == {"a": "0x01", "b": str(2**53), "c": [2**53 - 1, True, None], "d": {"e": "文"}}


WORDS = {"uint80": 2**80 - 1, "uint24": 7, "bytes16": b"\x11" * 16, "bytes32": b"\x22" * 32, "bool": True}


def _event(*kinds: str, indexed: int = 0) -> EventDecoder:
    inputs = [{"name": f"a{place}", "type": kind, "indexed": place < indexed} for place, kind in enumerate(kinds)]
    return EventDecoder([{"type": "event", "name": "Told", "inputs": inputs}])


@pytest.mark.parametrize("indexed", [0, 2])
def test_words_are_read_as_eth_abi_reads_them(indexed: int) -> None:
    kinds, values = list(WORDS), list(WORDS.values())
    decoder = _event(*kinds, indexed=indexed)
    topics = [encode([kind], [value]) for kind, value in zip(kinds[:indexed], values, strict=False)]
    found = decoder.decode([decoder.topic("Told"), *topics], encode(kinds[indexed:], values[indexed:]))
    assert found == ("Told", {f"a{place}": value for place, value in enumerate(values)})


@pytest.mark.parametrize(
    ("kind", "word"), [("uint80", b"\xff" * 32), ("bytes16", b"\x11" * 32), ("bool", b"\x00" * 31 + b"\x02")]
)
def test_a_word_that_is_not_of_its_kind_is_refused_as_eth_abi_refuses_it(kind: str, word: bytes) -> None:
    decoder = _event(kind)
    with pytest.raises(DecodingError):
        decoder.decode([decoder.topic("Told")], word)
    with pytest.raises(DecodingError):
        decoder.decode([decoder.topic("Told")], b"")
    with pytest.raises(ValueError, match="1 indexed"):
        decoder.decode([decoder.topic("Told"), word], word)
