"""Liens: one test a rule, which breaks exactly it and sees rule, source and numbers; and what becomes of the lots."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.days import number
from services.register.rules.acts import (
    AdmitSecurity,
    ConfirmPositions,
    ExtendLien,
    OpenLien,
    OpenSecurity,
    RevokePledge,
    SetSecurityState,
    SweepPosition,
)
from services.register.rules.days import day_start
from services.register.rules.turn import At
from services.register.rules.values import LienKind, Reason, State
from tests.unit.services.register.rules.burdens import (
    BANK,
    FUND,
    Burdened,
    acc,
    pledged,
    release,
    said,
)
from tests.unit.services.register.rules.market import (
    CHECKER,
    ISSUER,
    LIAISON,
    OPERATOR,
    REGION,
    REGULATOR,
    SHARES,
    TERMS,
    deal,
    ident,
    issue,
)


@pytest.fixture
def book() -> Burdened:
    """Ann holds 100 units, Bob 40; Eve and Fay have accounts."""
    market = Burdened()
    market.custody({"ann": 100, "bob": 40})
    market.open("eve", "fay")
    return market


# --- the situations


def test_a_freeze_of_80_on_40_free_and_60_pledged(book: Burdened) -> None:
    pledge = book.pledge("ann", 60)
    freeze = book.freeze("ann", 80)
    assert book.lots("ann") == [(20, (pledge,)), (40, (freeze,)), (40, (pledge, freeze))]
    assert book.of("ann").free == 0
    assert (book.covers(pledge), book.covers(freeze)) == (60, 80)
    rule, source, numbers = said(book.no(deal("ann", "eve", 1)))
    assert (rule, numbers) == ("REG-06", {"wanted": 1, "free": 0})
    assert source.startswith("《民法典》第四百四十三条；《最高人民法院关于人民法院强制执行股权若干问题的规定》")


def test_of_two_pledges_that_race_for_the_last_free_units_one_is_refused(book: Burdened) -> None:
    book.pledge("ann", 60)
    book.pledge("ann", 40, FUND)
    late = OpenLien(SHARES, ident("ann"), LienKind.PLEDGE, 40, secured=FUND)
    assert said(book.no(late))[::2] == ("REG-06", {"wanted": 40, "free": 0})


def test_a_freeze_that_arrives_while_a_transfer_is_on_its_way(book: Burdened) -> None:
    """Whichever the chain has first counts: neither is cut down to fit."""
    transfer, freeze = deal("ann", "eve", 30), book.frozen("ann", 80)
    before = book.register
    book.do(freeze)
    assert book.no(transfer).arguments == {"wanted": 30, "free": 20}
    book.register = before
    book.do(transfer)
    assert book.no(freeze).arguments == {"wanted": 80, "free": 70}
    book.do(book.frozen("ann", 70))


def test_what_is_frozen_is_not_pledged(book: Burdened) -> None:
    book.freeze("ann", 70)
    assert book.no(OpenLien(SHARES, ident("ann"), LienKind.PLEDGE, 31, secured=BANK)).error == "RegisterUnits"
    book.pledge("ann", 30)


def test_the_release_of_the_first_freeze_promotes_the_next(book: Burdened) -> None:
    first, second = book.freeze("ann", 100, ago=9), book.freeze("ann", 100)
    assert book.lots("ann") == [(100, (first, second))]
    book.do(release("ann", first, 100))
    assert book.lots("ann") == [(100, (second,))]
    assert book.of("ann").free == 0
    book.do(release("ann", second, 100))
    assert book.lots("ann") == []
    book.do(deal("ann", "eve", 100))


def test_a_freeze_published_earlier_ranks_before_one_that_arrived_earlier(book: Burdened) -> None:
    late = book.freeze("ann", 100, ago=60)
    needs = book.do(book.frozen("ann", 30, ago=3_600)).needs
    assert needs == ("register.court-liaison",), "with the court's evidence"
    assert book.lots("ann") == [(70, (late,)), (30, (late + 1, late))]


def test_a_freeze_that_comes_before_a_pledge_needs_the_court(book: Burdened) -> None:
    pledge = book.pledge("ann", 100)
    act = book.frozen("ann", 10, ago=3_600)
    assert said(book.no(act, book.by(CHECKER)))[::2] == ("FRZ-03", {"role": "register.court-liaison"})
    book.do(act, book.by(LIAISON))
    assert book.lots("ann") == [(90, (pledge,)), (10, (pledge + 1, pledge))]
    assert book.do(book.frozen("ann", 20)).needs == (), "which is published later waits in the queue"


def test_locks_rank_last(book: Burdened) -> None:
    lock = book.lock("ann", 100)
    assert book.do(book.frozen("ann", 100)).needs == (), "which no court has to agree to"
    assert book.lots("ann") == [(100, (lock + 1, lock))]


def test_of_two_that_were_published_at_once_the_first_to_arrive_is_first(book: Burdened) -> None:
    first = book.frozen("ann", 100)
    book.do(first)
    assert book.do(replace(first, until=first.until + 1)).needs == ()
    assert book.lots("ann") == [(100, (1, 2))]


@pytest.mark.parametrize("kind", [LienKind.FREEZE, LienKind.LOCK])
def test_a_lien_lapses_at_midnight_in_shanghai(book: Burdened, kind: LienKind) -> None:
    last = book.today + 30
    freeze = kind is LienKind.FREEZE
    book.do(OpenLien(SHARES, ident("ann"), kind, 100, book.now if freeze else 0, last))
    book.register = book.do(deal("bob", "ann", 1, Reason.GIFT)).register
    midnight = day_start(last + 1)
    assert said(book.no(deal("ann", "eve", 50, Reason.GIFT), At(midnight - 1)))[2] == {"wanted": 50, "free": 1}
    book.do(deal("ann", "eve", 50, Reason.GIFT), At(midnight))
    assert [event.arguments["units"] for event in book.told("LienLapsed")] == [100]
    assert (book.covers(1), book.lots("ann"), book.of("ann").units) == (0, [], 51)


def test_anybody_may_sweep_and_nothing_happens_where_nothing_is_over(book: Burdened) -> None:
    book.freeze("ann", 60, days=3)
    sweep = SweepPosition(SHARES, ident("ann"))
    assert book.do(sweep, book.by(sender="0xanybody")).events == ()
    book.day += timedelta(days=4)
    book.do(sweep, book.by(sender="0xanybody"))
    assert book.of("ann").free == 100


# --- opening


def test_nobody_pledges_what_is_not_confirmed_to_be_his() -> None:
    book = Burdened()
    book.do(OpenSecurity(SHARES, ISSUER, REGION, TERMS))
    book.open("ann", "eve")
    book.do(issue([ident("ann")], [100]))
    book.do(ConfirmPositions(SHARES, (ident("ann"),), confirmed=False))
    before = book.pledge("ann", 10)  # what was pledged elsewhere before is taken over
    book.do(OpenLien(SHARES, ident("ann"), LienKind.PLEDGE, 10, book.now - 9_000_000, secured=FUND))
    book.do(AdmitSecurity(SHARES, 100))
    for act in (
        OpenLien(SHARES, ident("ann"), LienKind.PLEDGE, 1, secured=BANK),
        deal("ann", "eve", 1),
        deal("ann", "eve", 1, Reason.GIFT),
        pledged("ann", "eve", 1, before),
    ):
        assert said(book.no(act))[::2] == ("REG-09", {"investor": acc("ann")})
    book.do(ConfirmPositions(SHARES, (ident("ann"),)))
    book.do(deal("ann", "eve", 1))


def test_confirmation_changes_something_and_is_not_taken_back(book: Burdened) -> None:
    again = ConfirmPositions(SHARES, (ident("ann"),))
    assert said(book.no(again))[::2] == ("REG-09", {"investor": acc("ann"), "confirmed": True})
    back = ConfirmPositions(SHARES, (ident("ann"),), confirmed=False)
    assert said(book.no(back))[2]["state"] == State.CUSTODIED


@pytest.mark.parametrize("kind", list(LienKind)[1:])
def test_a_pledge_names_who_consents_and_nothing_else_does(book: Burdened, kind: LienKind) -> None:
    wrong = book.frozen("ann", 1)
    pledge = kind is LienKind.PLEDGE
    secured = {} if pledge else {"secured": BANK}
    act = OpenLien(SHARES, ident("ann"), kind, 1, wrong.since, wrong.until, **secured)
    rule, source, numbers = said(book.no(act))
    assert (rule, source) == ("PLG-01", "《股权出质登记办法》第四条、第六条")
    assert numbers == {"secured": act.secured}


def test_a_freeze_ranks_by_a_publication_that_has_been(book: Burdened) -> None:
    for since in (0, book.now + 1):
        act = OpenLien(SHARES, ident("ann"), LienKind.FREEZE, 1, since, book.today)
        rule, source, numbers = said(book.no(act))
        assert rule == "FRZ-01"
        assert source.endswith("（法释〔2021〕20号）第六条")
        assert numbers["first"] == 1
        assert numbers["last"] == "2026-03-02T02:00:09.000Z"


@pytest.mark.parametrize("kind", [LienKind.PLEDGE, LienKind.LOCK])
def test_only_the_first_registration_takes_over_an_earlier_rank(book: Burdened, kind: LienKind) -> None:
    secured = BANK if kind is LienKind.PLEDGE else book.frozen("ann", 1).secured
    act = OpenLien(SHARES, ident("ann"), kind, 1, book.now - 9, secured=secured)
    assert book.no(act).arguments == {"since": act.since, "first": 0, "last": 0}


def test_a_freeze_lasts_three_years_from_its_publication_at_most(book: Burdened) -> None:
    three_years = number(date(2029, 3, 2)) - book.today
    for days, broken, where in ((-1, "REG-13", "登记簿规则"), (three_years + 1, "FRZ-04", "《最高人民法院关于适用")):
        rule, source, numbers = said(book.no(book.frozen("ann", 1, days=days)), act="freeze")
        assert rule == broken
        assert source.startswith(where)
        assert (numbers["first"], numbers["last"]) == ("2026-03-02", "2029-03-02")
    book.do(book.frozen("ann", 1, days=three_years))
    published_before = book.frozen("ann", 1, ago=86_400, days=three_years)
    assert said(book.no(published_before))[2]["last"] == "2029-03-01"


def test_a_pledge_has_no_term_and_a_lock_none_that_is_over(book: Burdened) -> None:
    for kind, until in ((LienKind.PLEDGE, book.today), (LienKind.LOCK, book.today - 1)):
        secured = BANK if kind is LienKind.PLEDGE else book.frozen("ann", 1).secured
        act = OpenLien(SHARES, ident("ann"), kind, 1, 0, until, secured)
        assert book.no(act).error == "RegisterTerm"


def test_more_than_one_has_is_not_frozen(book: Burdened) -> None:
    assert said(book.no(book.frozen("ann", 101)))[::2] == ("REG-06", {"wanted": 101, "free": 100})
    assert said(book.no(book.frozen("eve", 1)))[::2] == ("REG-06", {"wanted": 1, "free": 0})
    assert book.no(book.frozen("ann", 0)).error == "RegisterZero"


def test_a_lot_has_eleven_liens_and_a_position_63_lots(book: Burdened) -> None:
    for _ in range(11):
        book.freeze("bob", 40)
    assert said(book.no(book.frozen("bob", 40)))[::2] == ("REG-07", {})
    for _ in range(63):
        book.pledge("ann", 1)
    assert said(book.no(OpenLien(SHARES, ident("ann"), LienKind.PLEDGE, 1, secured=BANK)))[::2] == ("REG-07", {})


def test_liens_may_be_registered_while_dealing_is_suspended(book: Burdened) -> None:
    book.do(SetSecurityState(SHARES, State.SUSPENDED))
    book.freeze("ann", 10)
    book.do(SetSecurityState(SHARES, State.EXITED))
    assert said(book.no(book.frozen("ann", 1)))[0] == "REG-05"


# --- consent


def test_a_pledge_is_released_by_its_pledgee_only(book: Burdened) -> None:
    pledge = book.pledge("ann", 60)
    act = release("ann", pledge, 20)
    rule, source, numbers = said(book.no(act, book.by(CHECKER, REGULATOR, LIAISON, FUND)))
    assert (rule, source, numbers) == ("PLG-02", "《民法典》第四百四十三条", {"secured": BANK})
    book.do(act, book.by(BANK))
    assert (book.lots("ann"), book.of("ann").free, book.covers(pledge)) == ([(40, (pledge,))], 60, 40)


def test_a_freeze_is_released_by_the_court_only(book: Burdened) -> None:
    freeze = book.freeze("ann", 60)
    act = release("ann", freeze, 60)
    assert said(book.no(act, book.by(CHECKER, REGULATOR, BANK)))[::2] == ("FRZ-03", {"role": "register.court-liaison"})
    book.do(act, book.by(LIAISON))


def test_a_lock_is_released_by_a_second_person(book: Burdened) -> None:
    lock = book.lock("ann", 60)
    assert said(book.no(release("ann", lock, 60), book.by(OPERATOR)))[0] == "REG-02"
    book.do(release("ann", lock, 60), book.by(CHECKER))


def test_a_pledge_is_revoked_without_the_pledgee_by_checker_and_regulator(book: Burdened) -> None:
    pledge, freeze = book.pledge("ann", 60), book.freeze("ann", 10)
    act = RevokePledge(SHARES, ident("ann"), pledge, 60)
    assert book.no(act, book.by(CHECKER)).arguments == {"role": "register.regulator"}
    assert book.no(act, book.by(REGULATOR)).arguments == {"role": "register.checker"}
    book.do(act, book.by(CHECKER, REGULATOR))
    assert book.of("ann").free == 90
    frozen = RevokePledge(SHARES, ident("ann"), freeze, 10)
    assert said(book.no(frozen))[::2] == ("REG-11", {"number": freeze, "kind": LienKind.FREEZE})


def test_a_release_takes_off_units_with_the_fewest_liens_first(book: Burdened) -> None:
    pledge, freeze = book.pledge("ann", 60), book.freeze("ann", 80)
    book.do(release("ann", freeze, 50))
    assert book.lots("ann") == [(30, (pledge,)), (30, (pledge, freeze))]
    assert book.no(release("ann", freeze, 31)).arguments == {"wanted": 31, "free": 30}
    assert said(book.no(release("ann", 9, 1)))[::2] == ("REG-11", {"number": 9})
    assert said(book.no(release("bob", freeze, 1)))[::2] == ("REG-11", {"number": freeze})
    assert book.no(release("ann", freeze, 0)).error == "RegisterZero"


# --- other terms


def test_a_freeze_goes_on_for_three_years_at_most_and_only_before_its_end(book: Burdened) -> None:
    freeze = book.freeze("ann", 10, days=10)
    last = number(date(2029, 3, 12))
    assert said(book.no(ExtendLien(SHARES, freeze, last + 1)))[2] == {
        "day": "2029-03-13",
        "first": "2026-03-02",
        "last": "2029-03-12",
    }
    assert book.no(ExtendLien(SHARES, freeze, 0)).error == "RegisterTerm", "no freeze is without end"
    assert book.do(ExtendLien(SHARES, freeze, last)).needs == ()
    book.day = date(2029, 3, 13)
    assert said(book.no(ExtendLien(SHARES, freeze, last + 9)))[::2] == ("REG-11", {"number": freeze})


def test_to_shorten_needs_whoever_releases(book: Burdened) -> None:
    freeze, lock = book.freeze("ann", 10), book.lock("ann", 10, until=book.today + 90)
    assert book.do(ExtendLien(SHARES, freeze, book.today + 9)).needs == ("register.court-liaison",)
    assert book.do(ExtendLien(SHARES, lock, book.today + 9)).needs == ("register.checker",)
    assert book.do(ExtendLien(SHARES, lock, 0)).needs == ()
    assert book.do(ExtendLien(SHARES, lock, book.today)).needs == ("register.checker",)


def test_a_pledge_has_no_term_to_change(book: Burdened) -> None:
    pledge = book.pledge("ann", 10)
    refused = book.no(ExtendLien(SHARES, pledge, book.today + 9))
    assert said(refused)[::2] == ("REG-11", {"number": pledge, "kind": LienKind.PLEDGE})
