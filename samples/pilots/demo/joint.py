"""(a) A joint application led by a technology company: corrected, selected, commented on, extended once, normalised."""

from __future__ import annotations

from samples.pilots.demo.applications import applicant, confirm, draft, file_all, form, submit
from samples.pilots.demo.bodies import Body, Company
from samples.pilots.demo.cast import SZ, Cast
from samples.pilots.demo.core import NOTICE_DAYS, ahead, evaluate, launch

NORMALISE = ("goals_reached", "no_obvious_risk", "risk_measures", "investor_protection", "supervisors_agree")
EXTEND = ("goals_open", "no_major_danger", "large_value")


def play(company: Company, cast: Cast) -> str:
    """From the draft to normal operation; the project's id."""
    lead, group, stb = cast.technology, cast.group, cast.stb
    end = ahead(400)
    project = _apply(company, cast, end)
    _select(company, cast, project)
    _notice(company, group, project)
    company.refused("the STB was not consulted yet", group, project, "launch.approve", "decision")
    company.step(stb, project, "stb.consult", "consultation")
    launch(company, group, lead, project, end=end)
    _report(company, lead, group, project)
    _extend(company, cast, project)
    _normalise(company, cast, project)
    company.stands(lead, project)
    return project


def _report(company: Company, lead: Body, group: Body, project: str) -> None:
    """The periodic report that the launch made due: filed by the lead, accepted by the working group."""
    company.stage.tell("Running: the first periodic report is due; the lead files it, the working group accepts it")
    owed = company.json("pilot", "duty", "list", "--project", project, "--open", "--party", lead.home)
    number = str(next(each["number"] for each in owed if each["code"] == "report"))
    record = company.paper(lead, "运行报告 第一季度", {"period": "第一季度", "summary": "运行平稳"})
    move = ("pilot", "duty", "move", project, number)
    company.regseal(*move, "file", "--evidence", f"report={record}", "--party", lead.home)
    company.regseal(*move, "accept", "--party", group.home)


def _apply(company: Company, cast: Cast, end: str) -> str:
    lead, broker, group = cast.technology, cast.broker, cast.group
    company.stage.tell(
        "(a) A technology company leads; a securities company brings the scenario (科技企业牵头联合申报)"
    )
    applicants = [
        applicant(lead, category="technology-company", type="technology-company", lead=True),
        applicant(broker, category="operating", type="securities-company", licensed=True),
    ]
    said = form("份额转让链上登记(示例)", applicants, broker, planned_end=end)
    project = draft(company, lead, cast.books[SZ], said)
    company.stage.tell("What is missing is told with its rule; nothing incomplete is submitted")
    company.regseal("pilot", "completeness", project, "--party", lead.home, expect=3)
    file_all(company, project, lead, broker, licensed=broker)
    confirm(company, broker, project)
    submit(company, lead, project)
    company.stage.tell(
        "A correction round: the working group asks, the lead files another version, the partner confirms again"
    )
    company.step(group, project, "correction.request", "correction_notice")
    corrected = said | {"cells": {"background": "补正后的项目背景。", "design": "补正后的方案。"}}
    company.regseal(
        "pilot", "draft", company.said(lead, corrected), "--project", project, "--party", lead.home, quiet=True
    )
    confirm(company, broker, project)
    submit(company, lead, project, "resubmit")
    return project


def _select(company: Company, cast: Cast, project: str) -> None:
    group = cast.group
    company.refused(
        "the gateway's operator cannot select", _operator(company), project, "selection.open", "formality_review"
    )
    company.step(group, project, "selection.open", "formality_review")
    needs = ("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")
    company.refused("nobody selects without an expert's opinion", group, project, "selection.accept", *needs)
    company.opinions(group, project, "selection", "法律合规")
    company.step(group, project, "selection.accept", *needs)
    company.step(cast.stb, project, "evaluation.open", "evaluator_roster")
    evaluate(company, cast, project)


def _operator(company: Company) -> Body:
    """Who runs the gateway: it has the service's keys, and no project moves by them."""
    home = company.var / "parties" / f"operator-{SZ}"
    return Body("operator", "鹏城区域股权登记中心(示例)", "operator", SZ, home=home)


def _notice(company: Company, group: Body, project: str) -> None:
    company.step(group, project, "notice.open", "notice_text", public={"title": "份额转让链上登记(示例)"})
    company.stage.tell("Somebody comments, without any account, and keeps the signed acknowledgement")
    kept = company.var / "comment.json"
    company.regseal(
        "pilot", "comment", project, "--text", "如何保护中小投资者？", "--keep", kept,
        "--party", company.var / "parties" / "authority-0",
    )  # fmt: skip
    company.await_comment(group, project)
    company.pass_days(NOTICE_DAYS)
    company.refused("a comment is undisposed", group, project, "notice.close", "closing_record")
    company.step(group, project, "comment.dismiss", "disposal", value=1)
    company.step(group, project, "notice.close", "closing_record")


def _stages(company: Company, cast: Cast, project: str, kind: str, findings: tuple[str, ...]) -> None:
    """Initiation, assessment, review, consultation: one after the other (退出五个环节)."""
    group = cast.group
    said = {"findings": list(findings)}
    company.step(group, project, f"exit.initiate.{kind}", "exit_proposal", said=said)
    company.step(group, project, "exit.assess", "assessment_report")
    company.step(cast.experts, project, "exit.review", "review_minutes")
    company.step(cast.stb, project, "exit.consult", "consultation_minutes")


def _extend(company: Company, cast: Cast, project: str) -> None:
    group = cast.group
    company.stage.tell("The goals are not all reached: the pilot is extended once, by at most twelve months")
    _stages(company, cast, project, "extend", EXTEND)
    said = {"findings": list(EXTEND)}
    company.refused(
        "longer than twelve months, without the recorded exception", group, project, "exit.implement.extend",
        "implementation_record", value=ahead(400 + 500), said=said,
    )  # fmt: skip
    company.step(group, project, "exit.implement.extend", "implementation_record", value=ahead(400 + 180), said=said)
    company.refused("there is no second extension", group, project, "exit.initiate.extend", "exit_proposal", said=said)


def _normalise(company: Company, cast: Cast, project: str) -> None:
    group, lead = cast.group, cast.technology
    company.stage.tell("A ground for forced exit is raised: no gentler exit while it stands")
    raised = {"findings": ["commitment_breached"]}
    company.step(group, project, "ground.raise", "ground_record", value=1, said=raised)
    said = {"findings": list(NORMALISE)}
    company.refused(
        "a ground for forced exit stands", group, project, "exit.initiate.normalise", "exit_proposal", said=said
    )
    company.step(group, project, "ground.lift", "ground_lifted", value=1)
    company.stage.tell("It was lifted: the pilot goes over into normal operation")
    _stages(company, cast, project, "normalise", NORMALISE)
    company.refused(
        "implementing is the working group's", lead, project, "exit.implement.normalise", "implementation_record"
    )
    company.step(group, project, "exit.implement.normalise", "implementation_record", said=said)
