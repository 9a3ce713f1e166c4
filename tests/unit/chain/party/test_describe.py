"""A signer reads what it signs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from chain.party.describe import ACTIONS, describe
from chain.party.evm import checksummed
from chain.proof.hashing import keccak256

ROOT = Path(__file__).parents[4]
SPEC = ROOT / "docs" / "spec" / "anchor.md"


def authorisation(contract: str, definition: str, message: dict[str, Any]) -> dict[str, Any]:
    """A typed-data document for `Name(type member,...)`."""
    name, members = definition.rstrip(")").split("(")
    domain = ["string name", "string version", "uint256 chainId", "address verifyingContract"]
    return {
        "types": {"EIP712Domain": _typed(domain), name: _typed(members.split(","))},
        "primaryType": name,
        "domain": {"name": contract, "version": "1", "chainId": 990001, "verifyingContract": "0x" + "5a" * 20},
        "message": message,
    }


def _typed(members: list[str]) -> list[dict[str, str]]:
    return [{"type": one.split(" ")[0], "name": one.split(" ")[1]} for one in members]


GRANT = next(one for one in ACTIONS["regseal InstitutionRegistry"] if one.startswith("GrantRole("))
GRANTED = {
    "institution": "0x" + "01" * 16,
    "account": "0x" + "ab" * 20,
    "role": "0x" + keccak256(b"court-liaison").hex(),
    "region": 440300,
    "expiresAt": 1795132800,
    "commitment": "0x" + "02" * 32,
    "leaf": "0x" + "03" * 32,
    "nonce": "77",
    "deadline": 1795046400,
}


def test_every_published_authorisation_is_known_and_no_other() -> None:
    published = set(re.findall(r"`([A-Z]\w+\([^`]*uint64 deadline\))`", SPEC.read_text()))
    assert len(published) == 10
    assert published == {one for contract in ACTIONS.values() for one in contract}


def test_a_grant_reads_in_words() -> None:
    document = authorisation("regseal InstitutionRegistry", GRANT, GRANTED)
    lines = describe(document, texts=["registrar", "court-liaison", "\ud800"])
    assert lines[0] == "You are asked to sign: grant a role 角色授予"
    assert "region: 440300 Shenzhen 深圳" in lines
    assert "deadline: 2026-11-19T00:00:00Z (1795046400)" in lines
    assert f"role: court-liaison = {GRANTED['role']}" in lines
    assert f"role: {GRANTED['role']}" in describe(document, texts=["registrar"])
    assert "account: " + checksummed(bytes.fromhex("ab" * 20)) in lines
    assert "chain id: 990001" in lines


def test_enums_read_in_words() -> None:
    definition = next(one for one in ACTIONS["regseal InstitutionRegistry"] if one.startswith("SetInst"))
    message = {name: GRANTED[name] for name in ("institution", "commitment", "leaf", "nonce", "deadline")}
    message["status"] = 2
    assert "status: suspended 暂停 (2)" in describe(authorisation("regseal InstitutionRegistry", definition, message))
    unknown = describe(authorisation("regseal InstitutionRegistry", definition, message | {"status": 9}))
    assert any("UNKNOWN" in line for line in unknown if line.startswith("status"))


def test_a_look_alike_is_called_unknown() -> None:
    right = authorisation("regseal InstitutionRegistry", GRANT, GRANTED)
    other_contract = authorisation("regseal EvidenceLog", GRANT, GRANTED)
    other_definition = GRANT.replace("uint32 region", "uint64 region")
    other_member = authorisation("regseal InstitutionRegistry", other_definition, GRANTED)
    assert "WARNING" not in describe(right)[0]
    for document in (other_contract, other_member):
        assert "WARNING" in describe(document)[0]
    right["domain"]["version"] = "2"
    assert "WARNING" in describe(right)[0]


def test_a_foreign_text_cannot_draw_on_the_terminal() -> None:
    definition = next(one for one in ACTIONS["regseal EvidenceLog"] if one.startswith("OpenLog"))
    message = {name: GRANTED[name] for name in ("commitment", "leaf", "nonce", "deadline")}
    message |= {"owner": "0x" + "01" * 16, "anchor": "0x" + "ab" * 20, "keyId": "0x" + "00" * 32}
    message["origin"] = "a\x1b[2K\u202eb"
    lines = describe(authorisation("regseal EvidenceLog", definition, message))
    assert "origin: a\\u001b[2K\\u202eb" in lines
    assert all(line.isprintable() for line in lines)
