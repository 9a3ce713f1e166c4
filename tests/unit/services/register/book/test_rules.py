"""Buckets and words of the book."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.register.book.rules import (
    FREEZE,
    LOCK,
    PLEDGE,
    Buckets,
    Burden,
    Lot,
    buckets,
    is_near,
    lien_of,
    lots_of,
    words_of,
)
from services.register.rules.days import day_start

TODAY = 20_000
NOON = day_start(TODAY) + 12 * 3600
UNITS = st.integers(0, (1 << 80) - 1)


@pytest.mark.parametrize(
    ("lots", "expected"),
    [
        ((), (100, 0, 0, 0)),
        ((Lot(60, (1,)),), (40, 60, 0, 0)),
        ((Lot(40, (2,)), Lot(40, (1, 2)), Lot(20, (1,))), (0, 20, 80, 0)),
        ((Lot(10, (3,)), Lot(20, (1, 3))), (70, 20, 0, 10)),
        ((Lot(30, (1, 2, 3)),), (70, 0, 30, 0)),
        ((Lot(30, (4,)),), (100, 0, 0, 0)),
        ((Lot(30, (4, 3)),), (70, 0, 0, 30)),
        ((Lot(30, (5,)),), (100, 0, 0, 0)),
    ],
    ids=["free", "pledged", "80 on 40 and 60", "locked", "frozen beats all", "lapsed", "under a lapsed one", "ended"],
)
def test_each_unit_is_in_one_bucket(lots: tuple[Lot, ...], expected: tuple[int, ...]) -> None:
    liens = {
        1: Burden(PLEDGE, 60, 0),
        2: Burden(FREEZE, 80, TODAY),
        3: Burden(LOCK, 30, 0),
        4: Burden(FREEZE, 30, TODAY - 1),
        5: Burden(PLEDGE, 0, 0),
    }
    assert buckets(100, lots, liens, NOON) == Buckets(*expected)


@pytest.mark.parametrize(("seconds", "frozen"), [(day_start(TODAY + 1) - 1, 5), (day_start(TODAY + 1), 0)])
def test_a_term_is_over_at_midnight_in_shanghai(seconds: int, frozen: int) -> None:
    assert buckets(5, [Lot(5, (1,))], {1: Burden(FREEZE, 5, TODAY)}, seconds).frozen == frozen


@given(st.lists(st.tuples(UNITS, st.lists(st.integers(1, 65_535), min_size=1, max_size=11))))
def test_lots_are_what_their_words_say(lots: list[tuple[int, list[int]]]) -> None:
    words = [units | sum(number << 80 + 16 * place for place, number in enumerate(liens)) for units, liens in lots]
    assert [(lot.units, list(lot.liens)) for lot in words_of(lots_of(words))] == lots


@given(UNITS, st.integers(0, (1 << 24) - 1), st.integers(0, (1 << 40) - 1))
def test_a_lien_is_what_its_word_says(units: int, until: int, since: int) -> None:
    assert lien_of(2 | since << 8 | until << 48 | units << 72) == (units, until)


@pytest.mark.parametrize(
    ("count", "cap", "near"), [(179, 200, False), (180, 200, True), (44, 50, False), (45, 50, True)]
)
def test_nine_tenths_of_a_cap_are_near(count: int, cap: int, near: bool) -> None:  # noqa: FBT001
    assert is_near(count, cap) is near
