"""A signer reads what it signs."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from chain.party.describe import ACTIONS, describe
from chain.party.evm import checksummed
from chain.proof.hashing import keccak256

ROOT = Path(__file__).parents[4]
SPEC = ROOT / "docs" / "spec"
TAIL = "bytes32 commitment,bytes32 leaf,uint256 nonce,uint64 deadline)"


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
    published = set(re.findall(r"`([A-Z]\w+\([^`]*uint64 deadline\))`", (SPEC / "anchor.md").read_text()))
    assert len(published) == 16
    register = (SPEC / "register.md").read_text()
    published |= {act + TAIL for act in re.findall(r"`([A-Z]\w+\([^`]*)…\)`", register)}
    published |= set(re.findall(r"`(RegisterFact\([^`]*uint64 deadline\))`", register))
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


def test_days_read_as_dates() -> None:
    meant = {name: GRANTED[name] for name in ("commitment", "leaf", "nonce", "deadline")} | {"region": 440300}
    first = date(2026, 1, 1)
    bits = sum(1 << (date(2026, *day) - first).days for day in [(1, 2), (1, 4), (12, 31)])
    year = meant | {"year": 2026, "working": [str(bits % 2**256), str(bits >> 256)], "trading": ["0", str(1 << 109)]}
    definition = next(one for one in ACTIONS["regseal Calendar"] if one.startswith("Publish"))
    lines = describe(authorisation("regseal Calendar", definition, year))
    place = next(index for index, line in enumerate(lines) if line.startswith("working: "))
    assert lines[place + 1] == "  that is: 3 working days of 2026"
    assert lines[place + 2].startswith("  weekdays off: 01-01, 01-05, 01-06, ")
    assert lines[place + 3] == "  on weekends: 01-04"
    assert "  that is: 0 trading days of 2026" in lines
    assert "  WARNING: days beyond the year" in lines
    closing = meant | {"numbers": [(date(2026, 10, 9) - date(1970, 1, 1)).days], "working": True, "trading": False}
    definition = next(one for one in ACTIONS["regseal Calendar"] if one.startswith("Close"))
    assert "  that is: 2026-10-09" in describe(authorisation("regseal Calendar", definition, closing))


@pytest.mark.parametrize(("value", "more"), [(20780, ["  as a day: 2026-11-23"]), (12, [])])
def test_the_value_of_a_step_reads_as_a_day_where_it_may_be_one(value: int, more: list[str]) -> None:
    message = {name: GRANTED[name] for name in ("commitment", "leaf", "nonce", "deadline")}
    message |= {"project": "0x" + "01" * 16, "action": "extend", "value": value, "seq": 4}
    definition = next(one for one in ACTIONS["regseal PilotLifecycle"] if one.startswith("PilotStep"))
    lines = describe(authorisation("regseal PilotLifecycle", definition, message))
    assert lines[0] == "You are asked to sign: take a step of a pilot project 试点项目步骤"
    place = lines.index(f"value: {value}")
    assert lines[place + 1 : place + 1 + len(more)] == more
    assert lines[place + 1 + len(more)] == "seq: 4"


def of_register(struct: str, **said: Any) -> list[str]:
    definition = next(one for one in ACTIONS["regseal EquityRegister"] if one.startswith(f"{struct}("))
    meant = {name: GRANTED[name] for name in ("commitment", "leaf", "nonce", "deadline")}
    return describe(authorisation("regseal EquityRegister", definition, meant | {"security": "0x" + "0a" * 16} | said))


def test_a_transfer_reads_in_units_and_reasons() -> None:
    lines = of_register("TransferUnits", **{"from": "0x" + "0b" * 16, "to": "0x" + "0c" * 16}, units=1200000, reason=2)
    assert lines[0] == "You are asked to sign: transfer units 份额过户"
    assert "units: 1,200,000 units 份" in lines
    assert "reason: inheritance 继承 (2)" in lines
    assert "from: 0x" + "0b" * 16 in lines


def test_terms_read_as_what_they_allow() -> None:
    terms = {"form": 0, "kinds": 0b1010, "cap": 200, "grandfathered": 0, "interval": 5, "subscriptionCounts": True}
    more = {"issuer": "0x" + "0d" * 16, "issuerRegion": 440300, "basis": "0x" + "0e" * 16}
    lines = of_register("OpenSecurity", **terms, **more)
    assert "kinds: natural person 自然人, partnership 合伙企业 (10)" in lines
    assert "cap: 200 holders at most 持有人上限" in lines
    assert "interval: 5 trading days 交易日" in lines
    assert "issuerRegion: 440300 Shenzhen 深圳" in lines
    unknown = of_register("OpenSecurity", **terms | {"kinds": 0b100000000, "form": 9}, **more)
    assert sum("UNKNOWN" in line for line in unknown) == 2


def test_an_investors_kind_is_no_institutions_kind_and_a_day_is_a_date() -> None:
    definition = next(one for one in ACTIONS["regseal EquityRegister"] if one.startswith("OpenInvestor("))
    said = {name: GRANTED[name] for name in ("commitment", "leaf", "nonce", "deadline")}
    said |= {"investor": "0x" + "0b" * 16, "kind": 2, "suitableUntil": 20780, "addend": 0}
    lines = describe(authorisation("regseal EquityRegister", definition, said))
    assert "kind: company 法人 (2)" in lines
    assert "suitableUntil: 2026-11-23 (20780)" in lines
    late = describe(authorisation("regseal EquityRegister", definition, said | {"suitableUntil": 2**24 - 1}))
    assert "suitableUntil: beyond the calendar (16777215)" in late
    none = describe(authorisation("regseal EquityRegister", definition, said | {"suitableUntil": 0}))
    assert "suitableUntil: none 无 (0)" in none


def test_a_list_of_holders_is_summed_up_and_must_pair() -> None:
    holders = ["0x" + "0b" * 16, "0x" + "0c" * 16]
    lines = of_register("IssueUnits", investors=holders, units=["7000000", 500000])
    assert lines[-1] == "  that is: 7,500,000 units 份 for 2 holders 持有人"
    for wrong in ([*holders, holders[0]], [holders[0], holders[0]]):
        assert "WARNING" in of_register("IssueUnits", investors=wrong, units=["1", "2"])[-1]


def test_a_foreign_text_cannot_draw_on_the_terminal() -> None:
    definition = next(one for one in ACTIONS["regseal EvidenceLog"] if one.startswith("OpenLog"))
    message = {name: GRANTED[name] for name in ("commitment", "leaf", "nonce", "deadline")}
    message |= {"owner": "0x" + "01" * 16, "anchor": "0x" + "ab" * 20, "keyId": "0x" + "00" * 32}
    message["origin"] = "a\x1b[2K\u202eb"
    lines = describe(authorisation("regseal EvidenceLog", definition, message))
    assert "origin: a\\u001b[2K\\u202eb" in lines
    assert all(line.isprintable() for line in lines)
