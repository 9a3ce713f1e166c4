"""(c) A Guangzhou company is tutored, pilots later with the conclusions adopted, and is forced out."""

from __future__ import annotations

from datetime import date

from samples.pilots.demo.applications import applicant, confirm, draft, file_all, form, submit
from samples.pilots.demo.bodies import Company
from samples.pilots.demo.cast import GZ, Cast
from samples.pilots.demo.core import NOTICE_DAYS, ahead, evaluate, hold_notice, launch

MERITS = ("创新性", "可行性", "安全性", "目标合理性", "风险控制措施")


def play(company: Company, cast: Cast) -> str:
    """Tutoring, then a pilot until it is forced out; the pilot's id."""
    tutoring = _tutored(company, cast)
    lead, group, stb = cast.gz_company, cast.gz_group, cast.stb
    end = ahead(500)
    project = _apply(company, cast, end)
    company.step(group, project, "selection.open", "formality_review")
    company.stage.tell("The conclusions of the tutoring are adopted while it is valid (采信辅导评估结论)")
    company.step(group, project, "tutoring.reuse", "prior_conclusion", said={"tutoring": tutoring})
    said = {"conclusions": dict.fromkeys(MERITS, "良好")}
    company.step(group, project, "selection.accept", "decision", "local_direction", "report_to_stb", said=said)
    company.step(stb, project, "evaluation.open", "evaluator_roster")
    evaluate(company, cast, project)
    hold_notice(company, group, project, "登记凭证共享(示例)")
    company.refused("there is no written commitment yet", group, project, "launch.approve", "decision")
    company.step(lead, project, "commitment.file", "commitment")
    launch(company, group, lead, project, end=end)
    _force_out(company, cast, project)
    company.stands(lead, project)
    return project


def _tutored(company: Company, cast: Cast) -> str:
    lead, group, stb = cast.gz_company, cast.gz_group, cast.stb
    company.stage.tell("(c) A company without a partner applies for tutoring (试点辅导)")
    statements = dict.fromkeys(("no_partner", "no_real_business"), "见申报表")
    said = applicant(lead, category="technology-company", type="it-service-institution", lead=True)
    project = draft(company, lead, cast.books[GZ], form("登记凭证共享辅导(示例)", [said], None, statements=statements))
    file_all(company, project, lead, licensed=lead)
    submit(company, lead, project, "tutoring.submit")
    company.step(group, project, "tutoring.select", "formality_review", "decision", "report_to_stb")
    company.step(stb, project, "tutoring.evaluate", "evaluator_roster")
    evaluate(company, cast, project, "tutoring.pass")
    company.step(group, project, "tutoring.notice.open", "notice_text", public={"title": "登记凭证共享辅导(示例)"})
    company.pass_days(NOTICE_DAYS)
    begun = date.fromisoformat(company.json("pilot", "status", project, "--party", group.home)["notice_from"])
    end = begun.replace(year=begun.year + 1, day=min(begun.day, 28) if begun.month == 2 else begun.day)
    company.step(group, project, "tutoring.open", "closing_record", value=end.isoformat())
    company.stands(group, project)
    return project


def _apply(company: Company, cast: Cast, end: str) -> str:
    lead, broker = cast.gz_company, cast.gz_broker
    company.stage.tell("With a partner at last, the company applies for a pilot")
    applicants = [
        applicant(lead, category="technology-company", type="technology-company", lead=True),
        applicant(broker, category="operating", type="securities-company", licensed=True),
    ]
    said = form("登记凭证共享(示例)", applicants, broker, planned_end=end, category=None)
    project = draft(company, lead, cast.books[GZ], said)
    file_all(company, project, lead, broker, licensed=broker)
    confirm(company, broker, project)
    submit(company, lead, project, "submit")
    return project


def _force_out(company: Company, cast: Cast, project: str) -> None:
    lead, group, stb = cast.gz_company, cast.gz_group, cast.stb
    company.stage.tell("A greater risk appears: the STB suspends, and the pilot is forced out")
    findings = {"findings": ["large_risk"]}
    company.step(group, project, "ground.raise", "ground_record", value=1, said=findings)
    company.step(stb, project, "suspend", "decision")
    company.refused(
        "applying to leave is too gentle while a ground stands", lead, project, "exit.apply", "exit_proposal"
    )
    company.refused("forcing out is the STB's", group, project, "exit.force", "decision", said=findings)
    company.step(stb, project, "exit.force", "decision", said=findings)
