"""Transactions that wait for a block: per sender in nonce order, among senders in order of arrival. Memory only."""

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field

from chain.node.transaction import Refused, Transaction

__all__ = ["Account", "Pool"]

_MAX_TOTAL = 20_000
_MAX_GAP = 10_000
_BUMP_PERCENT = 10


@dataclass(frozen=True, slots=True)
class Account:
    """Of the state after the head."""

    nonce: int
    balance: int


@dataclass(slots=True)
class _Queue:
    next_nonce: int
    waiting: dict[int, tuple[int, Transaction]] = field(default_factory=dict)


class Pool:
    """The mempool. ``gas_limit`` is the block's."""

    def __init__(self, gas_limit: int) -> None:
        self._gas_limit = gas_limit
        self._queues: dict[str, _Queue] = {}
        self._by_hash: dict[str, Transaction] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._by_hash)

    def get(self, digest: str) -> Transaction | None:
        """A waiting transaction by its hash."""
        return self._by_hash.get(digest)

    def add(self, transaction: Transaction, account: Account) -> None:
        """Takes a transaction in. Raises Refused in the words of usual nodes."""
        self._check(transaction, account)
        queue = self._queues.setdefault(transaction.sender, _Queue(account.nonce))
        queue.next_nonce = max(queue.next_nonce, account.nonce)
        arrival, old = queue.waiting.get(transaction.nonce, (self._arrivals, None))
        if old is not None:
            _require_bump(old, transaction)
            del self._by_hash[old.hash]
        self._arrivals += 1
        queue.waiting[transaction.nonce] = (arrival, transaction)
        self._by_hash[transaction.hash] = transaction

    def _check(self, transaction: Transaction, account: Account) -> None:
        if transaction.hash in self._by_hash:
            raise Refused("already known")
        if transaction.nonce < account.nonce:
            raise Refused(f"nonce too low: next nonce {account.nonce}, tx nonce {transaction.nonce}")
        if transaction.nonce > account.nonce + _MAX_GAP:
            raise Refused(f"nonce too high: next nonce {account.nonce}, tx nonce {transaction.nonce}")
        if transaction.gas > self._gas_limit:
            raise Refused(f"exceeds block gas limit: {transaction.gas} of {self._gas_limit}")
        if transaction.cost > account.balance:
            raise Refused(
                f"insufficient funds for gas * price + value: balance {account.balance}, tx cost {transaction.cost}"
            )
        if len(self._by_hash) >= _MAX_TOTAL:
            raise Refused("txpool is full")

    def pending_nonce(self, sender: str, nonce: int) -> int:
        """The nonce after those that wait without a gap."""
        queue = self._queues.get(sender)
        while queue is not None and nonce in queue.waiting:
            nonce += 1
        return nonce

    def take(self, base_fee: int, most: int) -> list[Transaction]:
        """What the next block can hold, in its order: nonces without gap, gas within the block, base fee paid.

        They stay in the pool until `settle`.
        """
        heap = [
            (*queue.waiting[queue.next_nonce], sender)
            for sender, queue in self._queues.items()
            if queue.next_nonce in queue.waiting
        ]
        entries = [(arrival, sender, transaction) for arrival, transaction, sender in heap]
        heapq.heapify(entries)
        taken: list[Transaction] = []
        gas = 0
        while entries and len(taken) < most:
            _, sender, transaction = heapq.heappop(entries)
            if transaction.max_fee < base_fee or gas + transaction.gas > self._gas_limit:
                continue
            gas += transaction.gas
            taken.append(transaction)
            following = self._queues[sender].waiting.get(transaction.nonce + 1)
            if following is not None:
                heapq.heappush(entries, (following[0], sender, following[1]))
        return taken

    def has_work(self, base_fee: int) -> bool:
        """True when a block made now would hold a transaction."""
        return bool(self.take(base_fee, 1))

    def settle(self, mined: Iterable[Transaction], dropped: Iterable[Transaction]) -> None:
        """After a block: the mined ones leave and move their sender's nonce, the dropped ones just leave."""
        for transaction in mined:
            queue = self._queues[transaction.sender]
            queue.next_nonce = max(queue.next_nonce, transaction.nonce + 1)
            self._remove(transaction)
        for transaction in dropped:
            self._remove(transaction)

    def _remove(self, transaction: Transaction) -> None:
        self._by_hash.pop(transaction.hash, None)
        queue = self._queues.get(transaction.sender)
        if queue is None:
            return
        held = queue.waiting.get(transaction.nonce)
        if held is not None and (held[1] is transaction or transaction.nonce < queue.next_nonce):
            del queue.waiting[transaction.nonce]
            self._by_hash.pop(held[1].hash, None)
        if not queue.waiting:
            del self._queues[transaction.sender]


def _require_bump(old: Transaction, new: Transaction) -> None:
    for before, after in ((old.max_fee, new.max_fee), (old.tip, new.tip)):
        if after * 100 < before * (100 + _BUMP_PERCENT):
            raise Refused("replacement transaction underpriced")
