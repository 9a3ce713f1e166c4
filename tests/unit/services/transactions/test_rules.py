"""The state tables and small decisions of the transaction manager."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.hashing import keccak256
from services.transactions.rules import (
    ENDED,
    IN_FLIGHT,
    OPERATION_MOVES,
    OPERATION_OF,
    TRANSACTION_MOVES,
    Answer,
    Fees,
    IllegalMove,
    OperationState,
    TransactionState,
    bloom_has,
    bump,
    classify,
    free_nonces,
    gas_limit,
    is_stale,
    move,
)


def test_ended_operations_go_nowhere() -> None:
    assert {state for state, following in OPERATION_MOVES.items() if not following} == ENDED


def test_every_transaction_move_is_a_move_of_its_operation() -> None:
    for state, following in TRANSACTION_MOVES.items():
        for wanted in following & OPERATION_OF.keys():
            before, after = OPERATION_OF[state], OPERATION_OF[wanted]
            crosses_mined = state in IN_FLIGHT and wanted is TransactionState.MINED
            assert before == after or after in OPERATION_MOVES[before] or crosses_mined, (state, wanted)


def test_a_signed_transaction_is_never_refused_before_it_is_mined() -> None:
    for state in (TransactionState.SIGNED, TransactionState.SENT):
        for wanted in (TransactionState.REFUSED, TransactionState.WITHDRAWN):
            with pytest.raises(IllegalMove):
                move(TRANSACTION_MOVES, state, wanted)


@pytest.mark.parametrize("state", sorted(ENDED))
@given(wanted=st.sampled_from(OperationState))
def test_nothing_follows_an_end(state: OperationState, wanted: OperationState) -> None:
    with pytest.raises(IllegalMove):
        move(OPERATION_MOVES, state, wanted)


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (None, Answer.ACCEPTED),
        ("already known", Answer.KNOWN),
        ("transaction already imported", Answer.KNOWN),
        ("Known transaction", Answer.KNOWN),
        ("ALREADY_EXISTS: already known", Answer.KNOWN),
        ("AlreadyInTxPool", Answer.KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", Answer.NONCE_TOO_LOW),
        ("Nonce too low", Answer.NONCE_TOO_LOW),
        ("replacement transaction underpriced", Answer.UNDERPRICED),
        ("max fee per gas less than block base fee", Answer.UNDERPRICED),
        ("insufficient funds for gas * price + value", Answer.NO_FUNDS),
        ("Upfront cost exceeds account balance", Answer.NO_FUNDS),
        ("intrinsic gas too low", Answer.REJECTED),
        ("", Answer.REJECTED),
    ],
)
def test_what_a_node_says_is_understood(error: str | None, answer: Answer) -> None:
    assert classify(error) is answer


@given(
    old=st.builds(Fees, st.integers(0, 2**70), st.integers(0, 2**70)),
    market=st.builds(Fees, st.integers(0, 2**70), st.integers(0, 2**70)),
)
def test_a_replacement_is_a_tenth_dearer_and_never_under_the_market(old: Fees, market: Fees) -> None:
    new = bump(old, market)
    assert new.maximum * 10 >= old.maximum * 11
    assert new.maximum > old.maximum
    assert new.priority * 10 >= old.priority * 11
    assert new.priority > old.priority
    assert new.maximum >= max(new.priority, market.maximum)
    assert new.priority >= market.priority


@given(floor=st.integers(0, 50), taken=st.frozensets(st.integers(0, 60)), count=st.integers(0, 20))
def test_nonces_are_the_lowest_free_ones(floor: int, taken: frozenset[int], count: int) -> None:
    nonces = free_nonces(floor, taken, count)
    assert len(set(nonces)) == count
    assert not taken & set(nonces)
    last = nonces[-1] if nonces else floor - 1
    assert {nonce for nonce in range(floor, last + 1) if nonce not in taken} == set(nonces)


def test_silence_doubles_the_wait_up_to_sixteen_times() -> None:
    waits = [
        next(now for now in range(0, 40_000, 1_000) if is_stale(now_ms=now, sent_ms=0, sends=sends, base_ms=1_000))
        for sends in (1, 2, 3, 4, 5, 6, 50)
    ]
    assert waits == [1_000, 2_000, 4_000, 8_000, 16_000, 16_000, 16_000]


def test_bytes_never_sent_are_due_at_once() -> None:
    assert is_stale(now_ms=0, sent_ms=None, sends=0, base_ms=10**9)


def test_gas_has_a_quarter_to_spare() -> None:
    assert gas_limit(21_000) == 26_250


@given(items=st.lists(st.binary(min_size=20, max_size=32), max_size=5), other=st.binary(min_size=20, max_size=32))
def test_a_bloom_never_denies_what_it_holds(items: list[bytes], other: bytes) -> None:
    bloom = 0
    for item in items:
        digest = keccak256(item)
        for at in (0, 2, 4):
            bloom |= 1 << (int.from_bytes(digest[at : at + 2], "big") % 2048)
    filled = bloom.to_bytes(256, "big")
    assert all(bloom_has(filled, item) for item in items)
    assert bloom_has(filled, other) or other not in items
    assert not bloom_has(bytes(256), other)
