"""From sent to its end: receipts by every known hash, reorganisations, finality, and nonces that somebody else used.

Receipts are asked for by hash at each tick, never waited for from the event indexer: a missed event cannot hide a
mined transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import RevertError
from services.platform import metrics
from services.platform.failpoints import hit
from services.platform.logging import get_logger
from services.transactions import repository, steps
from services.transactions.desk import Desk
from services.transactions.models import AttemptRow, TransactionRow
from services.transactions.ports import Receipt
from services.transactions.rules import TransactionState
from services.transactions.signing import refusal

__all__ = ["Watcher"]

_log = get_logger("transactions")
_T = TransactionState


@dataclass(frozen=True, slots=True)
class _Seen:
    """A transaction in flight and the receipt of whichever attempt was mined."""

    row: TransactionRow
    hashes: frozenset[str]
    receipt: Receipt | None


class Watcher:
    """Looks after what is in flight. Remembers receipts, and how far a lost nonce was searched: a restart asks anew."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._searched: dict[str, int] = {}
        self._receipts: dict[str, Receipt] = {}

    def watch(self) -> frozenset[str]:
        """One look at everything in flight.

        Ids of transactions whose block was reorganised away and that must be sent again now.
        """
        with self._desk.database.read() as session:
            rows = repository.in_flight(session, self._desk.chain.name)
            attempts = repository.attempts(session, rows)
            scanned = self._desk.scanned(session)
        metrics.TX_PENDING.labels(self._desk.label).set(len(rows))
        if not rows:
            metrics.NONCE_GAP.labels(self._desk.label).set(0)
            return frozenset()
        # Both before the receipts: what these say of blocks up to here no longer changes, and a used nonce has one.
        final, latest = self._desk.chain.final(), self._desk.chain.nonce(self._desk.signer.address)
        seen = self._look(rows, attempts)
        lost = self._store(seen)
        self._settle(seen, final, scanned)
        self._find_lost_nonces([each for each in seen if each.receipt is None], final, latest)
        return lost

    def _look(self, rows: Sequence[TransactionRow], attempts: Mapping[str, Sequence[AttemptRow]]) -> list[_Seen]:
        hashes = {row.id: frozenset(attempt.hash for attempt in attempts[row.id]) for row in rows}
        found = self._known_receipts(frozenset().union(*hashes.values()))
        return [
            _Seen(row, hashes[row.id], next((found[each] for each in hashes[row.id] if each in found), None))
            for row in rows
        ]

    def _known_receipts(self, hashes: frozenset[str]) -> Mapping[str, Receipt]:
        """Those that exist. They may tell of much that was done: none is read again while its block is there."""
        known = {each: self._receipts[each] for each in hashes & self._receipts.keys()}
        hash_at = self._hashes({each.block_number for each in known.values()})
        stand = {each: one for each, one in known.items() if hash_at.get(one.block_number) == one.block_hash}
        self._receipts = stand | self._desk.chain.receipts(sorted(hashes - stand.keys()))
        return self._receipts

    # --- mined, moved, lost

    def _store(self, seen: Sequence[_Seen]) -> frozenset[str]:
        changed = [each for each in seen if _changed(each)]
        if not changed:
            return frozenset()

        def act(session: Session) -> frozenset[str]:
            return frozenset(each.row.id for each in changed if self._store_one(session, each))

        lost: frozenset[str] = self._desk.write(act)
        hit("transactions.after-mined")
        return lost

    def _store_one(self, session: Session, seen: _Seen) -> bool:
        """True when the transaction has lost its block."""
        row = repository.lock_transaction(session, seen.row.id)
        if row is None or row.state != seen.row.state or row.nonce != seen.row.nonce:
            return False
        now = self._desk.clock.ms()
        if seen.receipt is None:
            detail = {"block": row.block_number, "block_hash": row.block_hash}
            row.tx_hash = row.block_number = row.block_hash = None
            steps.advance(session, row, _T.SENT, action="reorganised", now_ms=now, detail=detail)
            return True
        receipt = seen.receipt
        row.tx_hash, row.block_number, row.block_hash = receipt.tx_hash, receipt.block_number, receipt.block_hash
        detail = {"hash": receipt.tx_hash, "block": receipt.block_number, "block_hash": receipt.block_hash}
        if row.state == _T.MINED:
            steps.note_on(session, row, "moved", now, detail)
        else:
            steps.advance(session, row, _T.MINED, action="mined", now_ms=now, detail=detail)
        return False

    # --- final

    def _settle(self, seen: Sequence[_Seen], final: int, scanned: int | None) -> None:
        mined = [(each, each.receipt) for each in seen if each.receipt and each.receipt.block_number <= final]
        stands = self._hashes({receipt.block_number for _, receipt in mined})
        settled = [each for each, receipt in mined if stands.get(receipt.block_number) == receipt.block_hash]
        good = [each for each in settled if each.receipt is not None and each.receipt.ok and _read(each, scanned)]
        if good:
            self._desk.write(partial(self._finish, good))
        for each in settled:
            if each.receipt is not None and not each.receipt.ok:
                reason, text = self._why(each.row)
                self._desk.refuse(each.row.id, _T.MINED, reason, text)

    def _hashes(self, numbers: Collection[int]) -> dict[int, str]:
        """Of the blocks that there are."""
        blocks = {number: self._desk.chain.block(number) for number in numbers}
        return {number: block.hash for number, block in blocks.items() if block is not None}

    def _finish(self, good: Sequence[_Seen], session: Session) -> None:
        for seen in good:
            row = repository.lock_transaction(session, seen.row.id)
            block_hash = seen.receipt.block_hash if seen.receipt else None
            if row is not None and (row.state, row.block_hash) == (_T.MINED, block_hash):
                detail = {"hash": row.tx_hash, "block": row.block_number}
                steps.advance(session, row, _T.FINAL, action="final", now_ms=self._desk.clock.ms(), detail=detail)

    def _why(self, row: TransactionRow) -> tuple[dict[str, Any], str]:
        """A mined revert's reason, by running the call again; the state has moved on, so it may have vanished."""
        try:
            self._desk.chain.gas(self._desk.signer.address, self._desk.target(row), self._desk.data(row.id))
        except RevertError as error:
            return refusal(error, "chain")
        return {"error": "Reverted", "args": {}, "stage": "chain"}, "Reverted()"

    # --- a nonce that is used, but by none of our known hashes

    def _find_lost_nonces(self, unseen: Sequence[_Seen], final: int, latest: int) -> None:
        """``latest``: the next nonce before receipts were asked for; else a block made in between looks like a loss."""
        nonces = [each.row.nonce for each in unseen if each.row.nonce is not None]
        metrics.NONCE_GAP.labels(self._desk.label).set(max(0, min(nonces, default=latest) - latest))
        for each in unseen:
            if each.row.nonce is not None and each.row.nonce < latest and each.row.state != _T.MINED:
                metrics.TX_STALE.labels(self._desk.chain.name).inc()
                self._search(each, final)

    def _search(self, seen: _Seen, final: int) -> None:
        """Looks through final blocks for the transaction of (our account, this nonce), a part at each tick."""
        policy, row = self._desk.policy, seen.row
        start = self._searched.get(row.id, max(0, (row.from_block or 0) - policy.look_back))
        end = min(final, start + policy.blocks_per_search - 1)
        for number in range(start, end + 1):
            user = self._user_of(row, number)
            if user is not None and user not in seen.hashes:
                self._displace(row, user, number)
                return
            if user is not None:  # ours after all: its receipt will follow
                _log.warning("receipt_missing", chain=row.chain, transaction=row.id, hash=user, block=number)
                return
            self._searched[row.id] = number + 1

    def _user_of(self, row: TransactionRow, number: int) -> str | None:
        block = self._desk.chain.block(number, transactions=True)
        ours = (each for each in block.transactions if each[1] == row.sender and each[2] == row.nonce) if block else ()
        return next((tx_hash for tx_hash, _, _ in ours), None)

    def _displace(self, row: TransactionRow, user: str, number: int) -> None:
        """The nonce went, finally, to a transaction that is not ours.

        Our bytes are void, so a fresh nonce doubles nothing.
        """
        self._searched.pop(row.id, None)
        _log.error("nonce_used_elsewhere", chain=row.chain, nonce=row.nonce, hash=user, block=number)

        def act(session: Session) -> None:
            fresh = repository.lock_transaction(session, row.id)
            if fresh is None or fresh.nonce != row.nonce or fresh.state not in (_T.SIGNED, _T.SENT):
                return
            detail = {"nonce": row.nonce, "used_by": user, "block": number}
            fresh.nonce = fresh.sender = fresh.from_block = None
            now = self._desk.clock.ms()
            steps.advance(session, fresh, _T.QUEUED, action="displaced", now_ms=now, detail=detail)

        self._desk.write(act)


def _changed(seen: _Seen) -> bool:
    if seen.receipt is None:
        return seen.row.state == _T.MINED
    return seen.row.state != _T.MINED or seen.row.block_hash != seen.receipt.block_hash


def _read(seen: _Seen, scanned: int | None) -> bool:
    """Final to the author only when its events are handled too: then the outcome is there to be read."""
    return scanned is None or seen.receipt is None or seen.receipt.block_number <= scanned
