"""What applicants fill in and file: forms and materials, all invented."""

from __future__ import annotations

from typing import Any

from samples.pilots.demo.bodies import Body, Company

STATEMENTS = (
    "lead_capability", "internal_review", "no_state_secret", "disclosure_assessed", "terms_explained",
    "common_problem", "replicable",
)  # fmt: skip


def applicant(body: Body, **said: Any) -> dict[str, Any]:
    """One applicant with two contacts, as the form names it."""
    contacts = [
        {"name": "联系人甲", "post": "部门总经理", "department_head": True, "knows_project": True},
        {"name": "联系人乙", "post": "项目经理", "department_head": False, "knows_project": True},
    ]
    place = {"registered_in": body.region, "main_office_in": body.region, "jurisdiction": body.region}
    return {
        "id": body.id,
        "name": body.name,
        **place,
        "work": "承担系统研发与运行",
        "rights": "按协议",
        "contacts": contacts,
        **said,
    }


def form(name: str, applicants: list[dict[str, Any]], provider: Body | None, **said: Any) -> dict[str, Any]:
    """An application form."""
    found: dict[str, Any] = {
        "name": name,
        "category": "technology-empowerment",
        "applicants": applicants,
        "scenario": "securities-futures",
        "statements": dict.fromkeys(STATEMENTS, "见申报表"),
        "cells": {"background": "区域性股权市场份额转让效率低，登记凭证难以核验。", "design": "以区块链存证登记结果。"},
    }
    return found | ({"scenario_provider": provider.id} if provider else {}) | said


def draft(company: Company, lead: Body, rulebook: str, said: dict[str, Any]) -> str:
    """A new project; its id."""
    file = company.said(lead, said)
    return str(company.json("pilot", "draft", file, "--rulebook", rulebook, "--party", lead.home)["id"])


def file_material(company: Company, body: Body, project: str, code: str, **details: Any) -> str:
    """A material with its file; the manifest's record."""
    manifest = company.document(body, f"{code}-{body.slug}-{project[-6:]}")
    said = company.said(body, details)
    company.regseal(
        "pilot", "material", "add", project, code, manifest, "--details", said, "--party", body.home, quiet=True
    )  # fmt: skip
    return manifest


def file_all(company: Company, project: str, lead: Body, *others: Body, licensed: Body) -> None:
    """The mandatory materials, each by whom the rule names; the lead reviews what the others bring."""
    file_material(company, lead, project, "application-form", issuers=[lead.id])
    theirs: list[tuple[str, str]] = []
    for body in (lead, *others):
        manifest = file_material(company, body, project, "institution-form", issuers=[body.id], applicant=body.id)
        theirs += [("institution-form", manifest)] if body is not lead else []
    signed = [{"office": "compliance-head", "applicant": licensed.id}]
    manifest = file_material(company, licensed, project, "compliance-report", issuers=[licensed.id], signatures=signed)
    theirs += [("compliance-report", manifest)] if licensed is not lead else []
    if theirs:
        words = [word for code, record in theirs for word in ("--evidence", f"{code}={record}")]
        company.regseal("pilot", "fact", project, "material.review", *words, "--party", lead.home, quiet=True)


def confirm(company: Company, body: Body, project: str) -> None:
    """An applicant confirms the application as it is now, with its own key."""
    key = body.home / "keys" / "submitter.pem"
    company.regseal("pilot", "confirm", project, "--key", key, "--party", body.home, quiet=True)


def submit(company: Company, lead: Body, project: str, action: str | None = None) -> None:
    """Submits what is complete."""
    company.regseal("pilot", "completeness", project, *(("--action", action) if action else ()), "--party", lead.home)
    words = ("--action", action) if action else ()
    operation = company.ask(lead.home, "pilot", "submit", project, *words)
    company.settle(lead.home, operation, lead)
