import contextlib
import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.node.pool import Account, Pool
from chain.node.transaction import Refused, Transaction

GAS_LIMIT = 1_000_000
RICH = Account(0, 10**27)
_made = itertools.count(1)


def transaction(sender: str = "a", nonce: int = 0, *, fee: int = 10, tip: int = 1, gas: int = 100_000) -> Transaction:
    return Transaction(b"", f"0x{next(_made):064x}", sender, 2, nonce, gas, fee, tip, b"", 0, b"")


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 6)), max_size=25))
def test_a_block_holds_each_sender_s_nonces_without_a_gap(arrivals: list[tuple[str, int]]) -> None:
    pool = Pool(10**9)
    for sender, nonce in arrivals:
        with contextlib.suppress(Refused):  # the same nonce again
            pool.add(transaction(sender, nonce), RICH)
    taken = pool.take(1, 100)
    for sender in "abc":
        nonces = [one.nonce for one in taken if one.sender == sender]
        assert nonces == list(range(len(nonces)))
        assert len(nonces) == pool.pending_nonce(sender, 0)
    pool.settle(taken, [])
    assert pool.take(1, 100) == []


def test_among_senders_the_first_to_arrive_comes_first() -> None:
    pool = Pool(GAS_LIMIT)
    order = [transaction("a", 0), transaction("b", 1), transaction("c", 0), transaction("b", 0), transaction("a", 1)]
    for one in order:
        pool.add(one, RICH)
    assert pool.take(1, 10) == [order[0], order[2], order[3], order[1], order[4]]


def test_a_block_stays_within_its_gas_and_its_base_fee() -> None:
    pool = Pool(GAS_LIMIT)
    for nonce in range(12):
        pool.add(transaction("a", nonce), RICH)
    pool.add(transaction("b", 0, fee=5), RICH)
    assert [one.nonce for one in pool.take(6, 100)] == list(range(10))
    assert pool.take(11, 100) == []


def test_nodes_usual_refusals() -> None:
    pool = Pool(GAS_LIMIT)
    first = transaction("a", 5, fee=100, tip=10)
    pool.add(first, Account(5, 10**27))
    for refused, account, words in [
        (first, Account(5, 10**27), "already known"),
        (transaction("a", 4), Account(5, 10**27), "nonce too low: next nonce 5, tx nonce 4"),
        (transaction("a", 99_999), Account(5, 10**27), "nonce too high"),
        (transaction("a", 6, gas=GAS_LIMIT + 1), Account(5, 10**27), "exceeds block gas limit"),
        (transaction("b", 0), Account(0, 999_999), "insufficient funds for gas"),
        (transaction("a", 5, fee=109, tip=11), Account(5, 10**27), "replacement transaction underpriced"),
        (transaction("a", 5, fee=110, tip=10), Account(5, 10**27), "replacement transaction underpriced"),
    ]:
        with pytest.raises(Refused, match=words):
            pool.add(refused, account)
    assert pool.take(1, 10) == [first]


def test_a_replacement_takes_its_predecessor_s_place() -> None:
    pool = Pool(GAS_LIMIT)
    old = transaction("a", 0)
    pool.add(old, RICH)
    pool.add(transaction("b", 0), RICH)
    new = replace(transaction("a", 0), max_fee=11, tip=2)
    pool.add(new, RICH)
    assert pool.take(1, 10)[0] is new
    assert pool.get(old.hash) is None
    assert len(pool) == 2


def test_a_transaction_mined_under_another_s_nonce_takes_the_waiting_one_along() -> None:
    pool = Pool(GAS_LIMIT)
    taken = transaction("a", 0)
    pool.add(taken, RICH)
    block = pool.take(1, 10)
    replacement = transaction("a", 0, fee=20, tip=2)
    pool.add(replacement, RICH)  # while the block is made
    pool.settle(block, [])
    assert len(pool) == 0
    assert pool.get(replacement.hash) is None


def test_a_dropped_transaction_leaves_a_gap_that_waits() -> None:
    pool = Pool(GAS_LIMIT)
    first, second = transaction("a", 0), transaction("a", 1)
    pool.add(first, RICH)
    pool.add(second, RICH)
    pool.settle([], [first])
    assert pool.take(1, 10) == []
    assert pool.pending_nonce("a", 0) == 0
    again = transaction("a", 0)
    pool.add(again, RICH)
    assert pool.take(1, 10) == [again, second]


def test_nonces_used_elsewhere_are_forgotten() -> None:
    pool = Pool(GAS_LIMIT)
    pool.add(transaction("a", 0), RICH)
    later = transaction("a", 3)
    pool.add(later, Account(3, 10**27))
    assert pool.take(1, 10) == [later]
