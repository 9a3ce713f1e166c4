"""What only the service can check: every rule has a source, every refusal its words in both languages."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.days import number
from services.platform.errors import RuleRefused
from services.platform.ids import from_bytes16
from services.register.acts import rules
from services.register.acts.dealing import require_accounts
from services.register.acts.deals import Deal, PreEmption
from services.register.acts.liens import Enforce, Pledge, Pledgee, Release
from services.register.acts.pre_emption import outsiders, require_silence, require_subscription, right_of
from services.register.acts.said import Document
from services.register.acts.securities import Entry, Issue
from services.register.acts.terms import require_terms
from services.register.acts.transfers import Transfer
from services.register.names import ACTS
from services.register.rules import acts
from services.register.rules.values import Form, LienKind, Reason, Terms
from services.register.service_words import SERVICE_RULES, SERVICE_WORDS
from services.register.words import RULES, WORDS

TOLD = date(2030, 12, 2)


def test_each_has_a_rule_words_and_the_same_numbers_in_both_languages() -> None:
    for words in SERVICE_WORDS.values():
        assert words.rule in SERVICE_RULES
        assert set(re.findall(r"{(\w+)}", words.zh)) == set(re.findall(r"{(\w+)}", words.en))
    assert not SERVICE_RULES.keys() & RULES.keys()
    assert not SERVICE_WORDS.keys() & WORDS.keys()


def test_the_documents_that_are_named_are_those_of_acts_that_exist() -> None:
    assert {kind.partition(":")[0] for kind in rules.DOCUMENTS} <= ACTS.keys()
    reasons = {kind.partition(":")[2] for kind in rules.DOCUMENTS if kind.startswith("transfer:")}
    assert reasons == {each.name.lower() for each in Reason if each is not Reason.ENFORCEMENT}


def _transfer(reason: str) -> Transfer:
    return Transfer(security="sec_1", giver="acc_1", taker="acc_2", units="1", reason=reason, payment="P")


NOTICE, WAIVER = "pre-emption-notice", "pre-emption-waiver"


@pytest.mark.parametrize(
    ("form", "why", "articles", "ground", "days"),
    [
        (Form.LLC_EQUITY, Reason.AGREED, None, "agreed", 30),
        (Form.LLC_EQUITY, Reason.ENFORCEMENT, None, "agreed", 30),
        (Form.LLC_EQUITY, Reason.JUDICIAL, None, "judicial", 20),
        (Form.LLC_EQUITY, Reason.JUDICIAL, 0, "judicial", 20),
        (Form.LLC_EQUITY, Reason.AGREED, 15, "agreed", 15),
        (Form.SHARE, Reason.AGREED, 15, "articles", 15),
        (Form.SHARE, Reason.ENFORCEMENT, 15, "articles", 15),
    ],
)
def test_the_others_may_buy_first_for_so_many_days(
    form: Form, why: Reason, articles: int | None, ground: str, days: int
) -> None:
    right = right_of(form, why, articles)
    assert right is not None
    assert (right.ground, right.days) == (ground, days)


@pytest.mark.parametrize(
    ("form", "why", "articles"),
    [
        (Form.LLC_EQUITY, Reason.AGREED, 0),
        (Form.LLC_EQUITY, Reason.INHERITANCE, None),
        (Form.LLC_EQUITY, Reason.GIFT, None),
        (Form.SHARE, Reason.AGREED, None),
        (Form.SHARE, Reason.JUDICIAL, 15),
        (Form.CONVERTIBLE_BOND, Reason.AGREED, 15),
    ],
)
def test_nobody_may_buy_first(form: Form, why: Reason, articles: int | None) -> None:
    assert right_of(form, why, articles) is None


@pytest.mark.parametrize(("why", "rule"), [(Reason.AGREED, "TRF-01"), (Reason.JUDICIAL, "TRF-02")])
def test_silence_is_a_waiver_when_the_days_are_over_and_not_before(why: Reason, rule: str) -> None:
    right = right_of(Form.LLC_EQUITY, why, None)
    assert right is not None
    known, last = PreEmption(notified_on=TOLD), number(TOLD) + right.days
    for today, said in ((last, known), (last + 1, None), (last + 1, PreEmption())):
        with pytest.raises(RuleRefused) as refused:
            require_silence(right, said, (NOTICE,), today=today)
        assert refused.value.rule == rule
        assert refused.value.extra["numbers"]["days"] == right.days
    require_silence(right, known, (NOTICE,), today=last + 1)
    require_silence(right, PreEmption(waived=True), (WAIVER,), today=0)


@pytest.mark.parametrize(
    ("known", "missing"), [(PreEmption(notified_on=TOLD), NOTICE), (PreEmption(waived=True), WAIVER)]
)
def test_silence_and_waiver_are_evidenced(known: PreEmption, missing: str) -> None:
    right = right_of(Form.LLC_EQUITY, Reason.AGREED, None)
    assert right is not None
    with pytest.raises(RuleRefused, match=missing) as refused:
        require_silence(right, known, ("transfer-agreement",), today=number(TOLD) + 99)
    assert refused.value.rule == "DOC-01"


def test_nobody_is_asked_among_shareholders() -> None:
    deals = [Deal(giver="acc_1", taker=taker, units="1") for taker in ("acc_2", "acc_3")]
    assert outsiders(deals, ["acc_2"]) == deals[1:]


def test_new_capital_of_an_llc_is_subscribed_by_what_is_paid_in() -> None:
    held = {"acc_1": 60, "acc_2": 40}
    require_subscription({"acc_1": 30, "acc_2": 20}, held, 100, ())
    for wanted, account, most in (
        ({"acc_1": 31, "acc_2": 19}, "acc_1", "30"),
        ({"acc_1": 30, "acc_3": 20}, "acc_3", "0"),
    ):
        with pytest.raises(RuleRefused) as refused:
            require_subscription(wanted, held, 100, ())
        assert (refused.value.rule, refused.value.source) == ("TRF-04", "《公司法》（2023修订）第二百二十七条")
        assert (refused.value.extra["numbers"]["account"], refused.value.extra["numbers"]["share"]) == (account, most)
        require_subscription(wanted, held, 100, (WAIVER,))


def _enforcement(act: Any, *documents: str) -> Enforce:
    filed = tuple(Document(code=code, record="rec_1") for code in documents)
    return Enforce(
        act=act, security="sec_1", number=1, giver="acc_1", taker="acc_2", units="1", documents=filed,
        pre_emption=PreEmption(waived=True),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("said", "why", "missing"),
    [
        (_enforcement("freeze-enforce"), Reason.JUDICIAL, "court-ruling"),
        (_enforcement("pledge-enforce"), Reason.ENFORCEMENT, "enforcement-agreement"),
        (_enforcement("pledge-enforce", "enforcement-agreement"), Reason.ENFORCEMENT, None),
        (_enforcement("pledge-enforce", "court-ruling"), Reason.JUDICIAL, "assistance-notice"),
        (_enforcement("pledge-enforce", "court-ruling", "assistance-notice"), Reason.JUDICIAL, None),
    ],
)
def test_a_pledge_is_enforced_by_agreement_or_by_a_court(said: Enforce, why: Reason, missing: str | None) -> None:
    assert said.why is why
    assert [(each.taker, each.pre_emption) for each in said.deals_done] == [("acc_2", PreEmption(waived=True))]
    if missing is None:
        rules.require_documents(said)
    else:
        with pytest.raises(RuleRefused, match=missing):
            rules.require_documents(said)


def test_a_court_hears_of_it_before_capital_changes_while_units_are_frozen() -> None:
    said = Issue(security="sec_1", entries=(Entry(account="acc_1", units="1"),))
    assert rules.changes_capital(said)
    assert not rules.changes_capital(_transfer("agreed"))
    rules.require_report(said, 0)
    with pytest.raises(RuleRefused) as refused:
        rules.require_report(said, 2)
    assert (refused.value.rule, refused.value.extra["numbers"]["freezes"]) == ("FRZ-07", 2)
    rules.require_report(replace(said, documents=(Document(code="court-report", record="rec_1"),)), 2)


A, B = bytes(15) + b"\x0a", bytes(15) + b"\x0b"
GIVER, TAKER = (from_bytes16("acc", each) for each in (A, B))


@pytest.mark.parametrize(
    ("name", "act", "stopped", "who"),
    [
        ("transfer", acts.TransferUnits(bytes(16), A, B, 1, Reason.AGREED), {GIVER: "frozen"}, GIVER),
        ("transfer", acts.TransferUnits(bytes(16), A, B, 1, Reason.GIFT), {TAKER: "frozen"}, TAKER),
        ("transfer", acts.TransferUnits(bytes(16), A, B, 1, Reason.INHERITANCE), {GIVER: "frozen"}, None),
        ("transfer", acts.TransferUnits(bytes(16), A, B, 1, Reason.INHERITANCE), {TAKER: "frozen"}, TAKER),
        ("transfer", acts.TransferUnits(bytes(16), A, B, 1, Reason.JUDICIAL), {GIVER: "frozen", TAKER: "frozen"}, None),
        ("transfer", acts.TransferUnits(bytes(16), A, B, 1, Reason.JUDICIAL), {TAKER: "closed"}, TAKER),
        ("transfer-batch", acts.TransferBatch(bytes(16), Reason.AGREED, (A,), (B,), (1,)), {TAKER: "closed"}, TAKER),
        ("freeze-enforce", acts.EnforceLien(bytes(16), 1, A, B, 1), {TAKER: "frozen"}, None),
        ("freeze-enforce", acts.EnforceLien(bytes(16), 1, A, B, 1), {TAKER: "closed"}, TAKER),
        ("pledge-enforce", acts.EnforceLien(bytes(16), 1, A, B, 1), {TAKER: "frozen"}, TAKER),
        ("pledge-enforce", acts.EnforceLien(bytes(16), 1, A, B, 1), {GIVER: "frozen"}, None),
        ("issue", acts.IssueUnits(bytes(16), (A, B), (1, 1)), {TAKER: "frozen"}, TAKER),
        ("pledge", acts.OpenLien(bytes(16), A, LienKind.PLEDGE, 1), {GIVER: "frozen"}, GIVER),
        ("freeze", acts.OpenLien(bytes(16), A, LienKind.FREEZE, 1), {GIVER: "frozen"}, None),
    ],
)
def test_who_deals_has_an_account_in_order_and_who_gets_units_an_open_one(
    name: str, act: acts.Act, stopped: dict[str, str], who: str | None
) -> None:
    if who is None:
        require_accounts(name, act, stopped)
        return
    with pytest.raises(RuleRefused) as refused:
        require_accounts(name, act, stopped)
    assert refused.value.rule == "ACC-03"
    assert refused.value.extra["numbers"] == {"account": who, "state": stopped[who]}


@pytest.mark.parametrize("name", ["pledge-release", "freeze-release", "unlock"])
@pytest.mark.parametrize("kind", [LienKind.PLEDGE, LienKind.FREEZE, LienKind.LOCK])
def test_what_is_done_to_a_lien_is_done_to_one_of_its_kind(name: Any, kind: LienKind) -> None:
    said = Release(act=name, security="sec_1", account="acc_1", number=1, units="1")
    if (name, kind) in {("pledge-release", 1), ("freeze-release", 2), ("unlock", 3)}:
        rules.require_lien(said, 1, kind)
        return
    with pytest.raises(RuleRefused) as refused:
        rules.require_lien(said, 1, kind)
    assert refused.value.rule == "LIEN-01"


def test_a_company_takes_no_pledge_of_its_own_shares() -> None:
    own = "91440300MA5EXAMPL1"
    pledgee = Pledgee(address="0x" + "11" * 20, name="示例股份有限公司", company=own)
    said = Pledge(security="sec_1", account="acc_1", units="1", pledgee=pledgee)
    with pytest.raises(RuleRefused) as refused:
        rules.require_other_pledgee(said, own)
    assert (refused.value.rule, refused.value.source) == ("PLG-05", "《公司法》（2023修订）第一百六十二条")
    small = replace(said, pledgee=replace(pledgee, company=" ９1440300ma5exampl1 "))
    with pytest.raises(RuleRefused):
        rules.require_other_pledgee(small, own)
    rules.require_other_pledgee(said, "")
    rules.require_other_pledgee(said, "91440300MA5EXAMPL2")


@pytest.mark.parametrize(("reason", "code"), [("JUDICIAL", "court-ruling"), ("Agreed", "transfer-agreement")])
def test_a_reason_in_other_letters_needs_the_same_documents(reason: str, code: str) -> None:
    with pytest.raises(RuleRefused, match=code):
        rules.require_documents(_transfer(reason))


def test_every_document_is_asked_for_by_its_code() -> None:
    said = Transfer(security="sec_1", giver="acc_1", taker="acc_2", units="1", reason="judicial")
    with pytest.raises(RuleRefused, match="court-ruling"):
        rules.require_documents(said)
    one = Transfer(
        security="sec_1",
        giver="acc_1",
        taker="acc_2",
        units="1",
        reason="judicial",
        documents=(Document(code="court-ruling", record="rec_1"),),
    )
    with pytest.raises(RuleRefused, match="assistance-notice"):
        rules.require_documents(one)


def _terms(**change: Any) -> Terms:
    return replace(Terms(Form.SHARE, 0xFE, 200, b"REM-04".ljust(16, b"\0"), interval=5), **change)


REM_19 = b"REM-19".ljust(16, b"\0")


@pytest.mark.parametrize(
    ("terms", "company", "rule", "numbers"),
    [
        (_terms(form=Form.LLC_EQUITY), "jsc", "TRM-01", {"form": "llc_equity", "company": "jsc"}),
        (_terms(), "llc", "TRM-01", {"form": "share", "company": "llc"}),
        (_terms(cap=201), "jsc", "TRM-02", {"cap": 201, "most": 200, "basis": "REM-04", "document": "legal-basis"}),
        (
            _terms(form=Form.LLC_EQUITY, cap=51, basis=REM_19), "llc", "TRM-02",
            {"cap": 51, "most": 50, "basis": "REM-19", "document": "legal-basis"},
        ),
        (
            _terms(form=Form.LLC_EQUITY), "llc", "TRM-02",
            {"cap": 200, "most": 50, "basis": "REM-04", "document": "legal-basis"},
        ),
        (
            _terms(cap=1, basis=b"X".ljust(16, b"\0")), "jsc", "TRM-02",
            {"cap": 1, "most": 0, "basis": "X", "document": "legal-basis"},
        ),
        (_terms(interval=4), "jsc", "TRM-03", {"interval": 4, "least": 5, "document": "legal-basis"}),
    ],
)  # fmt: skip
def test_terms_are_what_the_rules_let_them_be(
    terms: Terms, company: str, rule: str, numbers: dict[str, object]
) -> None:
    with pytest.raises(RuleRefused) as refused:
        require_terms(terms, company, ("articles",))
    assert (refused.value.rule, refused.value.extra["numbers"]) == (rule, numbers)
    assert refused.value.source
    if rule != "TRM-01":
        require_terms(terms, company, ("legal-basis",))


def test_terms_that_the_rules_let_be() -> None:
    require_terms(_terms(), "jsc", ())
    require_terms(_terms(form=Form.LLC_EQUITY, cap=50, basis=REM_19, interval=0), "llc", ())
    require_terms(_terms(form=Form.CONVERTIBLE_BOND), "llc", ())
