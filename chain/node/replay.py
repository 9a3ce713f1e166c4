"""Brings a fresh EVM node to the end of the journal, comparing every block hash on the way."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from chain.errors import NodeError
from chain.node import snapshot as snapshots
from chain.node.backend import Backend, Call
from chain.node.driver import Block, Driver, mining_calls, to_block
from chain.node.home import GAS_LIMIT, Home
from chain.node.journal import Planned

__all__ = ["Replayed", "replay"]

Say = Callable[[str], None]

_BLOCKS_AT_ONCE = 256


@dataclass(frozen=True, slots=True)
class Replayed:
    """The node at ``head``; ``end``: of the journal's last whole entry; ``open``: a block whose result is not noted.

    ``genesis`` is the hash of block 0, ``replayed`` the number of blocks mined again.
    """

    backend: Backend
    head: Block
    genesis: str
    end: int
    open: Block | None
    replayed: int
    slots: int


async def replay(
    home: Home, say: Say, *, expected: str | None, use_snapshot: bool = True, aside: bool = False
) -> Replayed:
    """Starts an EVM node and replays the journal.

    ``expected`` is the hash of block 0 when it is known; ``aside``: another process is writing the journal, so only
    blocks with a noted result are taken. Raises NodeError when any block comes out otherwise than it was
    noted: then the files were changed, or the EVM node is not the one that made them.
    """
    home.snapshots.mkdir(mode=0o700, exist_ok=True)
    log = home.path / ("anvil.shadow.log" if aside else "anvil.log")
    backend = await Backend.start(log, home.genesis_file, GAS_LIMIT)
    try:
        snapshot = await snapshots.restore(backend, home.snapshots) if use_snapshot else None
        if use_snapshot and snapshot is None and snapshots.latest(home.snapshots) is not None:
            say("replaying from the first block: no snapshot fits")
            await backend.stop()
            backend = await Backend.start(log, home.genesis_file, GAS_LIMIT)
        genesis = to_block(await backend.call("eth_getBlockByNumber", "0x0", False)).hash
        _require_genesis(expected, genesis)
        return await _replay(home, backend, genesis, snapshot, noted_only=aside)
    except BaseException:
        await backend.stop()
        raise


def _require_genesis(expected: str | None, found: str) -> None:
    if expected is not None and found != expected:
        raise NodeError(f"block 0 is {found}, this chain began with {expected}: was anvil replaced?")


async def _replay(
    home: Home, backend: Backend, genesis: str, snapshot: snapshots.Snapshot | None, *, noted_only: bool
) -> Replayed:
    driver = Driver(backend)
    start = snapshot.offset if snapshot else 0
    head, end, unnoted, count = await driver.head(), start, None, 0
    blocks = (plan for plan in home.journal.blocks(start) if plan.hash is not None or not noted_only)
    while part := list(islice(blocks, _BLOCKS_AT_ONCE)):
        for plan, block in zip(part, await _mine_all(backend, part), strict=True):
            _require_equal(home.path, plan, block, head)
            head, end, count = block, plan.end, count + 1
            unnoted = block if plan.hash is None else None
    return Replayed(backend, head, genesis, end, unnoted, count, snapshot.slots if snapshot else 0)


async def _mine_all(backend: Backend, plans: Iterable[Planned]) -> list[Block]:
    calls: list[Call] = []
    places: list[int] = []
    for plan in plans:
        calls += [("eth_sendRawTransaction", [raw]) for raw in plan.transactions]
        places.append(len(calls) + 2)
        calls += mining_calls(plan.timestamp)
    answers = await backend.sequence(calls)
    return [to_block(answers[place]) for place in places]


def _require_equal(home: Path, plan: Planned, block: Block, parent: Block) -> None:
    if plan.number != parent.number + 1 or (block.number, block.parent) != (plan.number, parent.hash):
        raise NodeError(f"{home}: block {plan.number} of the journal does not follow block {parent.number}")
    if plan.hash is not None and plan.hash != block.hash:
        raise NodeError(
            f"{home}: block {plan.number} was {plan.hash} and replays as {block.hash}. The state was changed past the "
            "journal, the journal was changed, or anvil is another version. Nothing was written"
        )
