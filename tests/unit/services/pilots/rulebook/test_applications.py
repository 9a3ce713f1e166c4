"""Each check of an application is broken alone: rule, source and offending value are seen, and nothing else is."""

import unicodedata
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.pilots.rulebook.checks import check_act, completeness
from services.pilots.rulebook.facts import (
    THIRD_PARTY,
    Act,
    Applicant,
    Application,
    MaterialFile,
    Tutoring,
    characters,
)
from services.pilots.rulebook.loader import book_text, load
from tests.unit.services.pilots.rulebook.cases import (
    BJ,
    GZ,
    SZ,
    TODAY,
    application,
    book,
    broker,
    facts,
    settings_of,
    tutored,
)

Change = Callable[[Application], Application]


def lead(**changes: Any) -> Change:
    return lambda app: replace(app, applicants=(replace(app.applicants[0], **changes), *app.applicants[1:]))


def partner(**changes: Any) -> Change:
    return lambda app: replace(app, applicants=(app.applicants[0], replace(app.applicants[1], **changes)))


def app(**changes: Any) -> Change:
    return lambda given: replace(given, **changes)


def material(code: str, **changes: Any) -> Change:
    def change(given: Application) -> Application:
        files = [replace(one, **changes) if one.code == code else one for one in given.materials]
        if not any(one.code == code for one in files):
            files.append(MaterialFile(code, 1, f"rec_{code}", **changes))
        return replace(given, materials=tuple(files))

    return change


def without(code: str) -> Change:
    return lambda given: replace(given, materials=tuple(one for one in given.materials if one.code != code))


def unstated(*codes: str) -> Change:
    def change(given: Application) -> Application:
        return replace(given, statements={code: ref for code, ref in given.statements.items() if code not in codes})

    return change


def stated(category: str, *codes: str) -> Change:
    return lambda given: replace(given, category=category, statements={**given.statements, **dict.fromkeys(codes, "r")})


def alone(**changes: Any) -> Change:
    """One applicant, an institution of the region, that leads and does everything."""

    def change(given: Application) -> Application:
        one = replace(given.applicants[1], lead=True, **changes)
        files = tuple(replace(file, issuers=(one.id,), applicant=file.applicant and one.id) for file in given.materials)
        return replace(given, applicants=(one,), materials=files)

    return change


def both(*changes: Change) -> Change:
    def change(given: Application) -> Application:
        for each in changes:
            given = each(given)
        return given

    return change


APPLICATIONS: list[tuple[str, str, str, Change, str, str, str]] = [
    # name, rulebook, action, change, rule, field, value
    ("no such class", SZ, "submit", partner(category="bank"), "SZ-08", "applicants/ins_broker/category", "bank"),
    ("unlisted type", SZ, "submit", partner(type="asset-manager"), "SZ-07", "applicants/ins_broker/type",
     "asset-manager"),
    ("closed list", SZ, "submit", partner(category="custodian", type="bank", recognition="rec_r"), "SZ-06",
     "applicants/ins_broker/type", "bank"),
    ("operating elsewhere", SZ, "submit", partner(jurisdiction=440100), "SZ-03", "applicants/ins_broker/registered_in",
     "registered 440305, office 440305, supervised 440100"),
    ("rem operator elsewhere", SZ, "submit", partner(category="rem-operator", type="rem-operator",
     registered_in=440106),
     "SZ-05", "applicants/ins_broker/registered_in", "registered 440106, office 440305, supervised 440300"),
    ("scenario by the company", SZ, "submit", app(scenario_provider="ins_tech"), "SZ-01", "scenario_provider",
     "示例科技"),
    ("scenario by a stranger", SZ, "submit", app(scenario_provider="ins_x"), "SZ-01", "scenario_provider", "ins_x"),
    ("scenario unlicensed", SZ, "submit", partner(licensed=False), "SZ-01", "scenario_provider", "示例证券"),
    ("service without securities", SZ, "submit",
     both(partner(category="service", type="law-firm"), app(scenario="payments")), "SZ-04", "scenario", "payments"),
    ("two leads", SZ, "submit", partner(lead=True), "SZ-12", "applicants", "示例科技, 示例证券"),
    ("lead cannot lead", SZ, "submit", unstated("lead_capability"), "SZ-13", "statements/lead_capability", "none"),
    ("name only", SZ, "submit", partner(work=" "), "SZ-09", "applicants/ins_broker/work", "示例证券"),
    ("not agreed", SZ, "submit", partner(consent=None), "SZ-10", "applicants/ins_broker/consent", "示例证券"),
    ("no rights", SZ, "submit", lead(rights=""), "SZ-11", "applicants/ins_tech/rights", "示例科技"),
    ("core on the ordinary path", SZ, "submit", alone(category="core", type="exchange"), "SZ-47",
     "applicants/ins_broker/category", "core"),
    ("others on the core path", SZ, "submit.core", alone(), "SZ-47", "applicants/ins_broker/category", "operating"),
    ("no category", SZ, "submit", app(category="other"), "SZ-14", "category", "other"),
    ("innovation without ground", SZ, "submit", app(category="business-innovation"), "SZ-15",
     "statements/rule_exemption",
     "none"),
    ("service without statement", SZ, "submit", app(category="public-service"), "SZ-17", "statements/public_service",
     "none"),
    ("precedent", SZ, "submit", app(category="technology-innovation"), "SZ-18", "statements/no_precedent", "none"),
    ("not replicable", SZ, "submit", unstated("replicable"), "SZ-19", "statements/replicable", "none"),
    ("approval needed", SZ, "submit", both(stated("business-innovation", "new_field"), app(needs_approval=True)),
     "SZ-16",
     "needs_approval", "True"),
    ("approval not needed", SZ, "submit.approval", stated("business-innovation", "new_field"), "SZ-16",
     "needs_approval",
     "False"),
    ("approval elsewhere", SZ, "submit.approval", app(needs_approval=True), "SZ-16", "category",
     "technology-empowerment"),
    ("no form", SZ, "submit", without("application-form"), "SZ-21", "materials/application-form", "none"),
    ("no report", SZ, "submit", without("compliance-report"), "SZ-22", "materials/compliance-report", "none"),
    ("unsigned report", SZ, "submit", material("compliance-report", signatures=()), "SZ-22",
     "materials/compliance-report/signatures", "nobody"),
    ("plan not joint", SZ, "submit", material("implementation-plan", issuers=("ins_tech",)), "SZ-25",
     "materials/implementation-plan/issuers", "ins_tech"),
    ("risk report by the company", SZ, "submit", material("business-risk-report", issuers=("ins_tech",)), "SZ-26",
     "materials/business-risk-report/issuers", "ins_tech"),
    ("security by the company", SZ, "submit", material("security-assessment", issuers=("ins_tech",)), "SZ-27",
     "materials/security-assessment/issuers", "ins_tech"),
    ("protection by the company", SZ, "submit", material("investor-protection-plan", issuers=("ins_tech",)), "SZ-28",
     "materials/investor-protection-plan/issuers", "ins_tech"),
    ("no internal review", SZ, "submit", unstated("internal_review"), "SZ-31", "statements/internal_review", "none"),
    ("not reviewed by the lead", SZ, "submit", material("compliance-report", reviewed=False), "SZ-33",
     "materials/compliance-report/reviewed", "rec_m2"),
    ("state secrets", SZ, "submit", unstated("no_state_secret"), "SZ-34", "statements/no_state_secret", "none"),
    ("terms", SZ, "submit", unstated("terms_explained"), "SZ-39", "statements/terms_explained", "none"),
    ("English alone", SZ, "submit", material("application-form", translated=False), "SZ-40",
     "materials/application-form",
     "rec_m1"),
    ("one contact", SZ, "submit", lambda given: partner(contacts=given.applicants[1].contacts[:1])(given), "SZ-35",
     "applicants/ins_broker/contacts", "1"),
    ("no head", SZ, "submit", lambda given: partner(contacts=(given.applicants[1].contacts[1],) * 2)(given), "SZ-36",
     "applicants/ins_broker/contacts", "0"),
    ("a stranger as contact", SZ, "submit",
     lambda given: partner(contacts=(*given.applicants[1].contacts,
                                     replace(given.applicants[1].contacts[1], knows_project=False, name="丙")))(given),
     "SZ-37", "applicants/ins_broker/contacts/2", "丙"),
    ("501 characters", SZ, "submit", app(cells={"summary": "字" * 501}), "SZ-38", "cells/summary", "501"),
    ("gz: no such class", GZ, "submit", partner(category="bank"), "GZ-13", "applicants/ins_broker/category", "bank"),
    ("gz: unlisted type", GZ, "submit", partner(type="law-firm", category="service"), "GZ-09",
     "applicants/ins_broker/type", "law-firm"),
    ("gz: recognised class", GZ, "submit", partner(category="recognised", type="x"), "GZ-07",
     "applicants/ins_broker/type", "x"),
    ("gz: elsewhere", GZ, "submit", partner(registered_in=440305, main_office_in=0), "GZ-08",
     "applicants/ins_broker/registered_in", "registered 440305, office 0, supervised 440100"),
    ("gz: unlicensed", GZ, "submit", partner(licensed=False), "GZ-01", "scenario_provider", "示例证券"),
    ("gz: two leads", GZ, "submit", partner(lead=True), "GZ-11", "applicants", "示例科技, 示例证券"),
    ("gz: not agreed", GZ, "submit", partner(consent=None), "GZ-12", "applicants/ins_broker/consent", "示例证券"),
    ("gz: core on the ordinary path", GZ, "submit", alone(category="core", type="exchange"), "GZ-23",
     "applicants/ins_broker/category", "core"),
    ("gz: others on the core path", GZ, "submit.core", alone(), "GZ-23", "applicants/ins_broker/category", "operating"),
    ("gz: no form", GZ, "submit", without("application-form"), "GZ-14", "materials/application-form", "none"),
    ("gz: 501 characters", GZ, "submit", app(cells={"summary": "字" * 501}), "GZ-15", "cells/summary", "501"),
    ("gz: one contact", GZ, "submit", lead(contacts=()), "GZ-16", "applicants/ins_tech/contacts", "0"),
    ("gz: tutoring of a broker", GZ, "tutoring.submit", lead(type="bakery"), "GZ-63", "applicants/ins_tech/type",
     "bakery"),
    ("gz: tutoring unrecognised", GZ, "tutoring.submit", lead(type="representative-technology-company"), "GZ-63",
     "applicants/ins_tech/recognition", "none"),
    ("gz: tutoring elsewhere", GZ, "tutoring.submit", lead(registered_in=440305), "GZ-63",
     "applicants/ins_tech/registered_in", "440305"),
    ("gz: tutoring with a partner", GZ, "tutoring.submit", unstated("no_partner"), "GZ-62", "statements/no_partner",
     "none"),
    ("gz: real business", GZ, "tutoring.submit", unstated("no_real_business"), "GZ-67", "statements/no_real_business",
     "none"),
    ("bj: no such class", BJ, "submit", partner(category="bank"), "BJ-19", "applicants/ins_broker/category", "bank"),
    ("bj: unlisted type", BJ, "submit", partner(type="x"), "BJ-47", "applicants/ins_broker/type", "x"),
    ("bj: elsewhere", BJ, "submit", partner(registered_in=440305), "BJ-20", "applicants/ins_broker/registered_in",
     "registered 440305, office 110102, supervised 110000"),
    ("bj: unlicensed", BJ, "submit", partner(licensed=False), "BJ-38", "scenario_provider", "示例证券"),
    ("bj: two leads", BJ, "submit", partner(lead=True), "BJ-36", "applicants", "示例科技, 示例证券"),
    ("bj: not agreed", BJ, "submit", partner(consent=None), "BJ-37", "applicants/ins_broker/consent", "示例证券"),
    ("bj: no category", BJ, "submit", app(category=None), "BJ-01", "category", "none"),
    ("bj: no form", BJ, "submit", without("application-form"), "BJ-22", "materials/application-form", "none"),
    ("bj: no contact", BJ, "submit", lead(contacts=()), "BJ-24", "applicants/ins_tech/contacts", "0"),
]  # fmt: skip


def base(name: str, action: str) -> Application:
    return tutored(name) if action.startswith("tutoring") else application(name)


@pytest.mark.parametrize(("name", "action"), [(SZ, "submit"), (GZ, "submit"), (GZ, "tutoring.submit"), (BJ, "submit")])
def test_nothing_stands_against_a_sound_application(name: str, action: str) -> None:
    assert check_act(book(name), facts(name, action, of=base(name, action))) == []


@pytest.mark.parametrize(
    ("name", "action", "change", "rule", "field", "value"),
    [case[1:] for case in APPLICATIONS],
    ids=[case[0] for case in APPLICATIONS],
)
def test_a_broken_application_shows_one_rule(
    name: str, action: str, change: Change, rule: str, field: str, value: str
) -> None:
    (found,) = check_act(book(name), facts(name, action, of=change(base(name, action))))
    assert (found.rule, found.field, found.value) == (rule, field, value)
    assert found.source == book(name).rule(rule).cited
    assert found.message


def test_a_technology_company_alone_is_refused() -> None:
    only = replace(application(SZ), applicants=application(SZ).applicants[:1])
    found = {one.rule: one for one in check_act(book(SZ), facts(SZ, "submit", of=only))}
    assert found["SZ-08"].value == "示例科技"
    gz = replace(application(GZ), applicants=application(GZ).applicants[:1])
    assert "GZ-10" in {one.rule for one in check_act(book(GZ), facts(GZ, "submit", of=gz))}
    reuse = facts(
        GZ, "tutoring.reuse", of=gz, act=Act("", tutoring=Tutoring("prj_t", "rec_t", TODAY)), state="SUBMITTED"
    )
    assert [one.rule for one in check_act(book(GZ), reuse)] == ["GZ-69"]


def test_a_technology_company_may_lead_only_where_the_settings_let_it() -> None:
    strict = load(book_text(BJ), settings_of(BJ).replace('technology_lead: "yes"', 'technology_lead: "no"'))
    (found,) = check_act(strict, facts(BJ, "submit"))
    assert (found.rule, found.value) == ("BJ-21", "示例科技")
    capped = load(book_text(BJ), settings_of(BJ).replace("cell_max_characters: null", "cell_max_characters: 499"))
    (found,) = check_act(capped, facts(BJ, "submit"))
    assert (found.rule, found.value) == ("BJ-23", "500")


def test_what_the_rules_allow_is_not_refused() -> None:
    allowed = [
        partner(type="asset-manager", recognition="rec_r"),
        partner(category="service", type="law-firm"),
        partner(category="core", type="clearing-house"),
        stated("business-innovation", "rule_exemption"),
        both(
            material("implementation-plan", issuers=("ins_tech", "ins_broker"), reviewed=True),
            material("security-assessment", issuers=(THIRD_PARTY,), reviewed=True),
        ),
        material("other"),
    ]
    for change in allowed:
        assert check_act(book(SZ), facts(SZ, "submit", of=change(application(SZ)))) == []
    own = both(alone(), material("compliance-report", signatures=application(SZ).materials[1].signatures))
    assert check_act(book(SZ), facts(SZ, "submit", of=own(application(SZ)))) == []


def test_an_institution_s_own_report_is_signed_by_its_own_officer() -> None:
    two = replace(broker(SZ), id="ins_other", name="另一证券", lead=True)

    def led(given: Application) -> Application:
        files = tuple(replace(one, issuers=("ins_other",), applicant=None) for one in given.materials[:2])
        forms = tuple(
            MaterialFile("institution-form", 1, f"rec_{who}", (who,), applicant=who, reviewed=True)
            for who in ("ins_other", "ins_broker")
        )
        return replace(given, applicants=(two, broker(SZ)), materials=(*files, *forms))

    (found,) = check_act(book(SZ), facts(SZ, "submit", of=led(application(SZ))))
    assert (found.rule, found.value) == ("SZ-22", "compliance-head of ins_broker")


@given(st.text(max_size=40))
def test_a_character_is_a_code_point_of_nfc_text(text: str) -> None:
    assert characters(text) == characters(unicodedata.normalize("NFD", text))
    assert characters("é") == characters("e\u0301") == 1
    assert characters("𠮷") == 1


def test_a_draft_is_told_what_is_missing_why_and_where_the_rule_says_so() -> None:
    empty = Application(name="", category=None, applicants=(), scenario_provider=None)
    gaps = completeness(book(SZ), empty, "submit", today=TODAY)
    told = {gap.field: gap for gap in gaps if gap.mandatory}
    assert told["materials/application-form"].source == "深圳工作指南 四(一)1"
    assert told["materials/application-form"].text == book(SZ).rule("SZ-21").text
    assert {"category", "applicants", "scenario_provider", "materials/compliance-report"} <= set(told)
    assert not any(field.startswith("evidence/") for field in told)
    wishes = [gap for gap in gaps if not gap.mandatory]
    assert {gap.rule for gap in wishes} == {f"SZ-{number}" for number in range(24, 31)}
    assert [gap for gap in completeness(book(SZ), application(SZ), "submit", today=TODAY) if gap.mandatory] == []


def test_an_applicant_is_found_by_its_id() -> None:
    found: Applicant | None = application(SZ).applicant("ins_broker")
    assert found is not None
    assert application(SZ).applicant("ins_x") is None
