"""(b) A Shenzhen market core institution: its application skips selection (深圳工作指南 五(一)1)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from chain.party.clock import system_now
from samples.pilots.demo.applications import applicant, draft, file_all, form, submit
from samples.pilots.demo.bodies import Body, Company
from samples.pilots.demo.cast import SZ, Cast

Play = Callable[[Company, Cast], str]
FIELDS = ("法律合规", "金融业务", "信息科技")
DIMENSIONS = ("创新价值", "监管启发", "风险防控", "投资者保护")
NOTICE_DAYS = 16
"""Calendar days in which five working days pass, holidays or not."""


def evaluate(company: Company, cast: Cast, project: str, action: str = "evaluation.pass") -> None:
    """Three fields' experts, four dimensions."""
    company.opinions(cast.experts, project, action.partition(".")[0], *FIELDS)
    said = {"conclusions": dict.fromkeys(DIMENSIONS, "良好")}
    company.step(cast.experts, project, action, "evaluation_conclusion", said=said)


def hold_notice(company: Company, group: Body, project: str, title: str) -> None:
    """Opens the notice and lets its days pass; closing it before is refused."""
    company.step(group, project, "notice.open", "notice_text", public={"title": title})
    company.refused("the notice has not run its five working days", group, project, "notice.close", "closing_record")
    company.pass_days(NOTICE_DAYS)
    company.step(group, project, "notice.close", "closing_record")


def ahead(days: int) -> str:
    """A date so many days ahead."""
    return (system_now().date() + timedelta(days=days)).isoformat()


def launch(company: Company, group: Body, lead: Body, project: str, *, end: str) -> None:
    """Allowed by the working group through a gate, begun by the lead."""
    company.step(group, project, "launch.approve", "decision")
    company.step(lead, project, "launch", "publication", value=end, public={"title": "试点项目信息(示例)"})


def play(company: Company, cast: Cast) -> str:
    """The project runs at the end; its id."""
    lead, group, stb = cast.core, cast.group, cast.stb
    title, end = "登记结果跨市场核验(示例)", ahead(500)
    company.stage.tell("(b) A core institution applies: the working group takes its materials for the STB")
    said = applicant(lead, category="core", type="clearing-house", licensed=True, lead=True)
    project = draft(company, lead, cast.books[SZ], form(title, [said], lead, planned_end=end))
    file_all(company, project, lead, licensed=lead)
    submit(company, lead, project, "submit.core")
    company.refused("a core institution skips selection", group, project, "selection.open", "formality_review")
    company.step(group, project, "core.review", "preliminary_review")
    company.refused(
        "reporting is the working group's, not the applicant's", lead, project, "core.report", "report_to_stb"
    )
    company.step(group, project, "core.report", "report_to_stb")
    company.stage.tell("Accepting is the STB's: a signature of the working group's key on it counts nothing")
    operation = company.ask(stb.home, *company.command(stb, project, "core.accept", "decision"))
    forged = company.sign(operation, group)
    company.regseal("operation", "authorise", forged, "--party", stb.home, expect=None)
    company.settle(stb.home, operation, stb)
    evaluate(company, cast, project)
    hold_notice(company, group, project, title)
    company.refused("the STB was not consulted yet", group, project, "launch.approve", "decision")
    company.step(stb, project, "stb.consult", "consultation")
    launch(company, group, lead, project, end=end)
    company.stands(lead, project)
    return project
