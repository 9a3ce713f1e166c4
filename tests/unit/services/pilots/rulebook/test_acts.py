"""Each check of an act is broken alone: rule, source and offending value are seen."""

from dataclasses import replace

import pytest

from services.days import add_months
from services.pilots.rulebook.checks import check_act
from services.pilots.rulebook.checks.base import Violation
from services.pilots.rulebook.facts import Act, Opinion, Tutoring
from services.pilots.rulebook.loader import BOOKS
from tests.unit.services.pilots.rulebook.cases import BJ, GZ, SZ, TODAY, book, facts
from tests.unit.services.pilots.rulebook.test_applications import APPLICATIONS

OPINIONS = tuple(
    Opinion(f"专家{number}", field, f"rec_o{number}", declaration=f"rec_d{number}")
    for number, field in enumerate(("法律合规", "金融业务", "信息科技"))
)
FOUR = dict.fromkeys(("创新价值", "监管启发", "风险防控", "投资者保护"), "通过")
FIVE = dict.fromkeys(("创新性", "可行性", "安全性", "目标合理性", "风险控制措施"), "通过")
JUDGED = Act("", opinions=OPINIONS, conclusions=FOUR)
CONFLICTED = (*OPINIONS[:2], replace(OPINIONS[2], conflicted=True))
UNDECLARED = (*OPINIONS[:2], replace(OPINIONS[2], declaration=None))
NORMAL = frozenset({"goals_reached", "no_obvious_risk", "risk_measures", "investor_protection", "supervisors_agree"})
EXTEND = frozenset({"goals_open", "no_major_danger", "large_value"})

ACTS: list[tuple[str, str, str, Act, Act, str, str, str]] = [
    # rulebook, state, action, an act that is complete, one that is not, rule, field, value
    (SZ, "UNDER_SELECTION", "selection.accept", Act("", opinions=OPINIONS), Act(""), "SZ-44", "opinions", "0"),
    (SZ, "UNDER_SELECTION", "selection.accept", Act("", opinions=OPINIONS), Act("", opinions=UNDECLARED), "SZ-46",
     "opinions/2/declaration", "专家2"),
    (SZ, "EVALUATION", "evaluation.pass", JUDGED, replace(JUDGED, opinions=CONFLICTED), "SZ-46",
     "opinions/2/conflicted",
     "专家2"),
    (SZ, "EVALUATION", "evaluation.pass", JUDGED, replace(JUDGED, conclusions={**FOUR, "监管启发": ""}), "SZ-52",
     "conclusions/监管启发", "创新价值, 投资者保护, 监管启发, 风险防控"),
    (SZ, "EVALUATION", "evaluation.fail", JUDGED, replace(JUDGED, opinions=OPINIONS[:2]), "SZ-53", "opinions",
     "法律合规, 金融业务"),
    (SZ, "LAUNCH_APPROVED", "launch", Act("", value=TODAY + 300), Act("", value=TODAY + 301), "SZ-60", "value",
     "2027-07-02"),
    (SZ, "RUNNING", "ground.raise", Act("", findings=frozenset({"illegal_activity"})), Act(""), "SZ-82", "findings",
     "none"),
    *(
        (SZ, "EXIT_CONSULTED", "exit.implement.normalise", Act("", findings=NORMAL), Act("", findings=NORMAL - {one}),
         rule, f"findings/{one}", ", ".join(sorted(NORMAL - {one})))
        for one, rule in (("goals_reached", "SZ-70"), ("no_obvious_risk", "SZ-71"), ("risk_measures", "SZ-72"),
                          ("investor_protection", "SZ-73"), ("supervisors_agree", "SZ-74"))
    ),
    *(
        (SZ, "RUNNING", "exit.initiate.extend", Act("", findings=EXTEND), Act("", findings=EXTEND - {one}), rule,
         f"findings/{one}", ", ".join(sorted(EXTEND - {one})))
        for one, rule in (("goals_open", "SZ-76"), ("no_major_danger", "SZ-77"), ("large_value", "SZ-78"))
    ),
    (SZ, "EXIT_CONSULTED", "exit.implement.end", Act("", findings=frozenset({"institution_applied"})),
     Act("", findings=NORMAL), "SZ-75", "findings", ", ".join(sorted(NORMAL))),
    (SZ, "RUNNING", "exit.initiate.force", Act("", findings=frozenset({"commitment_breached"})), Act(""), "SZ-82",
     "findings", "none"),
    (GZ, "UNDER_SELECTION", "selection.accept", Act("", conclusions=FIVE), Act("", conclusions={}), "GZ-19",
     "conclusions/创新性", "none"),
    (GZ, "UNDER_SELECTION", "selection.accept", Act("", conclusions=FIVE),
     Act("", conclusions=FIVE, opinions=UNDECLARED), "GZ-27", "opinions/2/declaration", "专家2"),
    (GZ, "EVALUATION", "evaluation.pass", JUDGED, replace(JUDGED, conclusions=FIVE), "GZ-29", "conclusions/创新价值",
     ", ".join(sorted(FIVE))),
    (GZ, "T_EVALUATION", "tutoring.pass", JUDGED, replace(JUDGED, opinions=OPINIONS[1:]), "GZ-30", "opinions",
     "信息科技, 金融业务"),
    (GZ, "LAUNCH_APPROVED", "launch", Act("", value=TODAY + 300), Act("", value=0), "GZ-37", "value", "1970-01-01"),
    (GZ, "RUNNING", "ground.raise", Act("", findings=frozenset({"large_risk"})), Act(""), "GZ-52", "findings", "none"),
    (GZ, "STAGE_ASSESSMENT", "stage.pass", Act("", findings=frozenset({"goals_reached", "no_obvious_risk"})),
     Act("", findings=frozenset({"goals_reached"})), "GZ-48", "findings/no_obvious_risk", "goals_reached"),
    (GZ, "RUNNING", "exit.force", Act("", findings=frozenset({"large_risk"})), Act(""), "GZ-50", "findings", "none"),
    (GZ, "EXIT_INITIATED", "exit.implement.end", Act("", findings=frozenset({"institution_applied"})), Act(""), "GZ-55",
     "findings/institution_applied", "none"),
    (GZ, "T_NOTICE", "tutoring.open", Act("", value=add_months(TODAY - 10, 12)), Act("", value=TODAY + 365), "GZ-65",
     "value", "2027-09-04"),
    *(
        (GZ, "UNDER_SELECTION", "tutoring.reuse", Act("", tutoring=Tutoring("prj_t", "rec_t", TODAY)),
         Act("", tutoring=given), "GZ-68", "tutoring", value)
        for given, value in (
            (None, "none"),
            (Tutoring("prj_t", "rec_t", TODAY - 1), "2026-09-03"),
            (Tutoring("prj_t", "rec_t", TODAY, revoked=True), "prj_t"),
        )
    ),
    (BJ, "EVALUATION", "evaluation.pass", JUDGED, replace(JUDGED, conclusions={}), "BJ-06", "conclusions/创新价值",
     "none"),
    (BJ, "EVALUATION", "evaluation.pass", JUDGED, replace(JUDGED, opinions=()), "BJ-05", "opinions", "none"),
    (BJ, "EVALUATION", "evaluation.fail", JUDGED, replace(JUDGED, opinions=CONFLICTED), "BJ-45",
     "opinions/2/conflicted",
     "专家2"),
    (BJ, "LAUNCH_APPROVED", "launch", Act("", value=TODAY + 300), Act("", value=TODAY), "BJ-30", "value", "2026-09-04"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "state", "action", "sound", "broken", "rule", "field", "value"), ACTS)
def test_a_broken_act_shows_its_rule(
    name: str, state: str, action: str, sound: Act, broken: Act, rule: str, field: str, value: str
) -> None:
    assert check_act(book(name), facts(name, action, act=sound, state=state)) == []
    found = check_act(book(name), facts(name, action, act=broken, state=state))
    assert {one.rule for one in found} == {rule}
    assert (found[0].field, found[0].value) == (field, value)
    assert found[0].source == book(name).rule(rule).cited


@pytest.mark.parametrize("action", ["exit.initiate.end", "exit.implement.end"])
def test_a_pilot_has_expired_when_its_end_is_over(action: str) -> None:
    state = "RUNNING" if "initiate" in action else "EXIT_CONSULTED"
    expired = Act("", findings=frozenset({"expired_without_value"}))

    def found(ends_on: int, act: Act = expired) -> list[Violation]:
        return check_act(book(SZ), replace(facts(SZ, action, act=act, state=state), ends_on=ends_on))

    assert found(TODAY - 1) == []
    for ends_on in (TODAY, TODAY + 1, 0):
        (early,) = found(ends_on)
        assert (early.rule, early.field, early.value) == ("SZ-75", "findings", "expired_without_value")
    assert "2026-09-04" in found(TODAY)[0].message
    assert found(TODAY + 9, replace(expired, findings=expired.findings | {"institution_applied"})) == []


@pytest.mark.parametrize("name", BOOKS)
def test_each_missing_evidence_is_named_with_its_rule(name: str) -> None:
    seen = 0
    for row in book(name).transitions:
        for need in row.evidence:
            whole = facts(name, row.action, state=row.state)
            rest = {code: ref for code, ref in whole.act.evidence.items() if code != need.code}
            found = check_act(book(name), replace(whole, act=replace(whole.act, evidence=rest)))
            mine = [one for one in found if one.field == f"evidence/{need.code}"]
            assert [(one.rule, one.source) for one in mine] == [(need.rule, book(name).rule(need.rule).cited)]
            seen += 1
    assert seen > 30


@pytest.mark.parametrize("name", BOOKS)
def test_every_rule_that_is_checked_is_broken_here(name: str) -> None:
    here = {case[4] for case in APPLICATIONS if case[1] == name} | {case[5] for case in ACTS if case[0] == name}
    apart = {"SZ-69", "GZ-10", "GZ-69", "BJ-21", "BJ-23"}  # in tests of their own, or by the nearer rule of each case
    assert {use.rule for use in book(name).checks} - here <= apart
