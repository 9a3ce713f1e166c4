"""Officers, batches, bonus units, cancellation: one test a rule, which breaks exactly it and sees rule and numbers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.days import number
from services.register.rules.acts import Act, CancelUnits, PayBonus, SetOfficer, SetSecurityState, TransferBatch
from services.register.rules.values import UNITS_MAX, Lockup, Reason, State
from tests.unit.services.register.rules.burdens import BANK, Burdened, acc, enforce, pledged, said
from tests.unit.services.register.rules.market import CHECKER, LIAISON, SHARES, deal, ident, issue


@pytest.fixture
def book() -> Burdened:
    """Ann holds 100 units, Bob 40; Eve and Fay have accounts."""
    market = Burdened()
    market.custody({"ann": 100, "bob": 40})
    market.open("eve", "fay")
    return market


def serves(name: str) -> SetOfficer:
    return SetOfficer(SHARES, ident(name), serving=True)


def left(name: str, day: int) -> SetOfficer:
    return SetOfficer(SHARES, ident(name), serving=False, left_on=day)


def bonus(*names: str, ratio: tuple[int, int] = (3, 10), action: bytes = b"bonus of 2026...") -> PayBonus:
    return PayBonus(SHARES, action, *ratio, tuple(ident(name) for name in names))


# --- officers


@pytest.mark.parametrize("reason", [Reason.AGREED, Reason.GIFT])
def test_an_officer_parts_with_a_quarter_a_year(book: Burdened, reason: Reason) -> None:
    book.do(serves("ann"), book.by())
    book.do(deal("ann", "eve", 20, reason))
    rule, source, numbers = said(book.no(deal("ann", "eve", 6, reason)))
    assert (rule, source) == ("REM-22", "《公司法》（2023修订）第一百六十条")
    assert numbers == {"investor": acc("ann"), "wanted": 6, "left": 5}
    book.do(deal("ann", "eve", 5, reason))
    assert book.no(deal("ann", "eve", 1, reason)).arguments["left"] == 0


def test_the_base_is_that_of_the_years_first_change(book: Burdened) -> None:
    book.do(serves("ann"))
    book.do(deal("bob", "ann", 40, Reason.GIFT))
    assert book.no(deal("ann", "eve", 26, Reason.GIFT)).error == "RegisterLockup", "what came this year adds nothing"
    book.do(deal("ann", "eve", 25, Reason.GIFT))
    book.day = date(2027, 1, 1)
    book.do(deal("ann", "eve", 28, Reason.GIFT))
    assert book.register.lockups[SHARES, ident("ann")] == Lockup(115, 28, 2027)
    assert book.no(deal("ann", "eve", 1, Reason.GIFT)).arguments["left"] == 0


def test_a_subscription_adds_to_next_years_base_only(book: Burdened) -> None:
    book.do(serves("ann"))
    book.do(issue([ident("ann")], [100]))
    assert book.no(deal("ann", "eve", 26, Reason.GIFT)).arguments["left"] == 25


@pytest.mark.parametrize("change", ["issue", "bonus", "cancel"])
def test_a_new_years_base_is_taken_before_any_change(change: str) -> None:
    book = Burdened(first=date(2026, 12, 31))
    book.custody({"ann": 100})
    book.open("eve")
    book.do(serves("ann"))
    book.do(deal("ann", "eve", 20, Reason.GIFT))
    book.register = replace(book.register, clock=replace(book.register.clock, day=book.today + 1))
    book.day = date(2027, 1, 1)
    acts: dict[str, Act] = {
        "issue": issue([ident("ann")], [100]),
        "bonus": bonus("ann", ratio=(1, 1)),
        "cancel": CancelUnits(SHARES, (ident("ann"),), (40,)),
    }
    book.do(acts[change])
    assert book.register.lockups[SHARES, ident("ann")] == Lockup(80, 0, 2027)


@pytest.mark.parametrize("reason", [one for one in Reason if not one.voluntary])
def test_courts_heirs_and_divisions_know_no_lock_up(book: Burdened, reason: Reason) -> None:
    book.do(serves("ann"))
    book.do(deal("ann", "eve", 100, reason))


def test_no_pledgee_sells_inside_an_officers_lock_up(book: Burdened) -> None:
    book.do(serves("ann"))
    pledge = book.pledge("ann", 80)
    assert said(book.no(enforce(pledge, "ann", "eve", 26)))[::2] == (
        "REM-22",
        {"investor": acc("ann"), "wanted": 26, "left": 25},
    )
    assert book.no(pledged("ann", "eve", 26, pledge)).error == "RegisterLockup"
    book.do(enforce(pledge, "ann", "eve", 25))


def test_who_left_parts_with_nothing_for_six_months(book: Burdened) -> None:
    book.do(serves("ann"))
    act = left("ann", book.today)
    assert said(book.no(act, book.by()))[::2] == ("REG-02", {"role": "register.checker"})
    book.do(act, book.by(CHECKER))
    assert book.told("OfficerSet")[0].arguments["until"] == number(date(2026, 9, 2))
    book.day = date(2026, 9, 2)
    assert book.no(deal("ann", "eve", 1)).arguments["left"] == 0
    book.day = date(2026, 9, 3)
    book.do(deal("ann", "eve", 99))
    assert not book.of("ann").officer


def test_one_who_served_before_the_register_knew_it_may_have_left(book: Burdened) -> None:
    book.do(left("ann", book.today - 100))
    assert book.no(deal("ann", "eve", 1)).error == "RegisterLockup"


def test_nobody_leaves_tomorrow(book: Burdened) -> None:
    for act in (left("ann", book.today + 1), left("ann", 0), replace(serves("ann"), left_on=book.today)):
        assert said(book.no(act), act="officer")[0] == "REM-22"
    assert book.no(serves("who")).error == "RegisterInvestorUnknown"


def test_to_serve_again_a_checker_confirms(book: Burdened) -> None:
    assert book.do(serves("ann")).needs == ()
    assert book.do(serves("ann")).needs == ("register.checker",)


# --- batches


def batch(*deals: tuple[str, str, int], reason: Reason = Reason.GIFT) -> TransferBatch:
    givers, takers, units = zip(*deals, strict=True)
    return TransferBatch(SHARES, reason, tuple(map(ident, givers)), tuple(map(ident, takers)), units)


def test_a_batch_is_all_or_nothing(book: Burdened) -> None:
    before = book.register
    assert book.no(batch(("ann", "eve", 60), ("ann", "fay", 41))).arguments == {"wanted": 41, "free": 40}
    assert book.register is before
    book.do(batch(("ann", "eve", 60), ("ann", "fay", 40), ("eve", "fay", 1)))
    assert len(book.told("Transferred")) == 3
    assert (book.of("eve").units, book.of("fay").units, book.count) == (59, 41, 3)


def test_a_batch_has_lists_of_one_length_and_a_reason_of_transfers(book: Burdened) -> None:
    act = batch(("ann", "eve", 60))
    assert said(book.no(replace(act, units=(1, 2))))[0] == "REG-03"
    assert said(book.no(replace(act, reason=Reason.ENFORCEMENT)))[0] == "REG-08"
    assert book.do(replace(act, reason=Reason.JUDICIAL), book.by(LIAISON)).needs == ("register.court-liaison",)


# --- bonus


def test_a_bonus_follows_free_units_and_each_lot_under_its_liens(book: Burdened) -> None:
    first, second = book.pledge("ann", 15), book.pledge("ann", 9, BANK)
    book.do(bonus("ann", "bob", "eve"))
    assert book.lots("ann") == [(19, (first,)), (11, (second,))]
    assert (book.covers(first), book.covers(second)) == (19, 11)
    assert (book.of("ann").units, book.of("ann").free) == (100 + 22 + 4 + 2, 98)
    assert (book.of("bob").units, book.of("eve").units) == (52, 0)
    assert book.register.securities[SHARES].issued == 128 + 52


def test_a_bonus_meets_each_position_once(book: Burdened) -> None:
    book.do(bonus("ann"))
    assert said(book.no(bonus("ann")))[::2] == ("REG-12", {"investor": acc("ann"), "last": acc("ann")})
    assert book.no(bonus("fay", "eve")).error == "RegisterOrder"
    rule, _, numbers = said(book.no(bonus("bob", ratio=(1, 10))))
    assert (rule, numbers) == ("REG-12", {"numerator": 3, "denominator": 10})
    book.do(bonus("bob"))
    book.do(bonus("ann", action=b"bonus of 2027..."))


def test_a_bonus_has_a_ratio_a_name_and_room(book: Burdened) -> None:
    for act in (bonus("ann", ratio=(0, 1)), bonus("ann", ratio=(1, 0)), bonus("ann", action=bytes(16))):
        assert said(book.no(act))[0] == "REG-03"
    book.do(issue([ident("ann")], [UNITS_MAX - 140]))
    assert said(book.no(bonus("ann")))[0] == "REG-07"


def test_what_is_over_has_no_fruits(book: Burdened) -> None:
    freeze = book.freeze("ann", 100, days=3)
    book.day += timedelta(days=4)
    book.do(bonus("ann", ratio=(1, 1)))
    assert (book.covers(freeze), book.of("ann").free) == (0, 200)


# --- cancellation


def test_only_free_units_are_cancelled_and_never_by_one_person(book: Burdened) -> None:
    book.freeze("ann", 60)
    act = CancelUnits(SHARES, (ident("ann"), ident("bob")), (40, 40))
    assert said(book.no(act, book.by()))[::2] == ("REG-02", {"role": "register.checker"})
    assert said(book.no(replace(act, units=(41, 40))))[::2] == ("REG-06", {"wanted": 41, "free": 40})
    assert said(book.no(replace(act, units=(40,))))[0] == "REG-03"
    assert book.no(replace(act, units=(0, 40))).error == "RegisterZero"
    book.do(act, book.by(CHECKER))
    security = book.register.securities[SHARES]
    assert (security.issued, security.count) == (60, 1)


def test_a_company_that_left_pays_no_bonus_and_cancels_nothing(book: Burdened) -> None:
    book.do(SetSecurityState(SHARES, State.EXITED))
    assert book.no(bonus("ann")).error == "RegisterState"
    assert book.no(CancelUnits(SHARES, (ident("ann"),), (1,))).error == "RegisterState"
