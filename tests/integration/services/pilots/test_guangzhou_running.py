"""A Guangzhou project while it runs: inspected by the STB, assessed in stages, rectified, and gone by its own wish."""

from typing import Any

import pytest

from tests.integration.services.pilots.application import applicant
from tests.integration.services.pilots.operating import alerts, duties, move, owe, watch
from tests.integration.services.pilots.region import GUANGZHOU, YEARS, Region, day_number, in_days
from tests.integration.services.pilots.test_shenzhen import DIMENSIONS, FIELDS, opinions, refused
from tests.integration.services.transactions.rig import GATEWAY

DATABASES = [pytest.param("sqlite", marks=pytest.mark.full), "postgresql"]
pytestmark = pytest.mark.parametrize("region", DATABASES, indirect=True, scope="module")

END = in_days(345)
SETTINGS = """\
rulebook: GZ-2022.03
decided_by: 广州专项工作组(测试)
decided_on: 2026-11-02
document: 测试决定第2号
sample: true
settings:
  notice_working_days: 3
  pilot_max_months: 24
  report_interval_months: 6
  mandatory_materials: [application-form]
  cell_max_characters: 500
  contacts_minimum: 2
  core_next_state: EVALUATION
  normalisation_body: working_group
  suspension_body: stb
  exit_body: working_group
  forced_exit_body: stb
"""
SELECTION = dict.fromkeys(("创新性", "可行性", "安全性", "目标合理性", "风险控制措施"), "良好")


@pytest.fixture(scope="module")
def city(region: Region) -> Region:
    """Guangzhou beside Shenzhen, with its rulebook in force."""
    group = region.admit("广州专项工作组(测试)", "working-group", GUANGZHOU, "supervisor", "registrar", "auditor")
    region.parties["gz group"] = group
    region.parties["gz lead"] = region.admit("羊城证券(测试)", "applicant", GUANGZHOU)
    region.grant(group, "pilot.working-group", GUANGZHOU, group.account)
    region.grant(region["host"], "pilot.gateway", GUANGZHOU, GATEWAY)
    for year in YEARS:
        region.publish_year(year, GUANGZHOU)
    region.open_log(group, "pilots.guangzhou.example/2026")
    region.activate(group, SETTINGS, version="GZ-2022.03", region=GUANGZHOU)
    return region


def test_a_stage_assessment_leads_to_rectification_and_out(city: Region) -> None:
    lead, group, stb = city["gz lead"], city["gz group"], city["stb"]
    project = _running(city)
    place = f"/v1/pilots/{project}"
    (report,) = duties(lead, project, "report")
    assert (report["rule"], report["body"], report["overseer"]) == ("GZ-39", "lead", "working_group")

    asked = {"code": "inspection", "due": in_days(101), "body": {"kind": "off-site"}}
    problem = refused(group.client.post(f"{place}/duties", json=asked), "GZ-42", 403)
    assert problem["source"] == "广州通知 四(二)2"
    inspection = stb.post(f"{place}/duties", asked)
    assert lead.client.get(f"{place}/duties/{inspection['number']}").status_code == 404  # not while it is planned
    assert lead.client.get("/v1/pilots/duties").json()["items"][0]["id"] == report["id"]
    move(stb, inspection, "execute", "inspection_record")
    found = move(stb, inspection, "find", due=in_days(132), body={"findings": ["日志留存不足"]})
    assert lead.get(f"{place}/duties/{inspection['number']}")["moves"] == {"rectify": "lead"}
    assert lead.get(f"{place}/events/{found['last_event']}")["content"]["content"] == {"findings": ["日志留存不足"]}
    move(lead, inspection, "rectify")
    assert move(stb, inspection, "close", "inspection_record")["ended"] is True

    guidance = owe(group, project, "guidance")
    assert move(group, guidance, "file", "guidance_record")["moves"]["accept"] == "stb"

    city.step(stb, project, "stage.open", "decision")
    city.step(stb, project, "stage.rectify", "stage_report", "rectification_order", value=1)
    (rectification,) = duties(lead, project, "rectification")
    move(stb, rectification, "demand", due=in_days(131))
    gentler = {"action": "normalise", "evidence": group.evidence("decision")}
    refused(group.client.post(f"{place}/steps", json=gentler), "GZ-2022.03")
    assert move(lead, rectification, "file", "rectification_report")["state"] == "SUBMITTED"
    city.step(stb, project, "rectification.close", "rectification_report", value=1)
    move(stb, rectification, "accept")
    watch(city)
    assert alerts(stb, project, "duty-overdue") == []

    city.step(lead, project, "exit.apply", "exit_proposal", key=lead.authority)
    said = {"findings": ["institution_applied"]}
    unsaid = {"action": "exit.implement.end", "evidence": group.evidence("implementation_record")}
    refused(group.client.post(f"{place}/steps", json=unsaid), "GZ-55")
    assert city.step(group, project, "exit.implement.end", "implementation_record", body=said)["state"] == "ENDED"
    owed = {one["code"]: one["state"] for one in lead.get(f"{place}/duties", open=True)["items"]}
    assert owed == {"exit-plan": "OWED"}
    assert duties(lead, project, "report")[-1]["state"] == "LAPSED"


def _running(city: Region) -> str:
    lead, group, stb, experts = city["gz lead"], city["gz group"], city["stb"], city["experts"]
    kind = {"category": "operating", "type": "securities-company", "licensed": True, "lead": True}
    place = {"registered_in": GUANGZHOU, "jurisdiction": GUANGZHOU}
    form: dict[str, Any] = {
        "name": "羊城智能投顾(测试)",
        "applicants": [applicant(lead, **kind, **place)],
        "planned_end": END,
    }
    form |= {"scenario_provider": lead.id, "scenario": "securities-futures", "cells": {"background": "背景"}}
    project: str = lead.post("/v1/pilots", {"rulebook": city.rulebook, "form": form})["id"]
    material: dict[str, Any] = {
        "code": "application-form",
        "manifest": lead.manifest("申报表"),
        "details": {"issuers": [lead.id]},
    }
    lead.post(f"/v1/pilots/{project}/materials", material)
    city.confirm(lead, project)
    city.step(lead, project, "submit", "manifest", key=lead.authority)
    city.step(group, project, "selection.open", "formality_review")
    needs = ("decision", "local_direction", "report_to_stb")
    city.step(group, project, "selection.accept", *needs, body={"conclusions": SELECTION})
    city.step(stb, project, "evaluation.open", "evaluator_roster")
    opinions(city, project, "experts", "evaluation", FIELDS)
    city.step(experts, project, "evaluation.pass", "evaluation_conclusion", body={"conclusions": DIMENSIONS})
    city.step(group, project, "notice.open", "notice_text")
    city.pass_days(7)
    city.step(group, project, "notice.close", "closing_record")
    city.step(lead, project, "commitment.file", "commitment", key=lead.authority)
    city.step(group, project, "launch.approve", "decision")
    city.step(lead, project, "launch", "publication", key=lead.authority, value=day_number(END))
    return project
