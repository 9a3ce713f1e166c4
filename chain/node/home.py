"""The chain's folder: who it is (written once), where it answers, its lock.

chain.json      chain id, genesis (document and hash), port       endpoint.json   where it answers, while it runs
journal         the blocks (see chain.node.journal)               snapshots/      only shorten replay
lock            held by the one process                           anvil.log       the EVM node's last words
"""

import json
import secrets
import socket
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from chain.errors import NodeError
from chain.node.journal import Journal
from chain.party.durable import read_optional, write_json
from chain.party.evm import checksummed, parse_address

__all__ = ["GAS_LIMIT", "Home", "Identity", "is_free", "next_free_port"]

GAS_LIMIT = 300_000_000
_BALANCE = 10**27
_BASE_FEE = 10**9
_FIRST_PORT = 8545


@dataclass(frozen=True, slots=True)
class Identity:
    """``genesis``: the document given to the EVM node; ``hash``: block 0's, None before the first start."""

    chain_id: int
    genesis: dict[str, Any]
    hash: str | None
    port: int | None


class Home:
    """Paths and small files of one embedded chain."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.journal = Journal(path / "journal")
        self.snapshots = path / "snapshots"
        self.endpoint = path / "endpoint.json"
        self.genesis_file = path / "genesis.json"
        self._chain = path / "chain.json"

    def identity(self) -> Identity | None:
        """None for a new chain. Raises NodeError."""
        data = read_optional(self._chain)
        if data is None:
            if (self.path / "journal").exists():
                raise NodeError(f"{self.path} has a journal and no chain.json: restore it from a copy")
            return None
        try:
            value = json.loads(data)
            return Identity(value["chain_id"], value["genesis"], value["hash"], value["port"])
        except (ValueError, KeyError, TypeError) as error:
            raise NodeError(f"{self._chain} is damaged: {error!r}") from error

    def establish(self, chain_id: int, funded: Sequence[str], now: int) -> Identity:
        """The chain's identity, made when the home is new. Raises NodeError when another is asked for."""
        wanted = {checksummed(parse_address(address)) for address in funded}
        known = self.identity()
        if known is None:
            known = Identity(chain_id, _genesis(chain_id, sorted(wanted), now), None, None)
            self.save(known)
        if known.chain_id != chain_id:
            raise NodeError(f"{self.path} holds chain {known.chain_id}, not {chain_id}")
        if missing := wanted - known.genesis["alloc"].keys():
            raise NodeError(f"{self.path} was created without funds for {', '.join(sorted(missing))}")
        write_json(self.genesis_file, known.genesis)
        return known

    def pin(self, identity: Identity, found: str) -> Identity:
        """Notes the hash of block 0 at the first start."""
        if identity.hash is None:
            identity = replace(identity, hash=found)
            self.save(identity)
        return identity

    def save(self, identity: Identity) -> None:
        """Durably."""
        value = {
            "chain_id": identity.chain_id,
            "hash": identity.hash,
            "port": identity.port,
            "genesis": identity.genesis,
        }
        write_json(self._chain, value)


def _genesis(chain_id: int, funded: Sequence[str], now: int) -> dict[str, Any]:
    """Block 0. Its beneficiary is random, so two chains differ even when created in one second with the same id.

    Of the other fields that could tell chains apart anvil takes none over from a genesis document.
    """
    return {
        "config": {"chainId": chain_id, "cancunTime": 0, "terminalTotalDifficulty": 0},
        "timestamp": hex(now),
        "gasLimit": hex(GAS_LIMIT),
        "baseFeePerGas": hex(_BASE_FEE),
        "difficulty": "0x0",
        "coinbase": "0x" + secrets.token_hex(20),
        "alloc": {address: {"balance": hex(_BALANCE)} for address in funded},
    }


def is_free(port: int) -> bool:
    """True when this process could listen there now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def next_free_port(port: int | None) -> int:
    """The given port or the next free one above it. Raises NodeError after 100."""
    first = port or _FIRST_PORT
    for candidate in range(first, first + 100):
        if is_free(candidate):
            return candidate
    raise NodeError(f"no free port between {first} and {first + 99}")
