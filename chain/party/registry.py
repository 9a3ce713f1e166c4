"""The registry's acts that no institution asks for (机构登记合约): the root's, and a signer's own nonces.

What these commands do needs no gateway: whoever runs one can neither withhold nor delay them.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chain.party.eip712 import TypedData, check, integer
from chain.party.errors import ConfigError, ResponseRefused, RpcError, TypedDataError
from chain.party.evm import checksummed, parse_address
from chain.proof.encoding import to_hex
from chain.proof.hashing import keccak256

if TYPE_CHECKING:
    from chain.party.rpc import JsonRpc

REGISTRY = "InstitutionRegistry"
_DOMAIN = ("string name", "string version", "uint256 chainId", "address verifyingContract")
_PROPOSE = "ProposeRegionalAuthority"
_MEMBERS = ("uint32 region", "address authority", "uint256 nonce", "uint64 deadline")
_ERRORS = {
    "RegistryNotRoot(address)": "only the root's signature proposes a regional authority",
    "RegistryNoProposal(uint32)": "nothing is proposed for this region",
    "RegistryTooEarly(uint64)": "the proposal's delay is not over",
    "RegistryZero()": "the zero address is nobody's",
    "AuthorisationExpired(uint64,uint256)": "the deadline has passed",
    "AuthorisationUsed(address,uint256)": "this authorisation was used before, or cancelled",
    "AuthorisationInvalid(address)": "the signature is not the signer's over these words",
}
_SELECTORS = {to_hex(keccak256(name.encode())[:4]): text for name, text in _ERRORS.items()}


@dataclass(frozen=True, slots=True)
class Deployment:
    """A chain as its deployment file names it. ``contracts``: name → EIP-55 address."""

    chain_id: int
    genesis: str
    contracts: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Standing:
    """Who speaks for a region, and who is proposed: ``proposed`` takes effect at ``effective_at`` (Unix seconds)."""

    root: str
    delay: int
    authority: str | None
    proposed: str | None
    effective_at: int


def read_deployment(path: Path) -> Deployment:
    """ConfigError when it is none."""
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        contracts = {
            str(name): checksummed(parse_address(one["address"])) for name, one in dict(body["contracts"]).items()
        }
        contracts[REGISTRY]
        return Deployment(int(body["chain_id"]), str(body["genesis"]), contracts)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{path} is not a deployment file: {error}") from error


class Registry:
    """The registry at a node of the party's own choice. What the node answers is believed: choose it well."""

    def __init__(self, rpc: JsonRpc, deployment: Deployment) -> None:
        """ResponseRefused: the node is of another chain."""
        self.rpc = rpc
        self.deployment = deployment
        block = rpc.call("eth_getBlockByNumber", "0x0", False)
        found = block.get("hash") if isinstance(block, dict) else None
        if (rpc.call("eth_chainId"), found) != (hex(deployment.chain_id), deployment.genesis):
            raise ResponseRefused(rpc.url, "this node is of another chain than the deployment file")

    def standing(self, region: int) -> Standing:
        """What the contract says now."""
        word = _word(region)
        root, delay = self._view("root()"), self._view("delay()")
        authority, proposal = self._view("regionalAuthority(uint32)", word), self._view("proposal(uint32)", word)
        return Standing(
            _address(root[:32]) or "",
            int.from_bytes(delay[:32], "big"),
            _address(authority[:32]),
            _address(proposal[:32]),
            int.from_bytes(proposal[32:64], "big"),
        )

    def is_used(self, contract: str, signer: str, nonce: int) -> bool:
        """Whether the signer's authorisation with this nonce was used or cancelled at the contract."""
        data = _word(int(signer, 16)) + _word(nonce >> 8)
        bits = int.from_bytes(self._view("usedNonces(address,uint256)", data, contract), "big")
        return bool(bits >> (nonce & 255) & 1)

    def _view(self, signature: str, arguments: bytes = b"", contract: str = "") -> bytes:
        call = {"to": contract or self.deployment.contracts[REGISTRY], "data": to_hex(_selector(signature) + arguments)}
        answer = self.rpc.call("eth_call", call, "latest")
        if not isinstance(answer, str) or not re.fullmatch(r"0x([0-9a-f]{64})+", answer):
            raise ResponseRefused(self.rpc.url, f"no answer of {signature}")
        return bytes.fromhex(answer[2:])


def proposal(deployment: Deployment, region: int, authority: str, deadline: int) -> dict[str, Any]:
    """What the root signs to propose a region's authority (提名地区主管机关). ``deadline`` in Unix seconds."""
    domain = {
        "name": f"regseal {REGISTRY}",
        "version": "1",
        "chainId": deployment.chain_id,
        "verifyingContract": deployment.contracts[REGISTRY],
    }
    message = {"region": region, "authority": authority, "nonce": str(secrets.randbits(248)), "deadline": deadline}
    types = {"EIP712Domain": _typed(_DOMAIN), _PROPOSE: _typed(_MEMBERS)}
    return {"types": types, "primaryType": _PROPOSE, "domain": domain, "message": message}


def propose_call(document: object, signer: str, signature: bytes) -> bytes:
    """`proposeRegionalAuthority` with what was signed. TypedDataError when that is something else."""
    data = check(document)
    if data.struct() != f"{_PROPOSE}({','.join(_MEMBERS)})":
        raise TypedDataError("/primaryType", "not the proposal of a regional authority")
    nonce, deadline = nonce_of(data), integer(data.message["deadline"]) or 0
    padded = signature + bytes(-len(signature) % 32)
    words = (integer(data.message["region"]) or 0, int(str(data.message["authority"]), 16), 96)
    authorisation = (int(signer, 16), nonce, deadline, 128, len(signature))
    function = "proposeRegionalAuthority(uint32,address,(address,uint256,uint64,bytes))"
    return _selector(function) + b"".join(map(_word, (*words, *authorisation))) + padded


def activate_call(region: int) -> bytes:
    """`activateRegionalAuthority`: anybody may, once the delay is over."""
    return _selector("activateRegionalAuthority(uint32)") + _word(region)


def cancel_call(nonce: int) -> bytes:
    """`cancelNonces` for one nonce of whoever sends it."""
    return _selector("cancelNonces(uint256,uint256)") + _word(nonce >> 8) + _word(1 << (nonce & 255))


def nonce_of(data: TypedData) -> int:
    """The authorisation's nonce. TypedDataError when the document is none."""
    nonce = integer(data.message.get("nonce"))
    if nonce is None:
        raise TypedDataError("/message/nonce", "this document is no authorisation: it has no nonce")
    return nonce


def reason(error: RpcError) -> str:
    """A node's refusal in words, where it is one of the contract's own."""
    found = next(
        (text for selector, text in _SELECTORS.items() if selector in str(error) or selector in error.data), ""
    )
    return f"the contract refuses: {found}" if found else str(error)


def _typed(members: tuple[str, ...]) -> list[dict[str, str]]:
    return [dict(zip(("type", "name"), one.split(), strict=True)) for one in members]


def _selector(signature: str) -> bytes:
    return keccak256(signature.encode())[:4]


def _word(value: int) -> bytes:
    return value.to_bytes(32, "big")


def _address(word: bytes) -> str | None:
    return checksummed(word[12:]) if any(word) else None
