"""Shapes of companies, accounts and imports. Units are decimal text, days dates, moments RFC 3339."""

from __future__ import annotations

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Kind = Literal["person", "company", "partnership", "financial-institution", "product", "filed-fund", "employee-plan"]
DocumentKind = Literal[
    "resident-id",
    "residence-permit",
    "passport",
    "hong-kong-macau-permit",
    "taiwan-permit",
    "foreign-permanent-resident",
    "usci",
    "filing",
    "other",
]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class DocumentSaid(_Said):
    """A document that something rests on: what it is, and the operator's record of it."""

    code: str = Field(min_length=1, max_length=64, examples=["verification-report"])
    record: str = Field(max_length=64, examples=["rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])


Documents = list[DocumentSaid]
_PRE_EMPTION = "Days for which the articles let the others buy first; 0: not at all; none: they say nothing (公司法 84)"


# --- companies


class ApplicationRequest(_Said):
    """托管申请: a company asks to be taken into custody."""

    code: str = Field(max_length=20, description="JR/T 0326", examples=["SZX000001G"])
    name: str = Field(max_length=200, examples=["鹏城示例科技股份有限公司"])
    usci: str = Field(max_length=40, description="统一社会信用代码, GB 32100", examples=["91440300MA5EXAMP0T"])
    region: int = Field(ge=110_000, le=999_999, description="GB/T 2260", examples=[440305])
    form: Literal["jsc", "llc"] = Field(description="股份有限公司, 有限责任公司")
    capital: str = Field(max_length=30, description="Registered capital in units", examples=["50000000"])
    issuer: str | None = Field(None, max_length=64, description="The company's institution, if it is one here")
    pre_emption: int | None = Field(None, description=_PRE_EMPTION, examples=[None])
    documents: Documents = Field(default_factory=list, max_length=50)


class StepRequest(_Said):
    """A step of the custody cycle (托管周期)."""

    step: Literal[
        "take-up",
        "verify",
        "register",
        "admit",
        "suspend",
        "resume",
        "deregister",
        "keep",
        "exit",
        "withdraw",
    ]
    documents: Documents = Field(default_factory=list, max_length=50)
    security: str | None = Field(None, max_length=64, description="Needed once: what the list was entered into")
    reason: str = Field("", max_length=500)


class LayerRequest(_Said):
    """转层: nothing but the last letter of the code changes."""

    layer: Literal["", "F", "G", "P", "T"]
    documents: Documents = Field(default_factory=list, max_length=50)


class ArticlesRequest(_Said):
    """章程变更. It rests on the document `articles`."""

    pre_emption: int | None = Field(description=_PRE_EMPTION, examples=[15])
    documents: Documents = Field(max_length=50)


class InstitutionRequest(_Said):
    """Which institution a company is."""

    issuer: str = Field(max_length=64, examples=["ins_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    documents: Documents = Field(default_factory=list, max_length=50)


class CompanyView(BaseModel):
    """A company (托管企业) where it stands."""

    id: str = Field(examples=["cmp_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    code: str
    layer: str
    name: str
    usci: str
    region: int
    form: str
    capital: str
    phase: str = Field(description="applied, verifying, confirming, registered, custodied, suspended …")
    steps: list[str] = Field(description="The steps that can be next")
    issuer: str | None = None
    pre_emption: int | None = Field(None, description=_PRE_EMPTION)
    security: str | None = None
    operation: str | None = Field(None, description="What carries this step to the chain")
    created_at: str
    updated_at: str


class CompanyEvent(BaseModel):
    """A fact of a company with its record."""

    seq: int
    name: str
    before: str
    after: str
    documents: dict[str, str]
    actor: str
    record: str
    operation: str | None = None
    at: str


class CompanyEvents(BaseModel):
    """What happened to a company, in order."""

    items: list[CompanyEvent]


# --- accounts


class IdentitySaid(_Said):
    """Who the holder is; encrypted, and never on the chain."""

    name: str = Field(max_length=120, examples=["示例甲"])
    document: DocumentKind
    number: str = Field(max_length=60, examples=["440199199001011234"])
    phone: str = Field("", max_length=300)
    address: str = Field("", max_length=300)
    email: str = Field("", max_length=300)
    representative: str = Field("", max_length=300, description="法定代表人、执行事务合伙人")


class AccountRequest(_Said):
    """开户: an account for a holder who has none in this market."""

    kind: Kind
    identity: IdentitySaid
    suitable_until: date | None = Field(None, description="Last day of a proven suitability (REM-06)")
    addend: int = Field(0, ge=0, le=65_535, description="Holders behind this one beyond itself")
    investor_code: str = Field("", max_length=20, description="JR/T 0326, once the supervision chain allocated it")
    documents: Documents = Field(default_factory=list, max_length=50)


class IdentityRequest(_Said):
    """Another identity of the same holder; the former is kept."""

    identity: IdentitySaid
    documents: Documents = Field(min_length=1, max_length=50)


class SuitabilityRequest(_Said):
    """合格投资者: by which of the five ways, until when, on what evidence."""

    basis: Literal["licensed-institution", "institution-plan", "social-or-filed-fund", "net-assets", "person"]
    until: date
    documents: Documents = Field(min_length=1, max_length=50)


class AddendRequest(_Said):
    """穿透人数: how many holders stand behind this one."""

    addend: int = Field(ge=0, le=65_535)
    documents: Documents = Field(min_length=1, max_length=50)


class CodeRequest(_Said):
    """投资者代码: as the supervision chain allocated it; without one, in samples alone, the sample's allocator."""

    code: str | None = Field(None, max_length=20, examples=["Q000000001"])


class AccountStateRequest(_Said):
    """冻结、解冻、销户 of the account itself."""

    state: Literal["normal", "frozen", "closed"]
    reason: str = Field(min_length=1, max_length=500)
    documents: Documents = Field(default_factory=list, max_length=50)


class AccountErasureRequest(_Said):
    """Why the holder's data are to be erased."""

    reason: str = Field(min_length=1, max_length=500)


class AccountView(BaseModel):
    """An account without its holder."""

    id: str = Field(examples=["acc_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    kind: str
    state: str = Field(description="opened, active, frozen or closed")
    investor_code: str | None = Field(None, description="Pending (待分配) while null")
    suitable_until: date | None = Field(None, description="In force: on the chain, once it knows the account")
    addend: int = Field(description="In force, likewise")
    version: int = Field(description="Of the identity data")
    created_at: str
    closed_at: str | None = None
    erasable_at: str | None = Field(None, description="Restricted until then: erasure was asked for (REM-26)")
    erased_at: str | None = None
    operation: str | None = None


class AccountEvent(BaseModel):
    """A fact of an account with its record."""

    name: str
    actor: str
    record: str
    at: str


class EarlierIdentity(BaseModel):
    """Who the holder was said to be, until a moment."""

    until: str
    identity: dict[str, Any]


class PersonalView(BaseModel):
    """Who the holder of an account is and was."""

    account: AccountView
    identity: dict[str, Any]
    earlier: list[EarlierIdentity]
    events: list[AccountEvent]


# --- lists of holders


class FileRequest(_Said):
    """A stored material, and the name under which findings show it."""

    material: str = Field(max_length=64, examples=["mat_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    name: str = Field(min_length=1, max_length=200, examples=["股东名册.xlsx"])


class ImportRequest(_Said):
    """名册导入: files (.xlsx, CSV) with a company's holders and their encumbrances, to be checked."""

    company: str = Field(max_length=64, examples=["cmp_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    security: str | None = Field(None, max_length=64, description="Of which further security; else of the first one")
    files: list[FileRequest] = Field(min_length=1, max_length=20)
    sum_duplicates: bool = Field(False, description="Several lines of one person are one holding")
    confirmed: bool = Field(False, description="What holds of lines that do not say whether they are confirmed (确权)")
    pledgees: dict[str, str] = Field(
        default_factory=dict, max_length=1_000, description="Addresses that release pledges, by the pledgee's name"
    )


class ExecutionRequest(_Said):
    """Carries a clean list out: accounts, their opening on the chain, their units."""

    security: str = Field(max_length=64, examples=["sec_0123456789abcdef0123456789abcdef"])
    documents: Documents = Field(min_length=1, max_length=50, description="`holder-list` at least")


class ImportView(BaseModel):
    """An import and how far it is."""

    id: str = Field(examples=["imp_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    company: str
    security: str | None = None
    state: str = Field(description="checking, refused, checked, running, stopped or done")
    files: list[dict[str, str]]
    summary: dict[str, Any] = Field(description="Lines, holders, units, kinds, encumbrances, and what was left aside")
    findings: int = Field(description="How many things are wrong: see `/findings`")
    groups: int
    progress: dict[str, int] = Field(description="Groups by state")
    refusals: list[str] = Field(description="Why groups were refused, at most twenty")
    record: str | None = None
    created_at: str
    updated_at: str


class Finding(BaseModel):
    """A cell that is wrong. What it says of a person is masked."""

    file: str
    sheet: str
    cell: str = Field(examples=["D7"])
    field: str
    rule: str = Field(examples=["GB11643-CHECK"])
    source: str
    detail: str
    value: str = Field(examples=["4****************4"])


class Findings(BaseModel):
    """A part of a report; `next` is the number to go on with."""

    items: list[Finding]
    next: int | None = None
