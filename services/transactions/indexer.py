"""Reads final blocks and hands their events on, each once, whatever is killed meanwhile.

Per block with events there is one sequencer unit: all handlers of the block and the cursor commit together or not at
all. Listeners that joined later start at the deployment block and read up to the others; from there on they go
together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.platform import metrics
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.failpoints import hit
from services.platform.logging import get_logger
from services.transactions import cursor
from services.transactions.cursor import FinalityViolated, Position
from services.transactions.encoding import EventDecoder
from services.transactions.handlers import Handlers, Listener
from services.transactions.ports import Block, Chain, RawLog
from services.transactions.rules import bloom_has
from services.transactions.views import ChainEvent, Fence, Units

__all__ = ["Indexer", "LogsMissing"]

_log = get_logger("indexer")
_UNIT_SECONDS = 60
_DOUBTS = 5  # ticks in which an empty answer is doubted for the bloom's sake


class LogsMissing(RuntimeError):
    """A node announced a block whose logs it does not have yet; asked again at the next tick."""


@dataclass(frozen=True, slots=True)
class _Range:
    listeners: Sequence[str]
    blocks: Sequence[Block]


class Indexer:
    """The event indexer (事件索引) of one chain. ``tick()`` from one thread at a time."""

    def __init__(
        self,
        chain: Chain,
        database: Database,
        *,
        clock: Clock,
        units: Units,
        fence: Fence,
        handlers: Handlers,
        step: int = 200,
        until: int | None = None,
    ) -> None:
        """``until``: reads no block beyond this one (a recovery goes so far and no further)."""
        self._chain = chain
        self._database = database
        self._clock = clock
        self._units = units
        self._fence = fence
        self._handlers = handlers
        self._step = step
        self._until = until
        self._halted: FinalityViolated | None = None
        self._contracts = {chain.address(name).lower(): name for name in chain.contracts()}
        self._blooms = [bytes.fromhex(address[2:]) for address in self._contracts]
        self._doubts: dict[str, int] = {}
        self._verified: tuple[int, Position | None] | None = None
        self._all_read: tuple[int, frozenset[str]] | None = None  # a final block, and who has read up to it
        self._decoders = {name: EventDecoder(chain.abi(name)) for name in chain.contracts()}

    def tick(self, *, ranges: int = 5) -> int:
        """Reads up to ``ranges`` ranges of final blocks; the number of events handled.

        FinalityViolated for ever after the chain lost a block it called final; LogsMissing, ChainError: try again
        later.
        """
        if self._halted is not None:
            raise self._halted
        handled = 0
        for _ in range(ranges):
            found = self._next_range()
            if found is None:
                break
            handled += self._read(found)
        return handled

    # --- one range

    def _next_range(self) -> _Range | None:
        listeners = self._wanted()
        if not listeners:
            return None
        final = self._chain.final()
        final = final if self._until is None else min(final, self._until)
        asked = final, frozenset(listeners)
        if asked == self._all_read:  # cursors move here alone, in the one process that leads
            return None
        with self._database.read() as session:
            known = cursor.positions(session, self._chain.name)
        group, at, meeting = cursor.behind(known, listeners)
        if at is None or (final, at) != self._verified:  # nothing new to read: nothing to compare again
            self._verify(at)
            self._verified = final, at
        start = self._chain.first_block if at is None else at.block + 1
        self._measure(known, listeners, final)
        end = min(final, start + self._step - 1, final if meeting is None else meeting)
        if start > end:
            self._all_read = asked if at is not None and at.block >= final else None
            return None
        return _Range(group, self._blocks(start, end, at))

    def _wanted(self) -> Mapping[str, Listener]:
        return self._handlers.listeners(self._chain.name, self._decoders)

    def _verify(self, at: Position | None) -> None:
        if at is None:
            return
        block = self._chain.block(at.block)
        if block is None and self._chain.head() < at.block:
            # An endpoint that lags, or a chain that was reset: nothing to read either way; a reset fails the handshake.
            raise LogsMissing(f"{self._chain.name} is behind block {at.block}")
        if block is None or block.hash != at.hash:
            self._halt(at.block, at.hash, block.hash if block else None)

    def _blocks(self, start: int, end: int, at: Position | None) -> list[Block]:
        blocks: list[Block] = []
        parent = at.hash if at is not None and at.block == start - 1 else None
        for number in range(start, end + 1):
            block = self._chain.block(number)
            if block is None:
                raise LogsMissing(f"{self._chain.name} has no block {number} yet")
            if parent is not None and block.parent_hash != parent:
                self._halt(number - 1, parent, block.parent_hash)
            blocks.append(block)
            parent = block.hash
        return blocks

    def _halt(self, number: int, ours: str, theirs: str | None) -> None:
        self._halted = FinalityViolated(self._chain.name, number, ours, theirs)
        metrics.SELFAUDIT_MISMATCH.labels("chain").inc()
        _log.error("finality_violated", chain=self._chain.name, block=number, ours=ours, theirs=theirs)
        raise self._halted

    def _read(self, found: _Range) -> int:
        by_block = self._logs(found.blocks)
        handled, reached = 0, None
        for block in found.blocks:
            events = self._events(by_block.get(block.number, ()), block, found.listeners)
            reached = Position(block.number, block.hash, block.timestamp)
            if events:
                self._hand_on(found.listeners, events, reached)
                handled += len(events)
                reached = None
        if reached is not None:
            with self._database.write() as session:
                self._fence(session)
                self._move(session, found.listeners, reached, handled=False, now_ms=self._clock.ms())
        return handled

    def _logs(self, blocks: Sequence[Block]) -> dict[int, list[RawLog]]:
        """Every log of our contracts, once each, checked against the blocks by hash, and by bloom for gaps."""
        unique = {(log.block_hash, log.log_index): log for log in self._chain.logs(blocks[0].number, blocks[-1].number)}
        hashes = {block.number: block.hash for block in blocks}
        by_block: dict[int, list[RawLog]] = {}
        for log in sorted(unique.values(), key=lambda each: (each.block_number, each.log_index)):
            if hashes.get(log.block_number) != log.block_hash:
                raise LogsMissing(f"{self._chain.name}: a log of another block {log.block_number}")
            by_block.setdefault(log.block_number, []).append(log)
        for block in blocks:
            if block.number not in by_block:
                self._doubt(block)
        return by_block

    def _doubt(self, block: Block) -> None:
        """A lagging node answers with no logs instead of an error; the header's bloom tells.

        It may say yes wrongly, but never no.
        """
        if not any(bloom_has(block.bloom, address) for address in self._blooms):
            return
        asked = self._doubts.get(block.hash, 0) + 1
        self._doubts[block.hash] = asked
        if asked < _DOUBTS:
            raise LogsMissing(f"{self._chain.name}: block {block.number} promises logs that were not given")
        del self._doubts[block.hash]

    def _events(
        self, logs: Sequence[RawLog], block: Block, listeners: Sequence[str]
    ) -> list[tuple[Listener, ChainEvent]]:
        wanted = self._wanted()
        events = []
        for log in logs:
            event = self._decode(log, block)
            if event is not None:
                chosen = [wanted[name] for name in listeners]
                events += [
                    (each, event) for each in chosen if each.contract == event.contract and event.name in each.events
                ]
        return events

    def _decode(self, log: RawLog, block: Block) -> ChainEvent | None:
        contract = self._contracts.get(log.address.lower())
        decoded = self._decoders[contract].decode(log.topics, log.data) if contract is not None else None
        if contract is None or decoded is None:
            return None
        return ChainEvent(
            chain=self._chain.name,
            contract=contract,
            name=decoded[0],
            args=decoded[1],
            block_number=log.block_number,
            block_hash=log.block_hash,
            block_time=block.timestamp,
            tx_hash=log.tx_hash,
            transaction_index=log.transaction_index,
            log_index_in_block=log.log_index,
        )

    def _hand_on(
        self, listeners: Sequence[str], events: Sequence[tuple[Listener, ChainEvent]], reached: Position
    ) -> None:
        def unit(group: Any) -> None:
            for listener, event in events:
                if listener.handler is not None:
                    listener.handler(group, event)
            for listener in {each.name: each for each, _ in events}.values():
                if listener.block is not None:
                    listener.block(group, [event for each, event in events if each is listener])
            self._move(group.session, listeners, reached, handled=True, now_ms=group.now_ms)

        hit("indexer.before-unit")
        self._units.submit(unit).result(_UNIT_SECONDS)
        hit("indexer.after-unit")
        metrics.EVENT_CURSOR.labels(self._chain.name).set(reached.block)

    def _move(self, session: Any, listeners: Sequence[str], to: Position, *, handled: bool, now_ms: int) -> None:
        cursor.advance(session, self._chain.name, listeners, to, handled=handled, now_ms=now_ms)

    def _measure(self, known: Mapping[str, Position], listeners: Mapping[str, Listener], final: int) -> None:
        lowest = min((known[name].block for name in listeners if name in known), default=self._chain.first_block - 1)
        stream = self._chain.name
        metrics.EVENT_SCAN.labels(stream).set(lowest)
        metrics.EVENT_LAG.labels(stream).set(max(0, final - lowest))
