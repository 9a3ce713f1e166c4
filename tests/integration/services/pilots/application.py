"""A joint application to the Shenzhen pilots: a technology company leads, a securities company has the scenario."""

from typing import Any

from tests.integration.services.pilots.region import SHENZHEN, Party, Region, in_days

SETTINGS = """\
rulebook: SZ-2023.11
decided_by: 深圳专项工作组(测试)
decided_on: 2026-11-01
document: 测试决定第1号
sample: true
settings:
  pilot_max_months: 24
  report_interval_months: 3
  exit_initiation_body: lead
  forced_initiation_body: working_group
  exit_assessment_body: working_group
  exit_review_body: evaluation_group
  exit_consultation_body: stb
  exit_implementation_body: working_group
"""
PLANNED_END = in_days(375)
STATEMENTS = (
    "lead_capability", "internal_review", "no_state_secret", "disclosure_assessed", "terms_explained",
    "common_problem", "replicable",
)  # fmt: skip


def applicant(party: Party, **changes: Any) -> dict[str, Any]:
    """An applicant as the form names it."""
    contacts = [
        {"name": "联系人甲", "post": "部门总经理", "department_head": True, "knows_project": True},
        {"name": "联系人乙", "post": "项目经理", "department_head": False, "knows_project": True},
    ]
    said = {"id": party.id, "name": party.name, "registered_in": SHENZHEN, "jurisdiction": SHENZHEN}
    said |= {"work": "承担系统研发", "rights": "按协议", "contacts": contacts}
    return {**said, **changes}


def form(lead: Party, partner: Party, **changes: Any) -> dict[str, Any]:
    """The whole form."""
    said = {
        "name": "份额转让链上登记(测试)",
        "category": "technology-empowerment",
        "applicants": [
            applicant(lead, category="technology-company", type="technology-company", lead=True),
            applicant(partner, category="operating", type="securities-company", licensed=True),
        ],
        "scenario_provider": partner.id,
        "scenario": "securities-futures",
        "planned_end": PLANNED_END,
        "statements": dict.fromkeys(STATEMENTS, "见申报表"),
        "cells": {"background": "背景" * 100, "design": "方案"},
    }
    return {**said, **changes}


def add_materials(region: Region, project: str, lead: Party, partner: Party) -> None:
    """The mandatory materials, each by who issues it, signed by whom the rule asks for."""
    place = f"/v1/pilots/{project}/materials"
    head = {"office": "compliance-head", "applicant": partner.id}
    lead.post(
        place, {"code": "application-form", "manifest": lead.manifest("申报表"), "details": {"issuers": [lead.id]}}
    )
    for party in (lead, partner):
        details = {"issuers": [party.id], "applicant": party.id}
        body = {"code": "institution-form", "manifest": party.manifest(f"机构信息表 {party.name}"), "details": details}
        party.post(place, body)
    report = {"code": "compliance-report", "manifest": partner.manifest("合规评估报告")}
    partner.post(place, {**report, "details": {"issuers": [partner.id], "signatures": [head]}})
    theirs = [
        row for row in lead.get(f"/v1/pilots/{project}/application")["materials"] if row["institution"] != lead.id
    ]
    evidence = [{"code": row["code"], "record": row["manifest"]} for row in theirs]
    lead.post(f"/v1/pilots/{project}/facts", {"kind": "material.review", "evidence": evidence})
