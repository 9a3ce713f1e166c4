"""Typed data: what the table says is what the format says, and what independent code hashes."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.hashing import keccak256
from services.platform.errors import Invalid
from services.transactions.typed import STRUCTS, Domain, Struct, digest, document, new_nonce

ROOT = Path(__file__).parents[4]
SPEC = ROOT / "docs/spec/anchor.md"
REGISTER = ROOT / "docs/spec/register.md"
DOMAIN = Domain("EvidenceLog", 20261120, "0x5fbdb2315678afecb367f032d93f642f64180aa3")


def sample(struct: Struct) -> dict[str, Any]:
    """A value for each field but nonce and deadline."""
    return {field: value_of(kind, field) for kind, field in struct.fields[:-2]}


def value_of(kind: str, field: str) -> Any:
    if kind == "string":
        return "sz.example/登记"
    if kind.endswith("]"):
        return [value_of(kind.partition("[")[0], field)] * 2
    if kind == "bool":
        return True
    if kind == "address":
        return "0x" + keccak256(field.encode())[:20].hex()
    if kind.startswith("bytes"):
        return keccak256(field.encode())[: int(kind[5:])]
    return {"uint8": 1, "uint16": 2027}.get(kind, 440300)


def test_the_table_is_the_one_of_the_format() -> None:
    specified = set(re.findall(r"`([A-Z]\w+\([^`]*deadline\))`", SPEC.read_text("utf-8")))
    tail = "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"
    specified |= {one + tail for one in re.findall(r"`([A-Z]\w+\([^`]*)…\)`", REGISTER.read_text("utf-8"))}
    assert specified == {struct.type_string for struct in STRUCTS.values()}


def test_the_table_is_what_the_contracts_hash() -> None:
    hashed: set[str] = set()
    for source in (ROOT / "contracts").rglob("*.sol"):
        for words in re.findall(r'keccak256\(\s*((?:"[^"]*"\s*)+)\)', source.read_text("utf-8")):
            text = "".join(re.findall(r'"([^"]*)"', words))
            hashed |= {text} if text.endswith("uint256 nonce,uint64 deadline)") else set()
    assert hashed == {struct.type_string for struct in STRUCTS.values()}


def test_each_struct_belongs_to_the_contract_the_format_names() -> None:
    named = set(re.findall(r"`([A-Z]\w+)\([^`]*…\)`", REGISTER.read_text("utf-8")))
    assert named == {struct.name for struct in STRUCTS.values() if struct.contract == "EquityRegister"}
    contract = ""
    for row in re.findall(r"^\|(.*?)\|(.*?)\|", SPEC.read_text("utf-8"), re.MULTILINE):
        contract = row[0].strip() or contract
        found = re.match(r" `(\w+)\(", row[1])
        if found:
            assert STRUCTS[found[1]].contract == contract


@pytest.mark.parametrize("struct", STRUCTS.values(), ids=STRUCTS.keys())
def test_the_digest_is_what_other_code_computes(struct: Struct) -> None:
    doc = json.loads(
        json.dumps(document(struct.name, sample(struct), DOMAIN, nonce=2**255 + 7, deadline=1_795_000_000))
    )
    signable = encode_typed_data(full_message=doc)
    assert digest(doc) == keccak256(b"\x19" + signable.version + signable.header + signable.body)


@pytest.mark.parametrize("struct", STRUCTS.values(), ids=STRUCTS.keys())
def test_documents_are_json_that_survives_javascript(struct: Struct) -> None:
    message = document(struct.name, sample(struct), DOMAIN, nonce=2**53, deadline=2**53 - 1)["message"]
    assert message["nonce"] == str(2**53)
    assert message["deadline"] == 2**53 - 1


def test_bug_18_a_signature_for_one_chain_or_contract_is_none_for_another() -> None:
    struct = STRUCTS["OpenLog"]
    others = [
        DOMAIN,
        Domain("EvidenceLog", DOMAIN.chain_id + 1, DOMAIN.address),
        Domain("EvidenceLog", DOMAIN.chain_id, "0x" + "11" * 20),
    ]
    docs = [document(struct.name, sample(struct), each, nonce=1, deadline=2) for each in others]
    assert len({digest(doc) for doc in docs}) == 3
    key = Account.create()
    signed = key.sign_typed_data(full_message=docs[0])
    recovered = [Account._recover_hash(digest(doc), signature=signed.signature) for doc in docs]
    assert [each == key.address for each in recovered] == [True, False, False]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("institution", "0x" + "ab" * 15),
        ("institution", "0x" + "AB" * 16),
        ("kind", 256),
        ("kind", -1),
        ("kind", True),
        ("kind", "01"),
        ("kind", 1.0),
        ("authority", "0x1234"),
        ("authority", None),
    ],
)
def test_an_ill_formed_value_is_named(field: str, value: object) -> None:
    message: Mapping[str, Any] = {**sample(STRUCTS["RegisterInstitution"]), field: value}
    with pytest.raises(Invalid) as refused:
        document("RegisterInstitution", message, DOMAIN, nonce=1, deadline=2)
    assert refused.value.field == field


@pytest.mark.parametrize("name", ["RegisterInstitution", "FreezeLog"])
def test_fields_are_neither_missing_nor_foreign(name: str) -> None:
    complete = sample(STRUCTS[name])
    for message in ({**complete, "more": 1}, {field: complete[field] for field in list(complete)[1:]}):
        with pytest.raises(Invalid):
            document(name, message, DOMAIN, nonce=1, deadline=2)


@given(nonce=st.integers(0, 2**256 - 1), deadline=st.integers(0, 2**64 - 1))
def test_any_nonce_and_deadline_make_a_document(nonce: int, deadline: int) -> None:
    doc = document("FreezeLog", sample(STRUCTS["FreezeLog"]), DOMAIN, nonce=nonce, deadline=deadline)
    assert int(doc["message"]["nonce"]) == nonce
    assert int(doc["message"]["deadline"]) == deadline


def test_new_nonces_do_not_repeat() -> None:
    assert len({new_nonce() for _ in range(1000)}) == 1000
