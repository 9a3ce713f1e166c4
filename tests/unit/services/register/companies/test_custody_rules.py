"""The custody cycle: each step from its phases only, on its documents, past its guards, which say their numbers."""

from dataclasses import replace
from typing import Any

import pytest

from services.platform.errors import Conflict, RuleRefused
from services.register.companies.rules import (
    APPLICATION,
    FURTHER_STEPS,
    STEPS,
    Facts,
    Phase,
    check_application,
    check_step,
    phase_of,
)
from services.register.rules.values import State

GOOD = Facts(
    listed_units=1_000, confirmed_units=900, capital=1_000, carried_out=True, threshold=8_000, pledges=0, freezes=0
)
EXPECTED = {
    "take-up": {Phase.APPLIED},
    "verify": {Phase.VERIFYING},
    "register": {Phase.CONFIRMING},
    "admit": {Phase.REGISTERED},
    "suspend": {Phase.CUSTODIED},
    "resume": {Phase.SUSPENDED},
    "deregister": {Phase.CUSTODIED, Phase.SUSPENDED},
    "keep": {Phase.DEREGISTERING},
    "exit": {Phase.DEREGISTERING},
    "withdraw": {Phase.APPLIED, Phase.VERIFYING, Phase.CONFIRMING},
}


def refused(step: str, phase: Phase, facts: Facts, *documents: str) -> RuleRefused:
    with pytest.raises(RuleRefused) as caught:
        check_step(STEPS[step], phase, documents or STEPS[step].documents, facts)
    assert caught.value.source
    return caught.value


@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("phase", list(Phase))
def test_a_step_is_taken_from_its_phases_only(step: str, phase: Phase) -> None:
    if phase in EXPECTED[step]:
        check_step(STEPS[step], phase, STEPS[step].documents, GOOD)
        return
    with pytest.raises(Conflict) as caught:
        check_step(STEPS[step], phase, STEPS[step].documents, GOOD)
    assert caught.value.slug == "company-phase"


@pytest.mark.parametrize("step", [name for name, step in STEPS.items() if step.documents])
def test_each_document_of_a_step_is_needed(step: str) -> None:
    wanted = STEPS[step].documents
    for missing in wanted:
        told = refused(step, STEPS[step].sources[0], GOOD, *(each for each in (*wanted, "other") if each != missing))
        assert (told.rule, told.extra["missing"]) == ("CUS-01", [missing])


def test_an_application_names_everything_that_is_missing() -> None:
    check_application(APPLICATION)
    with pytest.raises(RuleRefused) as caught:
        check_application(APPLICATION[2:])
    assert caught.value.extra["missing"] == list(APPLICATION[:2])


def test_the_list_is_the_registered_capital() -> None:
    told = refused("verify", Phase.VERIFYING, replace(GOOD, listed_units=None))
    assert (told.rule, told.extra["numbers"]["listed"]) == ("CUS-02", "none")
    told = refused("verify", Phase.VERIFYING, replace(GOOD, listed_units=999))
    assert told.extra["numbers"] == {"listed": "999", "capital": "1000"}


def test_the_threshold_is_the_operators_to_set_and_then_to_reach() -> None:
    told = refused("register", Phase.CONFIRMING, replace(GOOD, threshold=None))
    assert told.rule == "CUS-03"
    assert "market.confirmation" in told.detail
    check_step(STEPS["register"], Phase.CONFIRMING, (), replace(GOOD, confirmed_units=800))
    told = refused("register", Phase.CONFIRMING, replace(GOOD, confirmed_units=799))
    assert told.extra["numbers"] == {"confirmed": "799", "capital": "1000", "threshold": 8_000}
    check_step(STEPS["register"], Phase.CONFIRMING, (), replace(GOOD, confirmed_units=0, threshold=0))


def test_a_list_is_carried_out_before_it_is_registered() -> None:
    assert refused("register", Phase.CONFIRMING, replace(GOOD, carried_out=False)).rule == "CUS-04"


@pytest.mark.parametrize("step", ["deregister", "exit"])
def test_no_company_leaves_with_a_living_freeze(step: str) -> None:
    told = refused(step, STEPS[step].sources[0], replace(GOOD, freezes=2))
    assert (told.rule, told.extra["numbers"]) == ("CUS-05", {"freezes": 2})


def test_pledges_are_released_or_their_migration_is_evidenced() -> None:
    pledged = replace(GOOD, pledges=1)
    check_step(STEPS["deregister"], Phase.CUSTODIED, STEPS["deregister"].documents, pledged)
    assert refused("exit", Phase.DEREGISTERING, pledged).rule == "CUS-06"
    check_step(STEPS["exit"], Phase.DEREGISTERING, (*STEPS["exit"].documents, "pledge-migration"), pledged)


@pytest.mark.parametrize(
    ("own", "state", "phase"),
    [
        (Phase.APPLIED, None, Phase.APPLIED),
        (Phase.CONFIRMING, State.REGISTERING, Phase.CONFIRMING),
        (Phase.REGISTERED, State.REGISTERING, Phase.REGISTERED),
        (Phase.REGISTERED, State.CUSTODIED, Phase.CUSTODIED),
        (Phase.REGISTERED, State.SUSPENDED, Phase.SUSPENDED),
        (Phase.DEREGISTERING, State.CUSTODIED, Phase.DEREGISTERING),
        (Phase.DEREGISTERING, State.EXITED, Phase.EXITED),
        (Phase.REGISTERED, State.EXITED, Phase.EXITED),
    ],
)
def test_what_the_chain_has_decided_counts(own: Phase, state: State | None, phase: Phase) -> None:
    assert phase_of(own, state) is phase


@pytest.mark.parametrize(
    ("step", "sources"),
    [
        ("register", {Phase.CONFIRMING}),
        ("admit", {Phase.REGISTERED}),
        ("suspend", {Phase.CUSTODIED}),
        ("resume", {Phase.SUSPENDED}),
        ("exit", {Phase.CUSTODIED, Phase.SUSPENDED}),
        ("withdraw", {Phase.CONFIRMING}),
    ],
)
def test_a_further_security_has_a_cycle_of_its_own(step: str, sources: set[Phase]) -> None:
    taken = FURTHER_STEPS[step]
    facts = replace(GOOD, listed_units=0) if step == "withdraw" else GOOD
    for phase in Phase:
        if phase in sources:
            check_step(taken, phase, taken.documents, facts)
        else:
            with pytest.raises(Conflict):
                check_step(taken, phase, taken.documents, facts)
    for missing in taken.documents:
        with pytest.raises(RuleRefused, match=missing):
            check_step(taken, min(sources), [each for each in taken.documents if each != missing], facts)


@pytest.mark.parametrize(
    ("step", "facts", "rule", "numbers"),
    [
        ("register", {"listed_units": 999}, "CUS-08", {"entered": "999", "units": "1000"}),
        ("register", {"confirmed_units": 799}, "CUS-03", {"confirmed": "799", "capital": "1000", "threshold": 8_000}),
        ("admit", {"listed_units": 1_001}, "CUS-08", {"entered": "1001", "units": "1000"}),
        ("exit", {"freezes": 1}, "CUS-05", {"freezes": 1}),
        ("exit", {"pledges": 1}, "CUS-06", {"pledges": 1}),
        ("withdraw", {}, "CUS-10", {"entered": "1000"}),
    ],
)
def test_a_further_securitys_guards_say_their_numbers(
    step: str, facts: dict[str, Any], rule: str, numbers: dict[str, object]
) -> None:
    taken = FURTHER_STEPS[step]
    with pytest.raises(RuleRefused) as caught:
        check_step(taken, taken.sources[0], taken.documents, replace(GOOD, **facts))
    assert (caught.value.rule, caught.value.extra["numbers"]) == (rule, numbers)
    assert caught.value.source


def test_a_company_leaves_after_its_further_securities() -> None:
    told = refused("exit", Phase.DEREGISTERING, replace(GOOD, others=2))
    assert (told.rule, told.extra["numbers"]) == ("CUS-09", {"securities": 2})
