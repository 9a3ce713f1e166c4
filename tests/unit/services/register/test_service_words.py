"""What only the service can check: every rule has a source, every refusal its words in both languages."""

import re
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.days import number
from services.platform.errors import RuleRefused
from services.register.acts import rules
from services.register.acts.liens import Pledge, Pledgee, Release
from services.register.acts.said import Document
from services.register.acts.transfers import Deal, PreEmption, Transfer
from services.register.names import ACTS
from services.register.rules.values import Form, LienKind, Reason
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


def _transfer(reason: str, pre_emption: PreEmption | None = None) -> Transfer:
    return Transfer(
        security="sec_1", giver="acc_1", taker="acc_2", units="1", reason=reason, payment="P", pre_emption=pre_emption
    )


@pytest.mark.parametrize(("why", "days", "rule"), [(Reason.AGREED, 30, "TRF-01"), (Reason.JUDICIAL, 20, "TRF-02")])
def test_silence_is_a_waiver_when_the_days_are_over_and_not_before(why: Reason, days: int, rule: str) -> None:
    known, last = PreEmption(notified_on=TOLD), number(TOLD) + days
    with pytest.raises(RuleRefused) as refused:
        rules.require_pre_emption(why, known, today=last)
    assert refused.value.rule == rule
    rules.require_pre_emption(why, known, today=last + 1)
    rules.require_pre_emption(why, PreEmption(waived=True), today=0)
    rules.require_pre_emption(Reason.INHERITANCE, None, today=0)


def test_nobody_is_asked_among_shareholders_or_for_shares() -> None:
    deals = [Deal(giver="acc_1", taker=taker, units="1") for taker in ("acc_2", "acc_3")]
    assert rules.outsiders(Form.LLC_EQUITY, deals, ["acc_2"]) == deals[1:]
    assert not rules.outsiders(Form.SHARE, deals, [])


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
