"""The address file: which contracts of ours live where on one chain, and the hash of the code found there."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from chain.errors import DeployError
from chain.party.durable import read_optional, write_json

__all__ = [
    "CONTRACTS",
    "REGISTER",
    "Addresses",
    "Contract",
    "Market",
    "Role",
    "contracts_of",
    "load_addresses",
    "save_addresses",
]

_EVERYWHERE = ("InstitutionRegistry", "EvidenceLog", "Calendar")


class Role(StrEnum):
    """What a chain is for: the national supervision chain (监管链), or a region's business chain (地方业务链)."""

    SUPERVISION = "supervision"
    BUSINESS = "business"


@dataclass(frozen=True, slots=True)
class Market:
    """What a register (登记簿) is deployed for, for good: its region (GB/T 2260) and maker-checker 经办复核."""

    region: int
    checked: bool


CONTRACTS: Mapping[Role, tuple[str, ...]] = {
    Role.SUPERVISION: (*_EVERYWHERE, "RulebookRegistry", "PilotLifecycle"),
    Role.BUSINESS: _EVERYWHERE,
}
"""The contracts of a chain, in the order in which they are deployed: each knows only earlier ones."""
REGISTER: tuple[str, ...] = ("RegisterLiens", "RegisterActions", "EquityRegister")
"""The contracts of a market's register (登记簿), which follow on the business chain of who runs a market."""


def contracts_of(role: Role, *, market: bool) -> tuple[str, ...]:
    """The contracts that a chain is to have, in the order of their deployment; ``market``: whether it has a market."""
    return (*CONTRACTS[role], *(REGISTER if market and role is Role.BUSINESS else ()))


@dataclass(frozen=True, slots=True)
class Contract:
    """A deployed contract: EIP-55 address, keccak256 of `eth_getCode` (immutables included), block of its creation."""

    address: str
    code_hash: str
    block: int


@dataclass(frozen=True, slots=True)
class Addresses:
    """``arguments`` is the keccak256 of each contract's encoded constructor arguments, 0x hex."""

    chain_id: int
    genesis: str
    contracts: Mapping[str, Contract]
    arguments: Mapping[str, str]


def load_addresses(path: Path) -> Addresses | None:
    """None when there is no such file. Raises DeployError when it cannot be read."""
    data = read_optional(path)
    if data is None:
        return None
    try:
        value = json.loads(data)
        return Addresses(
            chain_id=int(value["chain_id"]),
            genesis=str(value["genesis"]),
            contracts={
                name: Contract(str(one["address"]), str(one["code_hash"]), int(one["block"]))
                for name, one in value["contracts"].items()
            },
            arguments={name: str(digest) for name, digest in value.get("arguments", {}).items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DeployError(f"{path} is not an address file: {error!r}") from error


def save_addresses(path: Path, addresses: Addresses) -> None:
    """Writes the file at once or not at all."""
    write_json(path, asdict(addresses))
