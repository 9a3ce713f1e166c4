"""Shapes of the register as it is read: securities, holders, liens, changes, statements, reconciliations, alerts."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.paging import Page
from api.times import Moment

SECURITY = Field(max_length=64, examples=["sec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
ACCOUNT = Field(default=None, max_length=64, examples=["acc_5b7d0e9c1a2b3c4d5e6f70819a2b3c4d"])
Kind = Literal["holder-register", "holding", "pledge", "freeze", "no-pledge", "no-freeze"]


class Evidence(BaseModel):
    """Where a change stands: on the chain, and in the log that holds the leaves of the act."""

    block: int
    log_index: int
    transaction: str
    leaf: str | None = Field(description="The requested leaf that the chain names; null: nobody asked (a lien lapsed)")
    record: str | None
    outcome: str | None = Field(description="The record of the outcome; its receipt proves it")
    log: str | None
    index: int | None
    anchored: bool = Field(description="Whether the newest anchored head (`heads`) covers it")


class Head(BaseModel):
    """The newest anchored head of a log."""

    log: str
    origin: str
    size: int
    root: str


class Security(BaseModel):
    """A security (证券品种)."""

    id: str
    issuer: str
    region: int
    form: str = Field(examples=["share"])
    state: str = Field(examples=["custodied"])
    issued: str
    holders: int = Field(description="Looked through (穿透计算)")
    cap: int
    grandfathered: int
    basis: str = Field(examples=["REM-04"])
    interval: int
    kinds: list[int]
    subscription_counts: bool
    liens_opened: int
    opened_at: str


class Lot(BaseModel):
    """Units that the same liens hold, by rank."""

    units: str
    liens: list[int]


class Line(BaseModel):
    """A holder; each unit is in one bucket: frozen beats pledged beats locked beats available."""

    account: str
    name: str | None = Field(description="Only for whom identity data are")
    units: str
    available: str
    pledged: str
    frozen: str
    locked: str
    confirmed: bool
    officer: bool
    counts_as: int
    lots: list[Lot]
    seq: int
    since: str
    evidence: Evidence


class LegalWord(BaseModel):
    """A word on a lien's legal status: since when it is so, by whom it was told, when and in which record."""

    status: str
    reference: str
    at: str
    told_at: str
    by: str
    record: str
    documents: list[dict[str, str]]


class Lien(BaseModel):
    """A lien (权利负担): what the chain recorded, and what the law says of it, apart."""

    security: str
    number: int
    id: str | None
    kind: str = Field(examples=["pledge"])
    account: str
    name: str | None
    secured: str | None
    units: str
    opened_units: str
    since: str
    until: str | None
    chain_status: Literal["standing", "lapsed", "ended"]
    registered_at: str
    legal_status: str | None
    legal_reference: str | None
    legal_at: str | None
    legal_history: list[LegalWord] = Field(description="Every word on it that was so by that moment, the newest last")
    received_at: str | None
    evidence: Evidence


class Holders(Page[Line]):
    """The register (股东名册) of a security at a moment, a page of it by account."""

    security: Security
    at: str = Field(description="The moment that is shown; `as_of` unless another was asked for")
    as_of: str = Field(description="The time of the last block that was read: now, as the contract has it")
    block: int = Field(description="Up to which block the chain was read")
    heads: list[Head]


class Liens(BaseModel):
    """The liens of a security at a moment, those that are over included."""

    security: Security
    at: str
    as_of: str = Field(description="The time of the last block that was read")
    block: int
    liens: list[Lien]
    heads: list[Head]


class Change(BaseModel):
    """A position after one of its changes; `word` is what the event carried (docs/spec/register.md)."""

    model_config = ConfigDict(populate_by_name=True)

    seq: int
    units: str
    encumbered: str
    last_buy: int
    last_sell: int
    addend: int
    officer: bool
    confirmed: bool
    lots: int
    word: str
    since: str = Field(alias="from")
    until: str | None = Field(alias="to")
    evidence: Evidence


class StatementRequest(BaseModel):
    """Asks for a statement (证明). All but a holder register, a pledge and a freeze statement are about one account."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    security: str = SECURITY
    account: str | None = ACCOUNT
    at: Moment | None = Field(default=None, description="As of this moment; now unless given")


class Statement(BaseModel):
    """A statement that was given out: its leaf is the evidence of `number` and `digest`."""

    id: str
    number: str = Field(examples=["440300-2026-000001"])
    kind: Kind
    term: str
    security: str
    account: str | None
    as_of: str
    issued_at: str
    digest: str = Field(description="SHA-256 of the JSON document, byte by byte")
    record: str


class ReconciliationRequest(BaseModel):
    """Compares rows with the contract's storage: of one security, or of all."""

    model_config = ConfigDict(extra="forbid")

    security: str | None = Field(default=None, max_length=64)


class Difference(BaseModel):
    """What chain and rows tell differently."""

    what: str = Field(examples=["position"])
    security_id: str | None
    of: str | None = Field(description="An account, or the number of a lien")
    field: str
    chain: str
    book: str


class Reconciliation(BaseModel):
    """What was compared after a block, and what differs (the first 500)."""

    id: str
    security: str | None
    block: int
    at: str
    agrees: bool
    compared: dict[str, int]
    count: int
    differences: list[Difference]


class Alert(BaseModel):
    """Something that operator and regulator must see (预警)."""

    id: str
    kind: str
    term: str
    rule: str
    source: str
    security: str | None
    account: str | None
    said: dict[str, Any]
    since: str
    cleared_at: str | None
    cleared_because: str | None = Field(description="What ended its cause")
