"""Applications of the hand-written tables, from the cast and what a row says of it."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.pilots.rulebook.facts import (
    SCENARIO_SECURITIES,
    TECHNOLOGY_COMPANY,
    THIRD_PARTY,
    Applicant,
    Application,
    Contact,
    MaterialFile,
    Signature,
)
from services.pilots.rulebook.model import Material, Rulebook

__all__ = ["application", "words"]

TYPES = {
    "信息技术系统服务机构": "it-service-institution",
    "信息技术子公司": "it-subsidiary",
    "代表性": "representative-technology-company",
}
ALSO = {("BJ-2022.09", "证券公司"): "证券经营机构"}
"""Where a rulebook's source has another word for the same thing."""
PEOPLE = {"负责人": (True, True), "职员": (False, True), "不熟悉的职员": (False, False)}


def words(terms: Mapping[str, str], word: str, *, optional: bool = False) -> list[str]:
    """The codes whose term has the word in it; AssertionError when there is none."""
    found = [code for code, term in terms.items() if word in term]
    assert found or optional, f"nothing is called {word} among {', '.join(terms.values())}"
    return found


def application(whose: Rulebook, said: Mapping[str, Any]) -> Application:
    """An application in which all is well but for what the row says."""
    cast = {name.rstrip("*-"): name for name in said["by"]}
    applicants = tuple(_applicant(whose, name, cast, said) for name in cast)
    provider = said.get("scenario_by") or next((one.id for one in applicants if not one.technology_company), None)
    lead = next((one for one in applicants if one.lead), applicants[0])
    without = said.get("without", ())
    lacking = {code for word in without for code in words(_terms(whose), word)}
    category = said.get("category", "科技赋能")
    terms = {one.code: one.term for one in whose.categories}
    return Application(
        name="示例项目",
        category=words(terms, category)[0] if category and terms else None,
        applicants=applicants,
        scenario_provider=provider,
        scenario=said.get("scenario", SCENARIO_SECURITIES),
        cells={"项目概述": "字" * said.get("cell", 100)},
        materials=tuple(one for one in _files(whose, said, applicants, (lead, provider)) if one.code not in lacking),
        statements={code: "rec_stated" for code in whose.statements if code not in lacking},
        needs_approval=bool(said.get("needs_approval")),
    )


def _terms(whose: Rulebook) -> dict[str, str]:
    return {**whose.statements, **{one.code: one.term for one in whose.materials}}


def _applicant(whose: Rulebook, name: str, cast: Mapping[str, str], said: Mapping[str, Any]) -> Applicant:
    member = _cast()[name]
    category, kind = _class(whose, member)
    more: dict[str, Any] = {
        "contacts": ["负责人", "职员"],
        "work": "研发与运营",
        "rights": "各负其责",
        "consent": "rec_consent",
    }
    more |= said.get("at", {}).get(name, {})
    people = [Contact(post, post, *PEOPLE[post]) for post in more["contacts"]]
    return Applicant(
        id=name, name=name, category=category, type=kind, registered_in=member["at"],
        main_office_in=member.get("office", member["at"]), jurisdiction=member["at"],
        licensed=member.get("licensed", False), recognition=member.get("recognition"),
        lead=cast[name].endswith("*") or (len(cast) == 1 and not cast[name].endswith("-")),
        work=more["work"], rights=more["rights"], consent=more["consent"], contacts=tuple(people),
    )  # fmt: skip


def _class(whose: Rulebook, member: Mapping[str, Any]) -> tuple[str, str]:
    kind = member.get("type", "")
    if member["class"] == "科技企业":
        return TECHNOLOGY_COMPANY, TYPES.get(kind, "technology")
    named = {one.code: one.term for one in whose.institutions}
    code = words(named, member["class"])[0]
    members = next(one.members for one in whose.institutions if one.code == code)
    if kind == "another":
        return code, kind
    return code, words(members, ALSO.get((whose.id, kind), kind))[0]


def _files(
    whose: Rulebook, said: Mapping[str, Any], applicants: tuple[Applicant, ...], both: tuple[Applicant, str | None]
) -> list[MaterialFile]:
    files = []
    for material in whose.materials:
        named = any(word in material.term for key in ("issued", "untranslated") for word in said.get(key, ()))
        if material.mandatory or named:
            owners = applicants if material.per_institution else (None,)
            brought = [owner for owner in owners if not _missing(said, material, owner)]
            files += [_file(material, said, owner, applicants, both) for owner in brought]
    return files


def _missing(said: Mapping[str, Any], material: Material, owner: Applicant | None) -> bool:
    return owner is not None and any(
        word in material.term and owner.id == name for word, name in said.get("missing_of", {}).items()
    )


def _file(
    material: Material,
    said: Mapping[str, Any],
    owner: Applicant | None,
    applicants: tuple[Applicant, ...],
    both: tuple[Applicant, str | None],
) -> MaterialFile:
    lead, provider = both
    default = {"each-applicant": [owner.id if owner else lead.id], "applicants": [one.id for one in applicants]}
    default |= {"lead": [lead.id], "scenario-provider": [provider or lead.id]}
    issuers = default[material.issued_by[0]] if material.issued_by else [lead.id]
    signer = (provider or lead.id) if lead.technology_company else lead.id
    signed = [["compliance-head", signer]] if material.signed_by else []
    return MaterialFile(
        material.code,
        1,
        f"rec_{material.code}",
        issuers=tuple(THIRD_PARTY if one == "第三方" else one for one in _said(said, "issued", material, issuers)),
        signatures=tuple(Signature(*one) for one in _said(said, "signed", material, signed)),
        applicant=owner.id if owner else None,
        reviewed=not any(word in material.term for word in said.get("unreviewed", ())),
        translated=False if any(word in material.term for word in said.get("untranslated", ())) else None,
    )


def _said(said: Mapping[str, Any], key: str, material: Material, default: list[Any]) -> list[Any]:
    return next((value for word, value in said.get(key, {}).items() if word in material.term), default)


@cache
def _cast() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((Path(__file__).parent / "cast.yaml").read_text(encoding="utf-8"))
    return found
