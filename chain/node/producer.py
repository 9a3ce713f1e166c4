"""Extends the chain: plans what waits, makes the plan durable, mines it, notes the result."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass

from chain.errors import NodeError
from chain.node.driver import Block, Driver
from chain.node.failpoints import failpoint
from chain.node.journal import Journal
from chain.node.pool import Pool
from chain.node.timing import next_timestamp, wait_seconds
from chain.node.transaction import Transaction

__all__ = ["Cadence", "Producer"]

_MOST = 2_000
_SLOT_GAS = 22_100
_CALL_GAS = 21_000


@dataclass(frozen=True, slots=True)
class Cadence:
    """``heartbeat``: seconds after which an empty block is made; ``window``: seconds in which work gathers."""

    heartbeat: float = 60.0
    window: float = 0.1


class Producer:
    """The one writer of the journal. ``now`` gives Unix seconds."""

    def __init__(  # noqa: PLR0917 -- the parts it joins
        self, driver: Driver, journal: Journal, pool: Pool, head: Block, now: Callable[[], int], cadence: Cadence
    ) -> None:
        self._driver = driver
        self._journal = journal
        self._pool = pool
        self._now = now
        self._cadence = cadence
        self._last = time.monotonic()
        self._wake = asyncio.Event()
        self._stopping = False
        self.head = head
        self.blocks = 0
        self.transactions = 0
        self.slots_added = 0
        self.on_block: Callable[[], None] = lambda: None

    def wake(self) -> None:
        """Tells that something may be waiting in the pool."""
        self._wake.set()

    def stop(self) -> None:
        """Ends `run` after the block in hand."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Makes blocks until stopped. Raises NodeError when the chain must not go on."""
        while not self._stopping:
            if self._pool.has_work(self.head.next_base_fee):
                await self._gather()
                await self.make_block()
            elif time.monotonic() - self._last >= self._cadence.heartbeat:
                await self.make_block()
            else:
                await self._sleep_until_work()

    async def _sleep_until_work(self) -> None:
        self._wake.clear()
        left = self._cadence.heartbeat - (time.monotonic() - self._last)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), max(0.0, left))

    async def _gather(self) -> None:
        """Lets work gather, and keeps timestamps near the clock."""
        since = time.monotonic() - self._last
        wait = wait_seconds(self.head.timestamp, self._now(), since)
        await asyncio.sleep(max(wait, self._cadence.window))

    async def make_block(self) -> Block:
        """One block of what waits, possibly empty."""
        parent = self.head
        planned, refused = await self._submit(self._pool.take(parent.next_base_fee, _MOST))
        timestamp = next_timestamp(parent.timestamp, self._now())
        raws = ["0x" + transaction.raw.hex() for transaction in planned]
        await asyncio.to_thread(self._journal.plan, parent.number + 1, timestamp, raws)
        block = await self._driver.mine(timestamp, parent)
        failpoint("mined")
        self._journal.done(block.number, block.hash)
        failpoint("done-written")
        self._settle(block, planned, refused)
        return block

    async def _submit(self, taken: list[Transaction]) -> tuple[list[Transaction], list[Transaction]]:
        """Hands over; (accepted, refused). After a refusal the sender's later nonces must not go in."""
        refused: list[Transaction] = []
        while True:
            answers = await self._driver.submit(["0x" + one.raw.hex() for one in taken])
            failed = {one.sender: one for one, answer in reversed(list(zip(taken, answers, strict=True))) if answer}
            if not failed:
                return taken, refused
            await self._driver.forget()
            refused += failed.values()
            taken = [one for one in taken if one.sender not in failed or one.nonce < failed[one.sender].nonce]

    def _settle(self, block: Block, planned: list[Transaction], refused: list[Transaction]) -> None:
        included = set(block.transactions)
        mined = [one for one in planned if one.hash in included]
        if [one.hash for one in mined] != list(block.transactions):
            raise NodeError(
                f"block {block.number} holds other transactions than were planned. Restart: the journal decides"
            )
        self._pool.settle(mined, [*refused, *(one for one in planned if one.hash not in included)])
        self.head = block
        self.blocks += 1
        self.transactions += len(mined)
        self.slots_added += max(0, block.gas_used - _CALL_GAS * len(mined)) // _SLOT_GAS
        self._last = time.monotonic()
        self.on_block()
