"""Every error of the contract has its rule, its source and its words, and none is spelled in another way."""

from string import Formatter

import pytest

from chain.artifacts import load
from chain.errors import RevertError
from chain.proof.hashing import keccak256
from services.register.names import CHECKER, LIAISON, REGULATOR
from services.register.sources import as_refusal
from services.register.words import RULES, WORDS

_NO_RULES = {"RegisterModule", "ECDSAInvalidSignature", "ECDSAInvalidSignatureLength", "ECDSAInvalidSignatureS"}
"""Of the deployment, and of libraries that report another way."""
_FORMS = {
    "bytes16": bytes(range(16)),
    "bytes32": keccak256(CHECKER.encode()),
    "address": "0x" + "ab" * 20,
    "bool": True,
}


def errors() -> dict[str, list[dict[str, str]]]:
    """The register's own, by name, with their arguments."""
    ours = ("Register", "Security", "Authorisation")
    found = {one["name"]: one["inputs"] for one in load("EquityRegister").abi if one["type"] == "error"}
    return {name: inputs for name, inputs in found.items() if name.startswith(ours) and name not in _NO_RULES}


ERRORS = errors()


@pytest.mark.parametrize("name", sorted(ERRORS))
def test_an_error_of_the_contract_is_told_with_its_rule_and_all_its_numbers(name: str) -> None:
    arguments = {one["name"]: _FORMS.get(one["type"], 2**60) for one in ERRORS[name]}
    problem = as_refusal(RevertError(name, arguments))
    assert problem is not None
    assert problem.rule is not None
    assert problem.source == RULES[problem.rule].source
    assert set(problem.extra["numbers"]) == set(arguments)
    assert problem.extra["guard"] == name


def test_no_words_are_left_over() -> None:
    assert {key.partition(":")[0] for key in WORDS} == set(ERRORS)


@pytest.mark.parametrize("key", sorted(WORDS))
def test_words_name_arguments_that_the_error_has_in_both_languages(key: str) -> None:
    words, arguments = WORDS[key], {one["name"] for one in ERRORS[key.partition(":")[0]]}
    for text in (words.zh, words.en):
        assert {field for _, field, _, _ in Formatter().parse(text) if field} <= arguments
    assert any("\u4e00" <= letter <= "\u9fff" for letter in words.zh)


@pytest.mark.parametrize(("role", "rule"), [(CHECKER, "REG-02"), (REGULATOR, "REM-05"), (LIAISON, "FRZ-03")])
def test_the_chain_names_a_role_by_its_digest(role: str, rule: str) -> None:
    problem = as_refusal(RevertError("RegisterNeeds", {"role": keccak256(role.encode())}))
    assert problem is not None
    assert (problem.rule, problem.extra["numbers"]) == (rule, {"role": role})


@pytest.mark.parametrize(
    ("basis", "rule"), [("", "REM-04"), ("REM-19", "REM-19"), ("LP-CAP", "LP-CAP"), ("?", "REM-04")]
)
def test_a_cap_rests_on_what_the_terms_say(basis: str, rule: str) -> None:
    problem = as_refusal(RevertError("RegisterCap", {"count": 51, "cap": 50}), basis=basis)
    assert problem is not None
    assert problem.rule == rule


def test_an_error_of_another_contract_is_none_of_the_registers_rules() -> None:
    assert as_refusal(RevertError("PilotNoRule", {"state": 1})) is None
