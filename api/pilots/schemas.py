"""Shapes of rulebooks (规则手册), pilot projects (试点项目), their steps, facts and public comments."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

RECORD = r"^rec_[0-9a-f]{32}$"
RULEBOOK = r"^0x[0-9a-f]{64}$"
_FORM = {
    "name": "基于区块链的私募份额转让(示例)",
    "category": "technology-empowerment",
    "scenario_provider": "ins_0123456789abcdef0123456789abcdef",
    "scenario": "securities-futures",
    "planned_end": "2027-11-30",
    "applicants": [
        {
            "id": "ins_0123456789abcdef0123456789abcdef",
            "name": "湾区证券(示例)",
            "category": "operating",
            "type": "securities-company",
            "registered_in": 440300,
            "jurisdiction": 440300,
            "licensed": True,
            "lead": True,
            "contacts": [{"name": "张三", "post": "部门总经理", "department_head": True, "knows_project": True}],
        }
    ],
    "statements": {"common_problem": "份额确权与转让效率"},
    "cells": {"background": "项目背景……"},
}


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Decided(_Request):
    """A settings file: its name, by which it is shown everywhere, and its YAML."""

    name: str = Field(min_length=1, max_length=200, pattern=r"^[^/\\\x00-\x1f]+$", examples=["sz-2026.yaml"])
    document: str = Field(min_length=1, max_length=65_536)


class ActivationRequest(_Request):
    """Puts a rulebook in force for the pilots whose events go into `log`; the region's authority must sign."""

    version: str = Field(max_length=64, examples=["SZ-2023.11"])
    settings: Decided
    log: str = Field(pattern=r"^log_[0-9a-f]{32}$", description="The open log of the region's pilots")


class RetirementRequest(_Request):
    """No more projects under a rulebook; the region's authority must sign."""

    reason: str = Field(min_length=1, max_length=500)


class FormRequest(_Request):
    """A version of the application form (申报表), not public; a cell has at most the characters that the rule says."""

    form: dict[str, Any] = Field(examples=[_FORM])


class DraftRequest(FormRequest):
    """A new draft under a rulebook in force."""

    rulebook: str = Field(pattern=RULEBOOK)


class MaterialRequest(_Request):
    """A material by its code, bound to a manifest record of the own institution."""

    code: str = Field(max_length=64, examples=["compliance-report"])
    manifest: str = Field(pattern=RECORD)
    details: dict[str, Any] = Field(
        default_factory=dict,
        examples=[{"signatures": [{"office": "compliance-head", "applicant": "ins_0123456789abcdef0123456789abcdef"}]}],
    )


class ConfirmationRequest(_Request):
    """The applicant's Ed25519 signature over the application's digest (see docs/spec/pilot.md)."""

    digest: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    signature: str = Field(pattern=r"^0x[0-9a-f]{128}$")


class Evidence(_Request):
    """A document that an act rests on: its code in the rulebook, and the record that evidences it."""

    code: str = Field(min_length=1, max_length=64, examples=["correction_notice"])
    record: str = Field(pattern=RECORD)


class StepRequest(_Request):
    """A step of the lifecycle, asked for by the body that will sign it."""

    action: str = Field(min_length=1, max_length=64, examples=["selection.accept"])
    value: int = Field(0, ge=0, lt=2**53, description="An item's number, or a day since 1970-01-01; else 0")
    body: dict[str, Any] = Field(default_factory=dict, description="What is decided; encrypted, committed to")
    evidence: list[Evidence] = Field(default=[], max_length=50)
    public: dict[str, Any] | None = Field(None, description="What everybody sees once it stands: notice, launch")


class FactRequest(_Request):
    """A fact around a project: an opinion, a declaration, minutes. It moves nothing by itself."""

    kind: str = Field(min_length=2, max_length=64, examples=["expert.opinion"])
    body: dict[str, Any] = Field(
        default_factory=dict,
        examples=[
            {"expert": "专家甲", "field": "法律合规", "stage": "evaluation", "opinion": "同意", "conflicted": False}
        ],
    )
    evidence: list[Evidence] = Field(default=[], max_length=50)


class CommentRequest(_Request):
    """A public comment (公众意见); name and contact only if the commenter likes, kept encrypted."""

    text: str = Field(min_length=1, max_length=4_000)
    name: str | None = Field(None, max_length=200)
    contact: str | None = Field(None, max_length=200)


class RulebookView(BaseModel):
    """A rulebook under its settings; the settings file is named, for the sources leave open what it decides."""

    id: str
    version: str
    title: str
    region: int
    log: str
    state: str = Field(description="pending, active, retired or refused")
    document_sha256: str
    settings_file: str
    settings: dict[str, Any]
    decided_by: str
    sample: bool
    operation: str
    created_at: str
    decided_at: str | None = None


class ProjectView(BaseModel):
    """A project: where it stands on the chain, and what is under way."""

    id: str
    rulebook: str
    version: str
    region: int
    track: str
    title: str
    lead: str
    applicants: list[str]
    state: str
    state_term: str
    flags: list[str]
    open_items: dict[str, list[int]]
    notice_from: str | None = None
    ends_on: str | None = None
    count: int = Field(description="Leaves of the project that the chain knows")
    last_leaf: str | None = None
    draft_version: int
    pending: list[str] = Field([], description="Operations that await a decision")
    created_at: str
    updated_at: str


class PublicProject(BaseModel):
    """What a notice and a launch made public of a project."""

    id: str
    region: int
    version: str
    state: str
    state_term: str
    notice_from: str | None = None
    ends_on: str | None = None
    published: dict[str, Any]


class MaterialView(BaseModel):
    """One version of a material."""

    code: str
    owner: str | None = None
    version: int
    institution: str
    manifest: str
    manifest_leaf: str
    details: dict[str, Any]
    record: str
    created_at: str


class MaterialFile(BaseModel):
    """One file of a material; ``content`` is where its bytes are, when they are stored here."""

    place: int
    name: str
    folder: str | None = None
    media_type: str
    size: int
    sha256: str
    sm3: str
    content: str | None = None


class MaterialFiles(BaseModel):
    """A material with the files that its manifest names; none when the manifest was erased."""

    material: MaterialView
    files: list[MaterialFile]


class ConfirmationView(BaseModel):
    """An applicant's confirmation of the present application."""

    institution: str
    draft_version: int
    record: str
    created_at: str


class ApplicationView(BaseModel):
    """The application form, its materials, and the digest that each applicant signs."""

    project: str
    version: int
    form: dict[str, Any]
    statement: dict[str, Any]
    digest: str
    materials: list[MaterialView]
    confirmations: list[ConfirmationView]


class Fault(BaseModel):
    """What is missing or wrong, and where the rule says so."""

    field: str
    rule: str
    source: str
    message: str
    value: Any = None
    text: str = Field("", description="The rule in Chinese")
    mandatory: bool = True


class CompletenessView(BaseModel):
    """What stands between an application and its submission; nothing mandatory, when `complete`."""

    project: str
    action: str
    complete: bool
    digest: str
    faults: list[Fault]


class EventView(BaseModel):
    """One event of a project: a fact, a request, or what the chain decided on it."""

    seq: int
    phase: str = Field(description="event, requested, registered or refused")
    name: str
    actor: str
    body: str | None = None
    rule: str | None = None
    source: str | None = None
    value: int
    evidence: list[dict[str, str]]
    record: str
    receipt: str
    leaf_hash: str
    operation: str | None = None
    outcome: str | None = None
    request: int | None = None
    reason: str | None = None
    signer: str | None = None
    state: str | None = None
    transaction: str | None = None
    block: int | None = None
    accepted_at: str
    sealed: bool = Field(description="Whether the chain's (count, last leaf) covers it")


class EventDetail(EventView):
    """An event with what its record says, for who may read it."""

    content: dict[str, Any] | None = None


class ActionView(BaseModel):
    """Something that can be done now."""

    action: str
    body: str
    rule: str
    to: str | None = None
    needs: list[str]


class QueueItem(BaseModel):
    """A project that waits for the caller."""

    project: ProjectView
    since: str
    actions: list[ActionView]
    signatures: list[str] = Field([], description="The caller's own operations that are not decided yet")


class CommentView(BaseModel):
    """A public comment and what became of it."""

    number: int
    state: str = Field(description="received, filed, dismissed, upheld or unfiled")
    record: str
    received_at: str
    content: dict[str, Any] | None = None


class CommentReceipt(BaseModel):
    """What a commenter keeps: if the log ever lacks this leaf, the acknowledgement proves it."""

    project: str
    number: int
    origin: str
    index: int
    leaf: str
    leaf_hash: str
    accepted_at: str
    anchor_by: str
    acknowledgement: str
    document: dict[str, Any]
    secret: str


class ChainStanding(BaseModel):
    """What the contract itself says."""

    state: str
    flags: list[str]
    notice_from: str | None = None
    ends_on: str | None = None
    count: int
    last_leaf: str
    stream: str
    rulebook: str


class SealView(BaseModel):
    """The gateway's transaction that tells the chain of the project's newest anchored leaf."""

    transaction: str
