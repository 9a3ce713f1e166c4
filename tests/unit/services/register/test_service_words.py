"""What only the service can check: every rule has a source, every refusal its words in both languages."""

import re
from datetime import date

import pytest

from services.pilots.rulebook.days import number
from services.platform.errors import RuleRefused
from services.register.acts import rules
from services.register.acts.said import Document
from services.register.acts.transfers import PreEmption, Transfer
from services.register.names import ACTS
from services.register.rules.values import Form, Reason
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
    assert reasons == {each.name.lower() for each in Reason}


def _transfer(reason: str, pre_emption: PreEmption | None = None) -> Transfer:
    return Transfer(
        security="sec_1", giver="acc_1", taker="acc_2", units="1", reason=reason, payment="P", pre_emption=pre_emption
    )


@pytest.mark.parametrize(("reason", "days", "rule"), [("agreed", 30, "TRF-01"), ("judicial", 20, "TRF-02")])
def test_silence_is_a_waiver_when_the_days_are_over_and_not_before(reason: str, days: int, rule: str) -> None:
    said, last = _transfer(reason, PreEmption(notified_on=TOLD)), number(TOLD) + days
    with pytest.raises(RuleRefused) as refused:
        rules.require_pre_emption(said, Form.LLC_EQUITY, outsider=True, today=last)
    assert refused.value.rule == rule
    rules.require_pre_emption(said, Form.LLC_EQUITY, outsider=True, today=last + 1)


def test_nobody_is_asked_among_shareholders_for_shares_or_for_an_inheritance() -> None:
    rules.require_pre_emption(_transfer("agreed"), Form.LLC_EQUITY, outsider=False, today=0)
    rules.require_pre_emption(_transfer("agreed"), Form.SHARE, outsider=True, today=0)
    rules.require_pre_emption(_transfer("inheritance"), Form.LLC_EQUITY, outsider=True, today=0)


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
