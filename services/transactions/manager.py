"""The transaction manager (交易管理器) of one chain and one key: a ``tick()`` expires, watches, signs and sends.

What is in the database decides, not what this process remembers. So a tick after kill -9 is a tick like any other,
except that the first one sends everything unmined again (a node forgets its pool) and checks that the chain still has
what it called final.
"""

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import ChainError, HandshakeError, RevertError
from services.platform import metrics
from services.platform.failpoints import hit
from services.platform.ids import new_id
from services.platform.logging import get_logger
from services.transactions import repository, steps
from services.transactions.cursor import FinalityViolated
from services.transactions.desk import Desk
from services.transactions.models import AttemptRow, TransactionRow
from services.transactions.rules import Fees, OperationState, TransactionState, bump, is_stale
from services.transactions.sending import send
from services.transactions.signing import replace, sign_next
from services.transactions.watching import Watcher

__all__ = ["Manager"]

_log = get_logger("transactions")
_BACKOFF_SECONDS = (1, 2, 4, 8, 15, 30)
_PER_TICK = 100
_STILL_S = 1.0
FILLER = "nonce-filler"


class Manager:
    """``tick()`` from one thread at a time, once a second or so."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watcher = Watcher(desk)
        self._failures = 0
        self._retry_at = 0.0
        self._started = False
        self._idle = False  # there was nothing to do at the last look
        self._head_at_send: dict[str, int] = {}
        self._halted: FinalityViolated | None = None
        self._on_its_way: dict[str, str] = {}
        self._moved_at = -_STILL_S

    @property
    def is_moving(self) -> bool:
        """Whether something on its way moved a moment ago: there will be more to see soon."""
        return bool(self._on_its_way) and time.monotonic() - self._moved_at < _STILL_S

    @property
    def idle(self) -> bool:
        """Nothing waits and nothing is in flight, as of the last tick."""
        return self._started and self._idle

    def tick(self) -> bool:
        """False when the chain did not answer; it is then left alone for 1 to 30 s. Nothing to do: it is not asked.

        FinalityViolated for ever, once it was seen.
        """
        if self._halted is not None:
            raise self._halted
        self.expire()
        if time.monotonic() < self._retry_at:
            return False
        try:
            self._work()
        except (HandshakeError, RevertError):
            raise  # answers, not absences: another chain, or a no that nobody above expects
        except ChainError as error:
            self._back_off(error)
            return False
        self._failures = 0
        return True

    def expire(self) -> int:
        """Ends operations whose authorisation lapsed before anything was signed for them. Needs no chain."""
        now_s = self._desk.clock.ms() // 1000
        with self._desk.database.read() as session:
            due = repository.due_operations(session, self._desk.chain.name, now_s, _PER_TICK)
        for operation_id in due:
            self._desk.settle(partial(self._expire, operation_id), operation_id)
        return len(due)

    # --- a tick

    def _work(self) -> None:
        if not self._started:
            self._check_history()
        idle = self._nothing_is_unfinished()
        if idle and self._idle and self._started:
            return
        self._idle = idle
        lost = self._watcher.watch()
        signed = sign_next(self._desk)
        if signed:
            hit("transactions.after-store")
        with self._desk.database.read() as session:
            rows = repository.in_flight(session, self._desk.chain.name)
            attempts = repository.attempts(session, rows)
        states = {row.id: row.state for row in rows}
        if states != self._on_its_way:
            self._on_its_way, self._moved_at = states, time.monotonic()
        if not rows:
            self._head_at_send.clear()
        else:
            latest = self._desk.chain.nonce(self._desk.signer.address)
            if not signed:
                self._fill_gap(rows, latest)
            self._send_due([row for row in rows if row.state != TransactionState.MINED], attempts, latest, lost)
        self._started = True

    def _nothing_is_unfinished(self) -> bool:
        """One small question, twice a second, in place of all those of a look that would find nothing."""
        with self._desk.database.read() as session:
            return not repository.has_unfinished(session, self._desk.chain.name)

    def _send_due(
        self,
        rows: Sequence[TransactionRow],
        attempts: Mapping[str, Sequence[AttemptRow]],
        latest: int,
        lost: frozenset[str],
    ) -> None:
        due = [(row, attempts[row.id][-1]) for row in rows if self._is_due(attempts[row.id][-1], row.id in lost)]
        if not due:
            return
        head = self._desk.chain.head()
        plain = []
        for row, attempt in due:
            if (
                row.id in lost
                or row.nonce != latest
                or not self._is_stuck(attempt, head)
                or not self._bump(row, attempt)
            ):
                plain.append(attempt)
        self._head_at_send.update({attempt.hash: head for attempt in plain})
        send(self._desk, plain)

    def _is_due(self, attempt: AttemptRow, lost: bool) -> bool:  # noqa: FBT001 (a fact of the attempt)
        if lost or not self._started:
            return True
        stale = is_stale(
            now_ms=self._desk.clock.ms(),
            sent_ms=attempt.sent_at,
            sends=attempt.sends,
            base_ms=self._desk.policy.stale_ms,
        )
        if stale and attempt.sent_at is not None:
            metrics.TX_STALE.labels(self._desk.chain.name).inc()
        return stale

    def _is_stuck(self, attempt: AttemptRow, head: int) -> bool:
        """Passed over although blocks were made: more fee may help. In a chain that stands still it would not."""
        moved = head > self._head_at_send.get(attempt.hash, head)
        return self._started and moved and attempt.sends >= self._desk.policy.sends_before_bump

    def _bump(self, row: TransactionRow, attempt: AttemptRow) -> bool:
        fees = bump(Fees(int(attempt.max_fee), int(attempt.priority_fee)), self._desk.chain.market())
        if fees.maximum > self._desk.policy.max_fee:
            return False
        replace(self._desk, row, attempt, fees)
        with self._desk.database.read() as session:
            newest = repository.attempts(session, [row])[row.id][-1]
        send(self._desk, [newest])
        return True

    # --- nonces

    def _check_history(self) -> None:
        """Halts when a transaction that was final is not on the chain any more; a node that only lags is no reason."""
        latest = self._desk.chain.nonce(self._desk.signer.address)
        with self._desk.database.read() as session:
            ended = repository.ended_on_chain(session, self._desk.chain.name, self._desk.signer.address, latest)
        for row in ended:
            number, ours = row.block_number or 0, row.block_hash or ""
            block = self._desk.chain.block(number)
            if block is not None and block.hash != ours:
                self._halted = FinalityViolated(self._desk.chain.name, number, ours, block.hash)
                _log.error("finality_violated", chain=row.chain, block=number, ours=ours, theirs=block.hash)
                raise self._halted

    def _fill_gap(self, rows: Sequence[TransactionRow], latest: int) -> None:
        """A nonce before our lowest that nobody holds would stop everything after it.

        A transfer of nothing to ourselves takes it.
        """
        lowest = min(row.nonce for row in rows if row.nonce is not None)
        address, chain = self._desk.signer.address, self._desk.chain.name
        if lowest <= latest or self._desk.chain.nonce(address, pending=True) >= lowest:
            return

        def act(session: Session) -> None:
            if repository.taken_nonces(session, chain, address, latest) & frozenset(range(latest, lowest)):
                return  # held by one of ours that was lost with its block; it is sent again
            _log.error("nonce_gap", chain=chain, signer=address, nonce=latest, lowest=lowest)
            now = self._desk.clock.ms()
            row = TransactionRow(id=new_id("tx", now), chain=chain, contract="", function="", args={}, data=b"")
            row.purpose, row.queue, row.state = FILLER, f"{FILLER}:{latest}", TransactionState.QUEUED
            row.created_at = row.updated_at = now
            repository.add(session, row)

        self._desk.write(act)

    # --- endings without a chain

    def _expire(self, operation_id: str, group: Any) -> None:
        repository.transaction_of(group.session, operation_id)  # locks go from transactions to operations, everywhere
        row = repository.lock_operation(group.session, operation_id)
        if row is None or row.state not in (OperationState.NEEDS_AUTHORISATION, OperationState.QUEUED):
            return
        reason = {"error": "Expired", "args": {"deadline": row.deadline}, "stage": "expired"}
        view = steps.end_operation(group.session, row, OperationState.EXPIRED, reason, group.now_ms)
        metrics.TX_REJECTED.labels("expired").inc()
        handler = self._desk.handlers.refusal(row.kind)
        if handler is not None:
            handler(group, view, "expired")

    def _back_off(self, error: ChainError) -> None:
        wait = _BACKOFF_SECONDS[min(self._failures, len(_BACKOFF_SECONDS) - 1)]
        self._retry_at = time.monotonic() + wait
        if not self._failures:
            _log.warning("chain_away", chain=self._desk.chain.name, reason=str(error), retry_in=wait)
        self._failures += 1
