"""Joins the parts into one running chain."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from aiohttp import web

from chain.errors import NodeError
from chain.node import snapshot as snapshots
from chain.node.driver import Driver
from chain.node.front import make_app
from chain.node.home import GAS_LIMIT, Home, Identity, is_free, next_free_port
from chain.node.pool import Pool
from chain.node.producer import Cadence, Producer
from chain.node.relay import Relay
from chain.node.replay import Replayed, Say, replay
from chain.node.shadow import MISMATCH
from chain.party.durable import write_json

__all__ = ["CLASS", "SLOT_LIMIT", "Options", "serve"]

CLASS = "embedded: single operator, not tamper-resistant"
SLOT_LIMIT = 300_000
_WARN_PERCENT = 80
_SNAPSHOT_BLOCKS = 5_000
_SNAPSHOT_TRANSACTIONS = 20_000
_SNAPSHOT_AT_START = 1_000
_WATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Options:
    """``port`` None: the one used before, else a free one. ``full_replay`` leaves snapshots aside."""

    chain_id: int
    funded: tuple[str, ...] = ()
    port: int | None = None
    cadence: Cadence = field(default_factory=Cadence)
    full_replay: bool = False
    snapshot_blocks: int = _SNAPSHOT_BLOCKS


class _Service:
    def __init__(
        self, home: Home, identity: Identity, replayed: Replayed, now: Callable[[], int], options: Options
    ) -> None:
        pool = Pool(GAS_LIMIT)
        self._home = home
        self._identity = identity
        self._options = options
        self._backend = replayed.backend
        self._slots = replayed.slots
        self._counted = 0
        self._pool = pool
        self._producer = Producer(Driver(replayed.backend), home.journal, pool, replayed.head, now, options.cadence)
        self._relay = Relay(replayed.backend, pool, identity.chain_id, self._producer.wake)
        self._producer.on_block = self._relay.on_block

    def status(self) -> dict[str, Any]:
        """What GET /status shows. Slots: counted at the last snapshot, plus the most that gas since could have paid."""
        head, slots = self._producer.head, self._slots + self._producer.slots_added
        return {
            "class": CLASS,
            "chain_id": self._identity.chain_id,
            "genesis": self._identity.hash,
            "head": {"number": head.number, "hash": head.hash, "timestamp": head.timestamp},
            "waiting": len(self._pool),
            "slots": {
                "estimate": slots,
                "limit": SLOT_LIMIT,
                "warning": slots * 100 >= SLOT_LIMIT * _WARN_PERCENT,
            },
        }

    async def run(self, port: int, stop: asyncio.Event, say: Say) -> None:
        """Serves until told to stop. Raises NodeError when the chain must not go on."""
        runner = web.AppRunner(make_app(self._relay, self.status), access_log=None, shutdown_timeout=1.0)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        url = f"http://127.0.0.1:{port}"
        endpoint = {"url": url, "chain_id": self._identity.chain_id, "genesis": self._identity.hash, "pid": os.getpid()}
        write_json(self._home.endpoint, endpoint)
        say(f"chain {self._identity.chain_id} at {url}, block {self._producer.head.number} ({CLASS})")
        try:
            await self._work(stop, say)
        finally:
            self._home.endpoint.unlink(missing_ok=True)
            await runner.cleanup()
            await self._relay.close()

    async def _work(self, stop: asyncio.Event, say: Say) -> None:
        producing = asyncio.create_task(self._producer.run())
        others = [asyncio.create_task(one) for one in (stop.wait(), self._watch_child(), self._watch_size(say))]
        await asyncio.wait([producing, *others], return_when=asyncio.FIRST_COMPLETED)
        self._producer.stop()
        failed = [task for task in others if task.done() and task.exception()]
        with contextlib.suppress(asyncio.CancelledError):
            if failed:
                producing.cancel()
            await producing
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        for task in failed:
            await task

    async def _watch_child(self) -> None:
        code = await self._backend.process.wait()
        raise NodeError(f"the EVM node ended ({code}); start again, the journal has everything")

    async def _watch_size(self, say: Say) -> None:
        """Has a snapshot made aside whenever a replay would take long."""
        while True:
            await asyncio.sleep(_WATCH_SECONDS)
            blocks, transactions = self._producer.blocks - self._counted, self._producer.transactions
            if blocks >= self._options.snapshot_blocks or transactions >= _SNAPSHOT_TRANSACTIONS:
                self._counted = self._producer.blocks
                self._producer.transactions = 0
                added = self._producer.slots_added
                await self._shadow(say)
                self._producer.slots_added -= added
                snapshot = snapshots.latest(self._home.snapshots)
                self._slots = snapshot.slots if snapshot else self._slots

    async def _shadow(self, say: Say) -> None:
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "chain.node.shadow", str(self._home.path), stderr=asyncio.subprocess.PIPE
        )
        try:
            _, words = await child.communicate()
        except asyncio.CancelledError:
            child.kill()
            await child.wait()
            raise
        if child.returncode == MISMATCH:
            raise NodeError(f"the chain cannot be replayed: {words.decode(errors='replace').strip()}")
        if child.returncode:
            say(f"no snapshot was made: {words.decode(errors='replace').strip()[-300:]}")


async def serve(home: Home, options: Options, now: Callable[[], int], stop: asyncio.Event, say: Say) -> None:
    """Replays, then serves until `stop`. The caller holds the folder. Raises NodeError."""
    identity = home.establish(options.chain_id, options.funded, now())
    port = _choose_port(identity, options, say)
    replayed = await replay(home, say, expected=identity.hash, use_snapshot=not options.full_replay)
    try:
        identity = home.pin(identity, replayed.genesis)
        if identity.port != port:
            identity = replace(identity, port=port)
            home.save(identity)
        home.journal.recover(replayed.end)
        if replayed.open is not None:
            home.journal.done(replayed.open.number, replayed.open.hash)
        if replayed.replayed >= _SNAPSHOT_AT_START:
            taken = await snapshots.take(replayed.backend, home.snapshots, home.journal.end)
            replayed = replace(replayed, slots=taken.slots)
        await _Service(home, identity, replayed, now, options).run(port, stop, say)
    finally:
        home.journal.close()
        await replayed.backend.stop()


def _choose_port(identity: Identity, options: Options, say: Say) -> int:
    """The port asked for or none; else the one of before, or the next free one with a word about it."""
    if options.port is not None:
        if not is_free(options.port):
            raise NodeError(f"port {options.port} is in use: stop what listens there, or give another --port")
        return options.port
    port = next_free_port(identity.port)
    if identity.port is not None and port != identity.port:
        say(f"port {identity.port} is in use, the chain answers on {port} from now on")
    return port
