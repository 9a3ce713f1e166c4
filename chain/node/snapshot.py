"""Snapshots of a replayed chain. They only shorten replay: one that is missing or does not fit is passed over."""

import gzip
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from chain.errors import NodeError
from chain.node.backend import Backend
from chain.node.driver import Block, Driver
from chain.node.failpoints import failpoint
from chain.party.durable import read_optional, write_json, write_private
from chain.proof.hashing import keccak256, sha256

__all__ = ["Snapshot", "latest", "restore", "take"]

_MANIFEST = "latest.json"
_ZERO = "0x" + 20 * "00"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """After block ``number``, whose journal entry ends at byte ``offset``; ``slots`` counts storage slots in use."""

    number: int
    hash: str
    offset: int
    slots: int
    file: str
    digest: str


def latest(folder: Path) -> Snapshot | None:
    """The manifest of the newest one, or None."""
    data = read_optional(folder / _MANIFEST)
    try:
        return None if data is None else Snapshot(**json.loads(data))
    except (ValueError, TypeError):
        return None


async def take(backend: Backend, folder: Path, offset: int) -> Snapshot:
    """Writes the state after the head of a chain that was just replayed up to a journal offset."""
    head = await Driver(backend).head()
    await _require_state(backend, head)
    dump = bytes.fromhex(str(await backend.call("anvil_dumpState")).removeprefix("0x"))
    name = f"{head.number}.state"
    snapshot = Snapshot(head.number, head.hash, offset, _count_slots(dump), name, sha256(dump).hex())
    write_private(folder / name, dump)
    failpoint("snapshot-written")
    write_json(folder / _MANIFEST, asdict(snapshot))
    failpoint("snapshot-published")
    _remove_others(folder, name)
    return snapshot


def _remove_others(folder: Path, name: str) -> None:
    for old in folder.glob("*.state"):
        if old.name != name:
            old.unlink()


async def restore(backend: Backend, folder: Path) -> Snapshot | None:
    """Loads the newest snapshot into a fresh EVM node. None: there is none that fits; the node must be started anew."""
    snapshot = latest(folder)
    data = None if snapshot is None else read_optional(folder / os.path.basename(snapshot.file))  # noqa: PTH119
    if snapshot is None or data is None or sha256(data).hex() != snapshot.digest:
        return None
    try:
        await backend.call("anvil_loadState", "0x" + data.hex())
        head = await Driver(backend).head()
        await _require_state(backend, head)
    except NodeError:
        return None
    return snapshot if (head.number, head.hash) == (snapshot.number, snapshot.hash) else None


async def _require_state(backend: Backend, head: Block) -> None:
    """The state in memory is the one the newest header commits to; otherwise it was changed between blocks."""
    proof = await backend.call("eth_getProof", _ZERO, [], "latest")
    nodes = proof["accountProof"]
    found = "0x" + keccak256(bytes.fromhex(nodes[0].removeprefix("0x"))).hex() if nodes else ""
    if found != head.state_root:
        raise NodeError(f"the state after block {head.number} is not the one of its header: somebody changed it")


def _count_slots(dump: bytes) -> int:
    accounts = json.loads(gzip.decompress(dump))["accounts"]
    return sum(len(account.get("storage") or {}) for account in accounts.values())
