"""One error of the contract may break different rules: the act that was asked for tells which, with its source."""

import re
from string import Formatter
from typing import Any

import pytest

from chain.errors import RevertError
from chain.proof.hashing import keccak256
from services.platform.errors import Invalid
from services.register.act_words import ACT_RULES, ACT_WORDS
from services.register.acts.liens import Extend
from services.register.names import ACTS, LIAISON, REGULATOR
from services.register.service_words import SERVICE_RULES
from services.register.sources import as_refusal
from services.register.words import RULES, WORDS
from tests.unit.services.register.rules.test_words import ERRORS

FIRST, LAST = 22_000, 23_000
TERM = {"day": LAST + 1, "first": FIRST, "last": LAST}
SINCE = {"since": 1_900_000_000, "first": 0, "last": 0}
UNITS = {"wanted": 8, "free": 2}


@pytest.mark.parametrize("key", sorted(ACT_WORDS))
def test_each_is_of_an_error_and_an_act_that_exist_with_a_rule_and_its_numbers(key: str) -> None:
    error, *more = key.split(":")
    assert more[-1] in {*ACTS, "past"}
    assert ":".join((error, *more[:-1])) in WORDS
    arguments, words = {one["name"] for one in ERRORS[error]}, ACT_WORDS[key]
    assert words.rule in {**RULES, **ACT_RULES}
    for text in (words.zh, words.en):
        assert {field for _, field, _, _ in Formatter().parse(text) if field} <= arguments
    assert re.search("[\u4e00-\u9fff]", words.zh)


def test_no_rule_has_two_sources_and_none_is_left_over() -> None:
    assert not ACT_RULES.keys() & (RULES.keys() | SERVICE_RULES.keys())
    assert ACT_RULES.keys() <= {words.rule for words in ACT_WORDS.values()}


@pytest.mark.parametrize(
    ("error", "arguments", "act", "rule", "source"),
    [
        ("RegisterTerm", TERM, "freeze", "FRZ-04", "第四百八十五条"),
        ("RegisterTerm", TERM, "freeze-extend", "FRZ-04", "第四百八十五条"),
        ("RegisterTerm", {"day": FIRST - 1, "first": FIRST, "last": LAST}, "freeze", "REG-13", "设计"),
        ("RegisterTerm", {"day": FIRST - 1, "first": FIRST, "last": 2**24 - 1}, "lock", "REG-13", "设计"),
        ("RegisterTerm", {"day": LAST, "first": 0, "last": 0}, "pledge", "PLG-03", "第三百九十三条"),
        ("RegisterTerm", {"day": 0, "first": 1, "last": LAST}, "officer", "REM-22", "第一百六十条"),
        ("RegisterTerm", TERM, "officer", "REM-22", "第一百六十条"),
        ("RegisterLien", {"number": 3}, "freeze-extend", "FRZ-05", "第四百八十五条"),
        ("RegisterLien", {"number": 3}, "freeze-release", "REG-11", "设计"),
        ("RegisterSince", SINCE, "pledge", "PLG-02", "第四百四十三条"),
        ("RegisterSince", SINCE, "lock", "LCK-01", "设计"),
        ("RegisterSince", SINCE, "freeze", "FRZ-01", "第六条"),
        ("RegisterUnits", UNITS, "transfer", "REG-06", "第四百四十三条"),
        ("RegisterUnits", UNITS, "pledge", "PLG-06", "《股权出质登记办法》第五条"),
        ("RegisterUnits", UNITS, "freeze", "REG-06", "第七条"),
        ("RegisterUnits", UNITS, "freeze-release", "REG-11", "设计"),
        ("RegisterUnits", UNITS, "pledge-enforce", "PLG-07", "第一百六十条"),
        ("RegisterUnits", UNITS, "transfer-pledged", "PLG-02", "第四百四十三条"),
    ],
)
def test_a_refusal_names_the_rule_that_was_broken(
    error: str, arguments: dict[str, Any], act: str, rule: str, source: str
) -> None:
    problem = as_refusal(RevertError(error, arguments), act=act)
    assert problem is not None
    assert problem.rule == rule
    assert source in (problem.source or "")
    assert (problem.extra["guard"], set(problem.extra["numbers"])) == (error, set(arguments))


@pytest.mark.parametrize(
    ("role", "act", "rule"),
    [
        (REGULATOR, "addend", "REM-05"),
        (REGULATOR, "change-terms", "REG-14"),
        (REGULATOR, "pledge-revoke", "PLG-04"),
        (LIAISON, "freeze-release", "FRZ-03"),
        (LIAISON, "transfer", "FRZ-06"),
        (LIAISON, "pledge-enforce", "FRZ-02"),
    ],
)
def test_who_must_sign_rests_on_the_rule_of_the_act(role: str, act: str, rule: str) -> None:
    problem = as_refusal(RevertError("RegisterNeeds", {"role": keccak256(role.encode())}), act=act)
    assert problem is not None
    assert problem.rule == rule


@pytest.mark.parametrize(
    ("error", "arguments", "shown"),
    [
        ("RegisterState", {"security": bytes(16), "state": 3}, "suspended"),
        ("RegisterKind", {"investor": bytes(16), "kind": 1, "kinds": 4}, "person"),
        ("RegisterLienKind", {"number": 1, "kind": 2}, "freeze"),
        ("RegisterReason", {"reason": 6}, "enforcement"),
    ],
)
def test_what_has_a_name_is_told_by_it(error: str, arguments: dict[str, Any], shown: str) -> None:
    problem = as_refusal(RevertError(error, arguments))
    assert problem is not None
    assert shown in problem.detail


def test_days_are_dates_and_a_freeze_has_a_last_one() -> None:
    problem = as_refusal(RevertError("RegisterTerm", TERM), act="freeze")
    assert problem is not None
    assert problem.extra["numbers"] == {"day": "2032-12-22", "first": "2030-03-27", "last": "2032-12-21"}
    endless = Extend(act="freeze-extend", security="sec_" + "1" * 32, number=1)
    with pytest.raises(Invalid) as refused:
        endless.contract_act()
    assert (refused.value.field, refused.value.rule) == ("/until", "FRZ-04")
    Extend(act="lock-extend", security="sec_" + "1" * 32, number=1).contract_act()
