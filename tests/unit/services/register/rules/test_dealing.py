"""Agreed acts and those that are not: one test a rule, which breaks exactly it and sees rule, source and numbers."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from services.register.rules.acts import (
    AdmitSecurity,
    ChangeTerms,
    OpenInvestor,
    OpenInvestors,
    OpenSecurity,
    RecountPosition,
    SetAddend,
    SetSecurityState,
    SetSuitability,
)
from services.register.rules.days import Clock
from services.register.rules.turn import At
from services.register.rules.values import Form, Kind, Reason, State, Terms
from tests.unit.services.register.rules.burdens import acc, said
from tests.unit.services.register.rules.market import (
    CHECKER,
    ISSUER,
    LIAISON,
    LONG,
    MONDAY,
    OPERATOR,
    REGION,
    REGULATOR,
    SHARES,
    TERMS,
    Book,
    deal,
    ident,
    issue,
)

REASONS = [one for one in Reason if one is not Reason.ENFORCEMENT]
"""Of transfers: a pledge is enforced in another way."""
TODAY = (MONDAY - date(1970, 1, 1)).days


@pytest.fixture
def book() -> Book:
    """Ann holds 100 units, Bob 40; Eve has an account."""
    market = Book()
    market.custody({"ann": 100, "bob": 40})
    market.open("eve")
    return market


# --- who


def test_a_stranger_registers_nothing(book: Book) -> None:
    refused = book.no(deal("ann", "eve", 1), book.by(sender="0xevil"))
    assert refused.error == "RegisterNotOperator"
    assert said(refused) == ("REM-13", "国办发〔2017〕11号 三", {"sender": "0xevil"})


def test_nothing_is_registered_without_evidence(book: Book) -> None:
    assert said(book.no(deal("ann", "eve", 1), At(book.now, evidenced=False)))[0] == "REG-03"


@pytest.mark.parametrize("signers", [(), (OPERATOR,), (REGULATOR,)])
def test_a_checked_market_asks_for_a_second_person(signers: tuple[str, ...]) -> None:
    book = Book(checked=True)
    act = OpenInvestor(ident("ann"), Kind.PERSON, 0, 0)
    assert said(book.no(act, book.by(*signers)))[::2] == ("REG-02", {"role": "register.checker"})
    assert book.do(act, book.by(CHECKER)).needs == ("register.checker",)


def test_the_sender_who_is_a_checker_too_does_not_agree_with_himself() -> None:
    book = Book(checked=True)
    book.register = replace(book.register, roles={**book.register.roles, "register.checker": frozenset({OPERATOR})})
    assert book.no(OpenInvestor(ident("ann"), Kind.PERSON, 0, 0), book.by(OPERATOR)).error == "RegisterNeeds"


def test_what_look_through_found_is_lowered_by_three_only(book: Book) -> None:
    book.do(SetAddend(ident("ann"), 7), book.by())
    act = SetAddend(ident("ann"), 6)
    assert said(book.no(act, book.by()))[2] == {"role": "register.checker"}
    rule, source, numbers = said(book.no(act, book.by(CHECKER)))
    assert (rule, numbers) == ("REM-05", {"role": "register.regulator"})
    assert source == "国办发〔2012〕37号；《区域性股权市场监督管理试行办法》（证监会令第132号）第十四条"
    book.do(act, book.by(CHECKER, REGULATOR))


def test_terms_change_with_the_regulator_only(book: Book) -> None:
    act = ChangeTerms(SHARES, replace(TERMS, cap=300))
    assert book.no(act, book.by(CHECKER)).arguments == {"role": "register.regulator"}
    book.do(act, book.by(CHECKER, REGULATOR))


def test_the_court_takes_by_its_liaison_only(book: Book) -> None:
    act = deal("ann", "bob", 5, Reason.JUDICIAL)
    rule, source, numbers = said(book.no(act, book.by(CHECKER)))
    assert (rule, numbers) == ("FRZ-03", {"role": "register.court-liaison"})
    assert "法释〔2021〕20号" in source
    assert book.do(act, book.by(LIAISON)).needs == ("register.court-liaison",)


# --- whom and what there is


def test_an_account_is_opened_once(book: Book) -> None:
    again = OpenInvestor(ident("ann"), Kind.PERSON, 0, 0)
    assert said(book.no(again))[::2] == ("REG-04", {"investor": acc("ann")})
    assert book.no(replace(again, investor=bytes(16))).error == "RegisterZero"
    assert book.no(replace(again, investor=ident("new"), kind=Kind.NONE)).error == "RegisterZero"


def test_accounts_are_opened_together_or_not_at_all(book: Book) -> None:
    names = tuple(ident(name) for name in ("gus", "hal"))
    act = OpenInvestors(names, (Kind.PERSON, Kind.COMPANY), (0, 0), (0, 3))
    assert said(book.no(replace(act, addends=(0,))))[0] == "REG-03"
    assert book.no(replace(act, investors=(names[0], names[0]))).arguments == {"investor": names[0]}
    assert names[0] not in book.register.investors
    book.do(act)
    assert [book.register.investors[one].addend for one in names] == [0, 3]


def test_who_has_no_account_takes_nothing(book: Book) -> None:
    for act in (
        deal("ann", "who", 1),
        SetSuitability(ident("who"), 1),
        SetAddend(ident("who"), 1),
        RecountPosition(SHARES, ident("who")),
        issue([ident("who")], [1]),
    ):
        assert said(book.no(act))[::2] == ("REG-04", {"investor": acc("who")})


def test_an_issuer_from_elsewhere_is_not_registered(book: Book) -> None:
    refused = book.no(OpenSecurity(b"other...........", ISSUER, 440_100, TERMS))
    assert said(refused) == ("REM-12", "国办发〔2017〕11号 七", {"issuerRegion": 440_100})


def test_a_security_is_opened_once_and_whole(book: Book) -> None:
    act = OpenSecurity(SHARES, ISSUER, REGION, TERMS)
    assert said(book.no(act))[::2] == ("REG-04", {"security": "sec_" + SHARES.hex()})
    new = replace(act, security=b"other...........")
    for lacking in (
        replace(act, security=bytes(16)),
        replace(new, issuer=bytes(16)),
        replace(new, terms=replace(TERMS, cap=0)),
        replace(new, terms=replace(TERMS, kinds=0)),
        replace(new, terms=replace(TERMS, basis=bytes(16))),
    ):
        assert book.no(lacking).error == "RegisterZero"
    assert book.do(new).register.securities[b"other..........."].state is State.REGISTERING


def test_custody_begins_when_the_units_are_the_capital() -> None:
    book = Book()
    book.do(OpenSecurity(SHARES, ISSUER, REGION, TERMS))
    book.open("ann")
    book.do(issue([ident("ann")], [99]))
    rule, source, numbers = said(book.no(AdmitSecurity(SHARES, 100)))
    assert (rule, source, numbers) == ("REM-14", "国办发〔2017〕11号 四", {"issued": 99, "capital": 100})
    book.do(AdmitSecurity(SHARES, 99))
    assert book.no(AdmitSecurity(SHARES, 99)).arguments == {"security": SHARES, "state": State.CUSTODIED}


def test_a_suspension_keeps_holders_waiting_but_no_heir(book: Book) -> None:
    book.do(SetSecurityState(SHARES, State.SUSPENDED))
    for reason in REASONS:
        act = deal("ann", "bob", 1, reason)
        if reason.voluntary:
            rule, _, numbers = said(book.no(act))
            assert (rule, numbers["state"]) == ("REG-05", State.SUSPENDED)
        else:
            book.do(act)
    assert book.no(issue([ident("ann")], [1])).error == "RegisterState"


def test_an_exit_is_final(book: Book) -> None:
    book.do(SetSecurityState(SHARES, State.EXITED))
    for act in (
        SetSecurityState(SHARES, State.CUSTODIED),
        ChangeTerms(SHARES, TERMS),
        deal("ann", "bob", 1, Reason.INHERITANCE),
    ):
        assert book.no(act).arguments == {"security": SHARES, "state": State.EXITED}


@pytest.mark.parametrize("state", [State.NONE, State.REGISTERING, State.CUSTODIED])
def test_custody_does_not_go_back(book: Book, state: State) -> None:
    assert book.no(SetSecurityState(SHARES, state)).error == "RegisterState"


def test_lists_that_differ_in_length_are_refused(book: Book) -> None:
    assert said(book.no(issue([ident("ann")], [1, 2])))[0] == "REG-03"


def test_more_than_the_register_can_hold_is_refused(book: Book) -> None:
    assert said(book.no(issue([ident("ann")], [2**80 - 140])))[0] == "REG-07"
    book.do(issue([ident("ann")], [2**80 - 141]))


# --- agreed acts


def test_kinds_that_may_not_acquire(book: Book) -> None:
    book.do(ChangeTerms(SHARES, replace(TERMS, kinds=1 << Kind.COMPANY)))
    rule, source, numbers = said(book.no(deal("ann", "eve", 1)))
    assert rule == "REM-06"
    assert "第十三条" in source
    assert numbers == {"investor": acc("eve"), "kind": Kind.PERSON, "kinds": 1 << Kind.COMPANY}


def test_suitability_is_valid_on_its_last_day_and_not_after(book: Book) -> None:
    book.do(SetSuitability(ident("eve"), TODAY))
    book.do(deal("ann", "eve", 1))
    book.day += timedelta(days=1)
    rule, _, numbers = said(book.no(deal("ann", "eve", 1)))
    assert (rule, numbers) == ("REM-06", {"investor": acc("eve"), "until": "2026-03-02", "today": "2026-03-03"})
    assert book.no(issue([ident("eve")], [1])).error == "RegisterUnsuitable"


@pytest.mark.parametrize(("day", "elapsed"), [(8, 1), (9, 2), (10, 2), (12, 3), (13, 4), (14, None), (15, None)])
def test_sell_on_the_fourth_and_fifth_trading_day_over_national_day(day: int, elapsed: int | None) -> None:
    """Bought on 30 September 2026: the holiday does not count, nor does Saturday the 10th, on which one works."""
    book = Book(first=date(2026, 9, 30))
    book.custody({"ann": 100})
    book.open("eve")
    book.do(deal("ann", "eve", 10))
    book.day = date(2026, 10, day)
    resale = deal("eve", "ann", 10)
    if elapsed is None:
        book.do(resale)
    else:
        rule, source, numbers = said(book.no(resale))
        assert (rule, source) == ("REM-10", "国办发〔2017〕11号 四；国发〔2011〕38号")
        assert numbers == {"investor": acc("eve"), "elapsed": elapsed, "interval": 5}


def test_the_interval_binds_who_sold_and_buys_again(book: Book) -> None:
    book.open("fay")
    book.do(deal("ann", "eve", 10))
    book.day += timedelta(days=4)
    assert book.no(deal("bob", "ann", 1)).arguments == {"investor": ident("ann"), "elapsed": 4, "interval": 5}
    book.do(deal("ann", "fay", 1))  # a second sale is no opposite act
    book.day += timedelta(days=3)
    assert book.no(deal("bob", "ann", 1)).arguments["elapsed"] == 1
    book.do(deal("bob", "eve", 1))


@pytest.mark.parametrize("reason", REASONS[1:])
def test_what_was_not_bought_may_be_sold_at_once(book: Book, reason: Reason) -> None:
    book.do(SetSuitability(ident("eve"), 0))
    book.do(deal("ann", "eve", 10, reason))
    book.do(deal("eve", "bob", 10))


def test_whether_a_subscription_is_a_purchase_the_terms_say(book: Book) -> None:
    book.do(issue([ident("eve")], [10]))
    book.do(deal("eve", "bob", 1))
    book.do(ChangeTerms(SHARES, replace(TERMS, subscription_counts=True)))
    refused = book.no(issue([ident("eve")], [10]))
    assert said(refused)[::2] == ("REM-10", {"investor": acc("eve"), "elapsed": 0, "interval": 5})
    book.open("fay")
    book.do(issue([ident("fay")], [10]))
    assert book.no(deal("fay", "ann", 1)).error == "RegisterInterval"


def test_days_that_are_not_published_are_not_counted(book: Book) -> None:
    book.day = date(2027, 1, 4)
    refused = book.no(deal("ann", "eve", 1))
    assert said(refused)[::2] == ("REM-10", {"fromDay": "2026-03-02", "today": "2027-01-04"})
    book.do(deal("ann", "eve", 1, Reason.INHERITANCE))


def test_a_calendar_asked_every_day_says_what_it_says_at_once() -> None:
    daily, once = Book(), Book()
    for book in (daily, once):
        book.custody({"ann": 100})
        book.open("eve")
    for days in range(1, 60):
        daily.day = MONDAY + timedelta(days=days)
        daily.do(deal("ann", "eve", 1, Reason.AGREED))
    once.day = daily.day
    once.do(deal("ann", "eve", 1))
    assert daily.register.clock == once.register.clock
    assert isinstance(once.register.clock, Clock)


def test_more_than_is_free_is_refused(book: Book) -> None:
    assert said(book.no(deal("ann", "eve", 101)))[::2] == ("REG-06", {"wanted": 101, "free": 100})
    assert book.no(deal("ann", "eve", 0)).error == "RegisterZero"
    assert said(book.no(deal("ann", "ann", 1)))[::2] == ("REG-08", {"investor": acc("ann")})


# --- how many


def full(cap: int, *, form: Form = Form.SHARE, basis: str = "REM-04") -> Book:
    """A security that has as many holders as it may."""
    book = Book()
    terms = Terms(form, TERMS.kinds, cap, basis.encode().ljust(16, b"\0"), interval=5)
    book.custody({f"h{number}": 10 for number in range(cap)}, terms)
    book.open("new")
    return book


def test_the_201st_holder_does_not_buy() -> None:
    book = full(200)
    for act in (deal("h0", "new", 1), deal("h0", "new", 1, Reason.GIFT), issue([ident("new")], [1])):
        rule, source, numbers = said(book.no(act), basis="REM-04")
        assert (rule, numbers) == ("REM-04", {"count": 201, "cap": 200})
        assert source == "《区域性股权市场监督管理试行办法》（证监会令第132号）第十三条；国办发〔2017〕11号 四"


def test_an_llc_has_fifty_members() -> None:
    book = full(50, form=Form.LLC_EQUITY, basis="REM-19")
    rule, source, numbers = said(book.no(deal("h0", "new", 1)), basis="REM-19")
    assert (rule, numbers) == ("REM-19", {"count": 51, "cap": 50})
    assert "《公司法》（2023修订）第四十二条" in source


@pytest.mark.parametrize("reason", [one for one in REASONS if not one.voluntary])
def test_the_heir_who_is_201st_enters_and_is_told(reason: Reason) -> None:
    book = full(200)
    book.do(deal("h0", "new", 1, reason))
    assert [event.arguments for event in book.told("CapExceeded")] == [{"security": SHARES, "count": 201, "cap": 200}]
    assert book.count == 201
    assert book.no(deal("h1", "h2", 11)).error == "RegisterUnits"
    book.do(deal("h1", "h2", 1))
    assert not book.told("CapExceeded"), "who trades among those who hold raises nothing"


def test_one_may_enter_while_another_leaves() -> None:
    book = full(200)
    book.do(deal("h0", "new", 10))
    assert book.count == 200


def test_a_company_in_custody_only_with_3000_holders_trades_down() -> None:
    book = Book()
    terms = replace(TERMS, grandfathered=3_000)
    book.custody({f"h{number}": 10 for number in range(3_000)}, terms)
    book.open("new")
    assert book.count == 3_000
    assert book.no(deal("h0", "new", 1)).arguments == {"count": 3_001, "cap": 200}
    for number in range(1, 8):
        book.do(deal(f"h{number}", "h0", 10))
    assert book.count == 2_993
    assert book.no(deal("h8", "new", 1)).arguments == {"count": 2_994, "cap": 200}, "trading goes down only"
    book.do(deal("h8", "new", 10))
    assert book.count == 2_993


def test_the_first_registration_reaches_what_the_issuer_lawfully_had() -> None:
    book = Book()
    book.do(OpenSecurity(SHARES, ISSUER, REGION, replace(TERMS, cap=2, grandfathered=3)))
    book.open("a", "b", "c", "d", suitable_until=0)
    book.do(issue([ident(name) for name in "abc"], [1, 1, 1]))
    assert book.no(issue([ident("d")], [1])).arguments == {"count": 4, "cap": 3}
    book.do(issue([ident("a")], [1]))
    book.do(AdmitSecurity(SHARES, 4))
    book.do(SetSuitability(ident("d"), LONG))
    assert book.no(issue([ident("d")], [1])).arguments == {"count": 4, "cap": 2}, "and afterwards the cap"


def test_who_stands_behind_a_holder_counts() -> None:
    book = Book()
    book.custody({"ann": 10}, replace(TERMS, cap=4))
    book.open("fund", kind=Kind.PARTNERSHIP, addend=3)
    assert said(book.no(deal("ann", "fund", 1)))[2] == {"count": 5, "cap": 4}
    book.do(deal("ann", "fund", 10))
    assert book.count == 4
    book.do(SetAddend(ident("fund"), 9))
    assert book.count == 4, "counted anew when the position changes next"
    book.do(RecountPosition(SHARES, ident("fund")))
    assert book.count == 10
    assert book.told("CapExceeded")[0].arguments["count"] == 10
    book.do(RecountPosition(SHARES, ident("fund")))
    assert not book.told("CapExceeded")
