"""Encumbered units that change hands: one test a rule, which breaks exactly it and sees rule, source and numbers."""

from datetime import date

import pytest

from services.register.rules.acts import (
    SetSecurityState,
    TransferEstate,
)
from services.register.rules.lots import Lot
from services.register.rules.values import LienKind, Reason, State
from tests.unit.services.register.rules.burdens import (
    BANK,
    YEAR,
    Burdened,
    enforce,
    pledged,
    release,
    said,
)
from tests.unit.services.register.rules.market import (
    CHECKER,
    LIAISON,
    SHARES,
    deal,
    ident,
)


@pytest.fixture
def book() -> Burdened:
    """Ann holds 100 units, Bob 40; Eve and Fay have accounts."""
    market = Burdened()
    market.custody({"ann": 100, "bob": 40})
    market.open("eve", "fay")
    return market


# --- enforcement


def test_a_pledgee_sells_to_a_named_buyer_and_the_pledge_ends_on_what_is_sold(book: Burdened) -> None:
    pledge = book.pledge("ann", 60)
    assert said(book.no(enforce(pledge, "ann", "ann", 1)))[0] == "REG-08", "the pledgor is no buyer"
    assert said(book.no(enforce(pledge, "ann", "eve", 20), book.by(CHECKER)))[::2] == ("PLG-02", {"secured": BANK})
    book.do(enforce(pledge, "ann", "eve", 20), book.by(BANK))
    assert (book.lots("ann"), book.of("ann").units, book.covers(pledge)) == ([(40, (pledge,))], 80, 40)
    assert (book.of("eve").units, book.of("eve").free) == (20, 20)
    assert said(book.no(deal("eve", "bob", 1)))[0] == "REM-10", "the buyer bought"
    book.do(deal("bob", "ann", 1))  # the pledgor did not sell


def test_a_pledgee_sells_only_where_it_ranks_first(book: Burdened) -> None:
    pledge = book.pledge("ann", 100)
    book.do(book.frozen("ann", 30, ago=3_600))
    act = enforce(pledge, "ann", "eve", 71)
    assert book.no(act).arguments == {"wanted": 71, "free": 70}


def test_a_pledgee_asks_the_court_where_it_froze(book: Burdened) -> None:
    pledge = book.pledge("ann", 60)
    freeze = book.freeze("ann", 70)
    assert book.do(enforce(pledge, "ann", "eve", 30), book.by(BANK)).needs == (BANK,), "unfrozen units go first"
    rule, _, numbers = said(book.no(enforce(pledge, "ann", "eve", 1), book.by(BANK)))
    assert (rule, numbers) == ("FRZ-03", {"role": "register.court-liaison"})
    book.do(enforce(pledge, "ann", "eve", 30), book.by(BANK, LIAISON))
    assert (book.lots("ann"), book.covers(freeze)) == ([(40, (freeze,))], 40)


def test_no_pledgee_sells_what_is_locked(book: Burdened) -> None:
    pledge = book.pledge("ann", 60)
    book.lock("ann", 60 + 40)
    assert book.no(enforce(pledge, "ann", "eve", 1)).arguments == {"wanted": 1, "free": 0}


def test_whom_a_court_sells_to_keeps_no_rule_of_agreement(book: Burdened) -> None:
    pledge, freeze = book.pledge("ann", 60), book.freeze("ann", 100)
    book.open("gus", suitable_until=0)
    refused = book.no(enforce(pledge, "ann", "gus", 1), book.by(BANK, LIAISON))
    assert said(refused)[0] == "REM-06", "a pledgee's buyer does"
    book.do(SetSecurityState(SHARES, State.SUSPENDED))
    book.do(enforce(freeze, "ann", "gus", 70), book.by(LIAISON))
    assert book.lots("ann") == [(30, (pledge, freeze))], "its own first, then what is pledged before it"
    assert (book.of("gus").free, book.covers(pledge)) == (70, 30)


def test_a_creditor_takes_first_where_it_ranks_first(book: Burdened) -> None:
    pledge, freeze = book.pledge("ann", 50), book.freeze("ann", 100)
    others = [book.freeze("ann", 50), book.freeze("ann", 50)]
    assert book.lots("ann") == [(50, (pledge, freeze)), (50, (freeze, *others))]
    book.do(enforce(freeze, "ann", "eve", 50))
    assert book.lots("ann") == [(50, (pledge, freeze))]
    assert [book.covers(one) for one in others] == [0, 0]


def test_a_lock_is_not_enforced(book: Burdened) -> None:
    lock = book.lock("ann", 10)
    refused = book.no(enforce(lock, "ann", "eve", 1))
    assert said(refused)[::2] == ("REG-11", {"number": lock, "kind": LienKind.LOCK})


# --- with the lien


def test_pledged_units_are_sold_with_the_pledgees_consent(book: Burdened) -> None:
    pledge = book.pledge("ann", 60)
    act = pledged("ann", "eve", 50, pledge)
    assert said(book.no(act, book.by(CHECKER)))[::2] == ("PLG-02", {"secured": BANK})
    book.do(act, book.by(BANK))
    assert (book.lots("ann"), book.of("eve").free) == ([(10, (pledge,))], 50)
    assert said(book.no(pledged("ann", "bob", 11, pledge)))[2] == {"wanted": 11, "free": 10}
    estate = TransferEstate(SHARES, ident("ann"), ident("bob"), 1, Reason.AGREED, pledge)
    assert said(book.no(estate))[::2] == ("REG-08", {"reason": Reason.AGREED})


def test_what_a_court_froze_is_not_sold_with_the_pledgees_consent(book: Burdened) -> None:
    pledge = book.pledge("ann", 100)
    freeze = book.freeze("ann", 60)
    assert said(book.no(pledged("ann", "eve", 41, pledge)))[::2] == ("REG-06", {"wanted": 41, "free": 40})
    book.do(pledged("ann", "eve", 40, pledge))
    assert book.lots("ann") == [(60, (pledge, freeze))]


def test_heirs_get_units_with_what_lies_on_them(book: Burdened) -> None:
    pledge, freeze = book.pledge("ann", 60), book.freeze("ann", 80)
    both = Lot(1, (pledge, freeze)).stack
    act = TransferEstate(SHARES, ident("ann"), ident("eve"), 15, Reason.INHERITANCE, both)
    book.do(act)
    assert book.lots("ann") == [(20, (pledge,)), (40, (freeze,)), (25, (pledge, freeze))]
    assert book.lots("eve") == [(15, (pledge, freeze))]
    assert (book.of("eve").free, book.covers(pledge), book.covers(freeze)) == (0, 60, 80)
    book.do(release("eve", pledge, 15))
    assert book.lots("eve") == [(15, (freeze,))]
    assert book.no(TransferEstate(SHARES, ident("ann"), ident("eve"), 26, Reason.DIVISION, both)).arguments == {
        "wanted": 26,
        "free": 25,
    }
    none = TransferEstate(SHARES, ident("bob"), ident("eve"), 1, Reason.SUCCESSION, both)
    assert said(book.no(none))[::2] == ("REG-11", {"lot": both})


def test_a_lien_that_is_over_no_longer_follows_the_units(book: Burdened) -> None:
    freeze = book.freeze("ann", 100, days=YEAR)
    book.day = date(2026, 12, 31)
    book.do(TransferEstate(SHARES, ident("ann"), ident("eve"), 40, Reason.INHERITANCE, freeze))
    book.day = date(2027, 3, 3)
    book.do(deal("eve", "ann", 40, Reason.GIFT))
    assert (book.covers(freeze), book.of("ann").free) == (60, 40)
    book.do(deal("ann", "eve", 100, Reason.GIFT))
    assert book.covers(freeze) == 0
