"""EIP-712 documents of every authorisation in ``docs/spec/anchor.md`` and ``register.md``, from one table."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.party.eip712 import typed_data_hash
from chain.party.errors import TypedDataError
from chain.proof.hashing import keccak256
from services.platform.errors import Invalid
from services.transactions.encoding import json_safe

__all__ = ["OFF_CHAIN", "STRUCTS", "Domain", "Struct", "digest", "document", "new_nonce", "struct_of"]

# contract: (function, struct without the `uint256 nonce,uint64 deadline` that ends each)
_EVIDENCE = "bytes32 commitment,bytes32 leaf"
_TERMS = "uint8 form,uint16 kinds,uint32 cap,uint32 grandfathered,uint8 interval,bool subscriptionCounts,bytes16 basis"
_TRANSFER = "bytes16 security,bytes16 from,bytes16 to,uint80 units,uint8 reason"
_TABLE: Mapping[str, tuple[tuple[str, str], ...]] = {
    "InstitutionRegistry": (
        (
            "register",
            f"RegisterInstitution(bytes16 institution,uint8 kind,uint32 region,address authority,{_EVIDENCE})",
        ),
        ("setStatus", f"SetInstitutionStatus(bytes16 institution,uint8 status,{_EVIDENCE})"),
        ("replaceAuthority", f"ReplaceInstitutionAuthority(bytes16 institution,address authority,{_EVIDENCE})"),
        (
            "grantRole",
            f"GrantRole(bytes16 institution,address account,bytes32 role,uint32 region,uint64 expiresAt,{_EVIDENCE})",
        ),
        ("revokeRole", f"RevokeRole(address account,bytes32 role,uint32 region,{_EVIDENCE})"),
        ("proposeRegionalAuthority", "ProposeRegionalAuthority(uint32 region,address authority)"),
    ),
    "EvidenceLog": (
        ("open", f"OpenLog(string origin,bytes16 owner,address anchor,bytes32 keyId,{_EVIDENCE})"),
        ("rotate", f"RotateLog(bytes32 log,address anchor,bytes32 keyId,{_EVIDENCE})"),
        ("freeze", f"FreezeLog(bytes32 log,{_EVIDENCE})"),
        ("openSuccessor", f"OpenSuccessor(bytes32 log,string origin,address anchor,bytes32 keyId,{_EVIDENCE})"),
    ),
    "Calendar": (
        (
            "publishYear",
            f"PublishCalendarYear(uint32 region,uint16 year,uint256[2] working,uint256[2] trading,{_EVIDENCE})",
        ),
        ("closeDays", f"CloseCalendarDays(uint32 region,uint32[] numbers,bool working,bool trading,{_EVIDENCE})"),
    ),
    "RulebookRegistry": (
        (
            "activate",
            f"ActivateRulebook(bytes32 rulebook,uint32 region,string version,bytes32 log,bytes32 document,{_EVIDENCE})",
        ),
        ("retire", f"RetireRulebook(bytes32 rulebook,{_EVIDENCE})"),
    ),
    "PilotLifecycle": (
        (
            "open",
            (
                "OpenPilot(bytes16 project,bytes32 rulebook,bytes16 lead,bytes16 stream,string action,uint64 seq,"
                f"{_EVIDENCE})"
            ),
        ),
        ("step", f"PilotStep(bytes16 project,string action,uint64 value,uint64 seq,{_EVIDENCE})"),
    ),
    "EquityRegister": (
        (
            "openInvestor",
            f"OpenInvestor(bytes16 investor,uint8 kind,uint24 suitableUntil,uint16 addend,{_EVIDENCE})",
        ),
        (
            "openInvestors",
            f"OpenInvestors(bytes16[] investors,uint8[] kinds,uint24[] suitableUntil,uint16[] addends,{_EVIDENCE})",
        ),
        ("setSuitability", f"SetSuitability(bytes16 investor,uint24 until,{_EVIDENCE})"),
        ("setAddend", f"SetAddend(bytes16 investor,uint16 addend,{_EVIDENCE})"),
        (
            "openSecurity",
            f"OpenSecurity(bytes16 security,bytes16 issuer,uint32 issuerRegion,{_TERMS},{_EVIDENCE})",
        ),
        ("changeTerms", f"ChangeTerms(bytes16 security,{_TERMS},{_EVIDENCE})"),
        ("admit", f"AdmitSecurity(bytes16 security,uint80 capital,{_EVIDENCE})"),
        ("setState", f"SetSecurityState(bytes16 security,uint8 state,{_EVIDENCE})"),
        ("issue", f"IssueUnits(bytes16 security,bytes16[] investors,uint80[] units,{_EVIDENCE})"),
        ("transfer", f"TransferUnits({_TRANSFER},{_EVIDENCE})"),
        ("recount", f"RecountPosition(bytes16 security,bytes16 investor,{_EVIDENCE})"),
        (
            "encumber",
            (
                "OpenLien(bytes16 security,bytes16 investor,uint8 lien,uint80 units,uint40 since,uint24 until,"
                f"address secured,{_EVIDENCE})"
            ),
        ),
        ("release", f"ReleaseLien(bytes16 security,bytes16 investor,uint16 number,uint80 units,{_EVIDENCE})"),
        ("revokePledge", f"RevokePledge(bytes16 security,bytes16 investor,uint16 number,uint80 units,{_EVIDENCE})"),
        ("extend", f"ExtendLien(bytes16 security,uint16 number,uint24 until,{_EVIDENCE})"),
        ("enforce", f"EnforceLien(bytes16 security,uint16 number,bytes16 from,bytes16 to,uint80 units,{_EVIDENCE})"),
        ("transferPledged", f"TransferPledged({_TRANSFER},uint16 number,{_EVIDENCE})"),
        ("transferEstate", f"TransferEstate({_TRANSFER},uint176 lot,{_EVIDENCE})"),
        (
            "transferBatch",
            f"TransferBatch(bytes16 security,uint8 reason,bytes16[] from,bytes16[] to,uint80[] units,{_EVIDENCE})",
        ),
        ("confirm", f"ConfirmPositions(bytes16 security,bytes16[] investors,bool confirmed,{_EVIDENCE})"),
        ("setOfficer", f"SetOfficer(bytes16 security,bytes16 investor,bool serving,uint24 leftOn,{_EVIDENCE})"),
        (
            "bonus",
            (
                "PayBonus(bytes16 security,bytes16 action,uint32 numerator,uint32 denominator,bytes16[] investors,"
                f"{_EVIDENCE})"
            ),
        ),
        ("cancel", f"CancelUnits(bytes16 security,bytes16[] investors,uint80[] units,{_EVIDENCE})"),
    ),
}
_TAIL = (("uint256", "nonce"), ("uint64", "deadline"))
_DOMAIN = (("string", "name"), ("string", "version"), ("uint256", "chainId"), ("address", "verifyingContract"))


@dataclass(frozen=True, slots=True)
class Struct:
    """One action. ``fields``: (type, name) in the order of the type string, nonce and deadline included.

    ``function`` takes its signature; for ``PilotStep`` also ``gate`` does.
    """

    name: str
    contract: str
    function: str
    fields: tuple[tuple[str, str], ...]

    @property
    def type_string(self) -> str:
        """``encodeType`` of EIP-712; its keccak256 is the type hash that the contract emits."""
        return f"{self.name}({','.join(f'{kind} {name}' for kind, name in self.fields)})"

    @property
    def type_hash(self) -> bytes:
        """The contract emits it as ``action``."""
        return keccak256(self.type_string.encode())


@dataclass(frozen=True, slots=True)
class Domain:
    """Where a signature counts.

    One contract on one chain (a signature without its chain could be replayed on another).
    """

    contract: str
    chain_id: int
    address: str


def _parse(contract: str, function: str, text: str) -> Struct:
    name, _, inner = text.rstrip(")").partition("(")
    pairs = tuple((kind, field) for kind, _, field in (part.partition(" ") for part in inner.split(",")))
    return Struct(name, contract, function, pairs + _TAIL)


STRUCTS: Mapping[str, Struct] = {
    struct.name: struct
    for contract, rows in _TABLE.items()
    for struct in (_parse(contract, function, text) for function, text in rows)
}
"""Every action that a contract checks, by the name of its struct."""
OFF_CHAIN: Mapping[str, Struct] = {
    "RegisterFact": _parse("EquityRegister", "", f"RegisterFact(string subject,string act,{_EVIDENCE})")
}
"""What is signed in a contract's domain, so that it counts for no other, and never sent to it."""


def struct_of(name: str) -> Struct:
    """By its name. KeyError for an unknown one."""
    return STRUCTS.get(name) or OFF_CHAIN[name]


def new_nonce() -> int:
    """An unused unordered nonce: 256 random bits, so that parties need not ask each other."""
    return secrets.randbits(256)


def document(name: str, message: Mapping[str, Any], domain: Domain, *, nonce: int, deadline: int) -> dict[str, Any]:
    """The typed data that wallets and ``regseal sign`` show and sign, JSON-safe.

    Bytes in 0x hex, integers above 2^53−1 as decimal text.

    ``message`` has every field but nonce and deadline (Unix seconds, inclusive). Invalid names a missing, foreign or
    ill-formed field; KeyError for an unknown struct.
    """
    struct = struct_of(name)
    values = {**message, "nonce": nonce, "deadline": deadline}
    wanted = [field for _, field in struct.fields]
    for field in sorted(set(wanted) ^ set(values)):
        raise Invalid(field, f"{name} takes exactly {', '.join(wanted)}.")
    domain_values = (f"regseal {struct.contract}", "1", domain.chain_id, domain.address)
    doc = {
        "types": {"EIP712Domain": _members(_DOMAIN), name: _members(struct.fields)},
        "primaryType": name,
        "domain": {field: json_safe(value) for (_, field), value in zip(_DOMAIN, domain_values, strict=True)},
        "message": {field: json_safe(values[field]) for field in wanted},
    }
    digest(doc)
    return doc


def digest(doc: Mapping[str, Any]) -> bytes:
    """The 32 bytes that are signed: keccak256(0x1901 ‖ domain separator ‖ struct hash).

    Invalid names an ill-formed member.
    """
    try:
        return typed_data_hash(doc)
    except TypedDataError as error:
        raise Invalid(error.path.removeprefix("message."), f"The value is {error.reason}.") from None


def _members(fields: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "type": kind} for kind, name in fields]
