"""What the tests of rulebooks share: the sample settings, an application that satisfies them, and a plain calendar."""

from dataclasses import replace
from functools import cache
from pathlib import Path

from services.pilots.rulebook.compile import Table, compile_table
from services.pilots.rulebook.facts import (
    TECHNOLOGY_COMPANY,
    Act,
    Applicant,
    Application,
    Contact,
    Facts,
    MaterialFile,
    Signature,
)
from services.pilots.rulebook.loader import load_book
from services.pilots.rulebook.machine import ABSENT, Standing, Step, WorkingDays, advance
from services.pilots.rulebook.model import Rulebook

SETTINGS = Path(__file__).parents[5] / "samples/pilots/settings"
SZ, GZ, BJ = "SZ-2023.11", "GZ-2022.03", "BJ-2022.09"
TODAY = 20_700  # a Saturday of 2026
CITY = {SZ: 440305, GZ: 440106, BJ: 110102}
HEADS = (Contact("甲", "部门负责人", department_head=True, knows_project=True),)
CONTACTS = (*HEADS, Contact("乙", "项目经理", department_head=False, knows_project=True))
STATED = (
    "lead_capability", "internal_review", "no_state_secret", "disclosure_assessed", "terms_explained",
    "common_problem", "replicable", "no_partner", "no_real_business",
)  # fmt: skip


class EveryDay(WorkingDays):
    """Every day is a working day, up to the end of what is published."""

    def __init__(self, published_until: int = 10**6) -> None:
        self.published_until = published_until

    def working_days_after(self, since: int, until: int) -> int | None:
        return max(until - since, 0) if until <= self.published_until else None


def settings_of(name: str) -> str:
    return (SETTINGS / f"{name}.yaml").read_text(encoding="utf-8")


@cache
def book(name: str) -> Rulebook:
    return load_book(name, settings_of(name))


@cache
def table(name: str) -> Table:
    return compile_table(book(name))


def broker(name: str) -> Applicant:
    """A securities company of the region: the scenario's provider."""
    return Applicant(
        id="ins_broker", name="示例证券", category="operating", type="securities-company",
        registered_in=CITY[name], main_office_in=CITY[name], jurisdiction=book(name).region, licensed=True,
        work="提供业务场景并负责运营", rights="负责业务合规", consent="rec_consent", contacts=CONTACTS,
    )  # fmt: skip


def company(name: str) -> Applicant:
    """A technology company from elsewhere, as lead."""
    return Applicant(
        id="ins_tech", name="示例科技", category=TECHNOLOGY_COMPANY, type="technology", registered_in=310115,
        lead=True, work="负责研发", rights="负责系统安全", contacts=CONTACTS,
    )  # fmt: skip


def application(name: str) -> Application:
    """A joint application led by a technology company that nothing stands against."""
    files = (
        MaterialFile("application-form", 1, "rec_m1", issuers=("ins_tech",)),
        MaterialFile(
            "compliance-report", 1, "rec_m2", issuers=("ins_broker",), reviewed=True,
            signatures=(Signature("compliance-head", "ins_broker"),),
        ),
        MaterialFile("institution-form", 1, "rec_m3", issuers=("ins_tech",), applicant="ins_tech"),
        MaterialFile(
            "institution-form", 1, "rec_m4", issuers=("ins_broker",), applicant="ins_broker", reviewed=True
        ),
    )  # fmt: skip
    return Application(
        name="示例项目",
        category="technology-empowerment",
        applicants=(company(name), broker(name)),
        scenario_provider="ins_broker",
        cells={"summary": "字" * 500},
        materials=files,
        statements=dict.fromkeys(STATED, "rec_statement"),
        planned_end=TODAY + 300,
    )


def tutored(name: str) -> Application:
    """An application for tutoring by one company of Guangzhou."""
    one = replace(
        company(name), type="it-subsidiary", registered_in=CITY[name], main_office_in=CITY[name], contacts=CONTACTS
    )
    files = tuple(
        MaterialFile(code, 1, f"rec_{code}", issuers=("ins_tech",), applicant="ins_tech")
        for code in ("application-form", "compliance-report", "institution-form")
    )
    return replace(application(name), applicants=(one,), scenario_provider=None, materials=files)


def facts(
    name: str, action: str, *, of: Application | None = None, act: Act | None = None, state: str | None = None
) -> Facts:
    """Facts for an act with all the evidence that its row asks for."""
    row = book(name).transition(state, action)
    assert row is not None, (state, action)
    brought = {need.code: f"rec_{need.code}" for need in row.evidence}
    given = replace(act or Act(action), action=action, evidence={**brought, **(act.evidence if act else {})})
    return Facts(act=given, application=of or application(name), state=state, today=TODAY, notice_from=TODAY - 10)


class Project:
    """A project driven by the machine, one day after another."""

    def __init__(self, name: str, *, calendar: WorkingDays | None = None, today: int = TODAY) -> None:
        self.table = table(name)
        self.calendar = calendar or EveryDay()
        self.standing: Standing = ABSENT
        self.today = today

    def step(self, action: str, value: int = 0, *, body: str | None = None, **more: int) -> "Project":
        """Takes a step, by the body that may unless told otherwise."""
        row = self.table.rows.get((self.standing.state, action))
        who = body or (row.body if row is not None else "lead")
        step = Step(action, who, self.today, more.get("seq", self.standing.count), value=value)
        step = replace(step, evidence=bool(more.get("evidence", 1)), proven=bool(more.get("proven", 1)))
        self.standing = advance(self.table, self.standing, step, self.calendar)
        return self

    def take(self, *actions: str) -> "Project":
        """Takes steps without values."""
        for action in actions:
            self.step(action)
        return self

    def wait(self, days: int) -> "Project":
        self.today += days
        return self


SELECTION = ("selection.open", "selection.accept", "evaluation.open", "evaluation.pass")


def running(name: str, *, opening: str = "submit", months: int = 300) -> Project:
    """A project that runs until `months` days from its launch."""
    project = Project(name).take(opening, *SELECTION, "notice.open").wait(6).take("notice.close")
    if name == SZ:
        project.take("stb.consult")
    if name == GZ:
        project.take("commitment.file")
    project.take("launch.approve")
    return project.step("launch", project.today + months)
