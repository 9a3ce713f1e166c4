"""Brings the contracts onto a chain once, however often and however interrupted it is called.

Each creation is signed and noted beside the address file before it is sent. A second run looks for the receipts of what
was noted, sends the same bytes again or, once the address file names every contract, nothing at all. Contracts that
came with a later version are added to those that stand; those are never replaced. The deployer keeps no right in the
contracts (docs/spec/anchor.md).
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rlp
from eth_abi.abi import encode
from eth_account import Account

from chain.addresses import Addresses, Contract, Market, Role, contracts_of, load_addresses, save_addresses
from chain.artifacts import load
from chain.errors import DeployError, EndpointError, HandshakeError
from chain.party.durable import read_optional, write_json
from chain.party.errors import PartyError, RpcError
from chain.party.evm import checksummed, parse_address
from chain.party.rpc import JsonRpc
from chain.proof.hashing import keccak256

__all__ = ["create_address", "deploy_all"]

_RECEIPT_SECONDS = 120.0
_POLL_SECONDS = 0.05
_PRIORITY_FEE = 10**9  # wei

REGISTRY = "InstitutionRegistry"
BOOK = "EquityRegister"
_MARKET = (REGISTRY, "Calendar", "region", "checked")
_KNOWS: Mapping[str, tuple[str, ...]] = {
    "EvidenceLog": (REGISTRY,),
    "Calendar": (REGISTRY,),
    "RulebookRegistry": (REGISTRY,),
    "PilotLifecycle": (REGISTRY, "Calendar", "RulebookRegistry", "EvidenceLog"),
    "RegisterLiens": _MARKET,
    "RegisterActions": _MARKET,
    BOOK: (*_MARKET, "RegisterLiens", "RegisterActions"),
}
"""Of which contracts a constructor takes the addresses, and which facts of the market."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A contract to deploy: creation code with the encoded arguments behind it."""

    name: str
    data: bytes
    arguments: str


def create_address(deployer: bytes, nonce: int) -> bytes:
    """Where CREATE puts a contract: the last 20 bytes of keccak256(rlp([deployer, nonce]))."""
    return keccak256(rlp.encode([deployer, nonce]))[12:]


def deploy_all(  # noqa: PLR0917 -- a deployment is these six facts
    endpoint: str,
    deployer_key: bytes,
    root: str,
    regional: Mapping[int, str],
    delay: int,
    out: Path,
    *,
    role: Role = Role.SUPERVISION,
    market: Market | None = None,
) -> Addresses:
    """Deploys InstitutionRegistry(root, delay, regions, authorities) and what builds on it, or confirms what stands.

    ``regional``: region code → address of its authority; ``delay`` in seconds; ``out`` is the address file; ``role``
    says which contracts the chain has; with a ``market`` a business chain has its register too.

    Raises:
        HandshakeError: the address file belongs to another chain, or other code stands at its addresses.
        DeployError: deployed with other arguments, or a creation failed.
        EndpointError: the endpoint does not answer; run again.
    """
    try:
        return _Deployment(JsonRpc(endpoint, timeout=30), deployer_key, out).run(
            root, regional, delay, role=role, market=market
        )
    except RpcError as error:
        raise DeployError(f"{endpoint} refused: {error}") from error
    except PartyError as error:
        raise EndpointError(str(error)) from error


class _Deployment:
    """One run. ``pending`` notes the signed creations of this run and of interrupted ones."""

    def __init__(self, rpc: JsonRpc, key: bytes, out: Path) -> None:
        self._rpc = rpc
        self._account = Account.from_key(key)
        self._out = out
        self._pending = out.with_name(f"{out.name}.pending")
        self._chain_id = int(rpc.call("eth_chainId"), 16)
        self._genesis = str(rpc.call("eth_getBlockByNumber", "0x0", False)["hash"])

    def run(
        self, root: str, regional: Mapping[int, str], delay: int, *, role: Role, market: Market | None
    ) -> Addresses:
        regions = sorted(regional)
        registry = _wanted(REGISTRY, [root, delay, regions, [regional[region] for region in regions]])
        known = load_addresses(self._out)
        if known is not None:
            self._confirm(known, registry, market)
        contracts = dict(known.contracts) if known else {}
        arguments = dict(known.arguments) if known else {}
        missing = [name for name in contracts_of(role, market=market is not None) if name not in contracts]
        if known is not None and not missing:
            self._pending.unlink(missing_ok=True)
            return known
        noted = self._noted()
        for name in missing:
            wanted = registry if name == REGISTRY else _wanted(name, _arguments(name, contracts, market))
            contracts[name], arguments[name] = self._create(wanted, noted), wanted.arguments
        done = Addresses(self._chain_id, self._genesis, contracts, arguments)
        save_addresses(self._out, done)
        self._pending.unlink()
        return done

    def _confirm(self, known: Addresses, registry: _Wanted, market: Market | None) -> None:
        """What the file says must be what the chain has, and registry and register what is asked for."""
        self._require_this_chain(self._out, known.chain_id, known.genesis)
        if known.arguments.get(REGISTRY) != registry.arguments:
            raise DeployError(f"{self._out} tells of a registry deployed with other arguments; they cannot be changed")
        for name, contract in known.contracts.items():
            found = self._code_hash(contract.address)
            if found != contract.code_hash:
                raise HandshakeError(f"code of {name} at {contract.address}", contract.code_hash, found)
        if market is not None and BOOK in known.contracts:
            self._confirm_market(known.contracts[BOOK].address, market)

    def _confirm_market(self, register: str, market: Market) -> None:
        for fact, wanted in (("region", market.region), ("checked", int(market.checked))):
            call = {"to": register, "data": "0x" + keccak256(f"{fact}()".encode())[:4].hex()}
            found = int(str(self._rpc.call("eth_call", call, "latest")), 16)
            if found != wanted:
                raise DeployError(f"{BOOK} at {register} was deployed with {fact} {found}, not {wanted}, for good")

    def _noted(self) -> dict[str, Any]:
        """The creations signed by interrupted runs on this chain by this deployer."""
        data = read_optional(self._pending)
        if data is not None:
            noted: dict[str, Any] = json.loads(data)
            self._require_this_chain(self._pending, noted["chain_id"], noted["genesis"])
            if noted["deployer"] == self._account.address:
                return noted
        mine = {"chain_id": self._chain_id, "genesis": self._genesis, "deployer": self._account.address}
        return {**mine, "creations": {}}

    def _create(self, wanted: _Wanted, noted: dict[str, Any]) -> Contract:
        """Sends the creation unless it was mined before, and waits for it."""
        creation = noted["creations"].get(wanted.name)
        if creation is None or creation["data"] != _hash(wanted.data) or self._is_lost(creation):
            creation = self._sign(wanted)
            noted["creations"][wanted.name] = creation
            write_json(self._pending, noted)
        receipt = self._receipt(creation["hash"]) or self._send(creation)
        if int(receipt["status"], 16) != 1:
            raise DeployError(f"the creation of {wanted.name} was reverted in {creation['hash']}")
        address = checksummed(create_address(parse_address(self._account.address), creation["nonce"]))
        return Contract(address, self._code_hash(address), int(receipt["blockNumber"], 16))

    def _sign(self, wanted: _Wanted) -> dict[str, Any]:
        fee = int(self._rpc.call("eth_getBlockByNumber", "latest", False).get("baseFeePerGas") or "0x0", 16)
        call = {"from": self._account.address, "data": "0x" + wanted.data.hex()}
        nonce = self._count("pending")
        transaction = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": nonce,
            "gas": int(self._rpc.call("eth_estimateGas", call), 16) * 11 // 10,
            "maxPriorityFeePerGas": _PRIORITY_FEE,
            "maxFeePerGas": 2 * fee + _PRIORITY_FEE,
            "value": 0,
            "data": wanted.data,
        }
        signed = self._account.sign_transaction(transaction)
        raw = bytes(signed.raw_transaction)
        return {"nonce": nonce, "data": _hash(wanted.data), "raw": "0x" + raw.hex(), "hash": _hash(raw)}

    def _send(self, creation: Mapping[str, Any]) -> dict[str, Any]:
        """Sends the noted bytes (again) and gives the receipt. Raises DeployError when it does not come in time."""
        try:
            self._rpc.call("eth_sendRawTransaction", creation["raw"])
        except RpcError as error:
            if not _is_known(error):
                raise
        deadline = time.monotonic() + _RECEIPT_SECONDS
        while (receipt := self._receipt(creation["hash"])) is None:
            if time.monotonic() > deadline:
                raise DeployError(f"{creation['hash']} is not mined after {_RECEIPT_SECONDS:.0f} s; run again")
            time.sleep(_POLL_SECONDS)
        return receipt

    def _is_lost(self, creation: Mapping[str, Any]) -> bool:
        """True when another transaction used up the nonce."""
        return self._receipt(creation["hash"]) is None and self._count("latest") > creation["nonce"]

    def _receipt(self, digest: str) -> dict[str, Any] | None:
        receipt: dict[str, Any] | None = self._rpc.call("eth_getTransactionReceipt", digest)
        return receipt

    def _count(self, block: str) -> int:
        return int(self._rpc.call("eth_getTransactionCount", self._account.address, block), 16)

    def _code_hash(self, address: str) -> str:
        code = bytes.fromhex(str(self._rpc.call("eth_getCode", address, "latest")).removeprefix("0x"))
        if not code:
            raise HandshakeError("contract", f"code at {address}", "none")
        return _hash(code)

    def _require_this_chain(self, file: Path, chain_id: int, genesis: str) -> None:
        if (chain_id, genesis) != (self._chain_id, self._genesis):
            raise HandshakeError(
                f"chain of {file}", f"{chain_id} with genesis {genesis}", f"{self._chain_id} with {self._genesis}"
            )


def _arguments(name: str, contracts: Mapping[str, Contract], market: Market | None) -> list[object]:
    facts: Mapping[str, object] = {} if market is None else {"region": market.region, "checked": market.checked}
    return [facts[one] if one in facts else contracts[one].address for one in _KNOWS[name]]


def _wanted(name: str, arguments: Sequence[object]) -> _Wanted:
    artifact = load(name)
    constructor = next(entry for entry in artifact.abi if entry["type"] == "constructor")
    encoded = encode([parameter["type"] for parameter in constructor["inputs"]], arguments)
    return _Wanted(name, artifact.creation + encoded, _hash(encoded))


def _hash(data: bytes) -> str:
    return "0x" + keccak256(data).hex()


def _is_known(error: RpcError) -> bool:
    """Nodes word it differently; all mean that these very bytes are already there."""
    words = str(error).lower()
    return "already known" in words or "already imported" in words or "known transaction" in words
