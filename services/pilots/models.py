"""Tables of the pilots' context. Times are UTC milliseconds, days numbers since 1970-01-01 in Shanghai, hashes bytes.

Rows hold what lists and rules need; what a form, a decision or a comment says is encrypted, here or in its record.
"""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = [
    "ApplicantRow",
    "CommentRow",
    "ConfirmationRow",
    "DraftRow",
    "EventRow",
    "MaterialRow",
    "ProjectRow",
    "RulebookRow",
    "WaitRow",
]


class RulebookRow(Base):
    """A rulebook with its settings, as it was asked to be activated; ``id`` is the chain's, 0x hex of 32 bytes."""

    __tablename__ = "pilot_rulebooks"
    __table_args__ = (Index(None, "region", "created_at"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[str]
    region: Mapped[int]
    log_id: Mapped[str]
    book: Mapped[str]
    settings: Mapped[str]
    settings_name: Mapped[str]
    document: Mapped[bytes]
    state: Mapped[str]
    actor_id: Mapped[str]
    record_id: Mapped[str]
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)
    operation_id: Mapped[str]
    created_at: Mapped[int]
    decided_at: Mapped[int | None]


class ProjectRow(Base):
    """A pilot project (试点项目): bound to one rulebook, standing where the chain says; ``title`` is encrypted.

    ``count``, ``step_count``, ``proven_count`` (which may lag) and ``last_leaf`` are the chain's. ``published``: what
    notice and launch made public.
    """

    __tablename__ = "pilot_projects"
    __table_args__ = (Index(None, "region", "id"), Index(None, "region", "state", "id"), Index(None, "visible", "id"))

    id: Mapped[str] = mapped_column(primary_key=True)
    rulebook_id: Mapped[str] = mapped_column(ForeignKey("pilot_rulebooks.id"))
    region: Mapped[int]
    track: Mapped[str]
    lead_id: Mapped[str]
    log_id: Mapped[str]
    title: Mapped[bytes]
    state: Mapped[str]
    flags: Mapped[int]
    items: Mapped[Any] = mapped_column(JsonText)
    notice_from: Mapped[int]
    ends_on: Mapped[int]
    count: Mapped[int]
    step_count: Mapped[int]
    proven_count: Mapped[int] = mapped_column(server_default="0")
    last_leaf: Mapped[bytes | None]
    stream: Mapped[bytes]
    draft_version: Mapped[int]
    visible: Mapped[bool]
    published: Mapped[Any] = mapped_column(JsonText)
    created_at: Mapped[int]
    updated_at: Mapped[int]


class ApplicantRow(Base):
    """An applicant (申报单位) of a project; position 0 is the lead (牵头申报单位)."""

    __tablename__ = "pilot_applicants"
    __table_args__ = (Index(None, "institution_id", "project_id"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    institution_id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]


class DraftRow(Base):
    """One version of the application form (申报表), encrypted for the lead; ``digest`` is its SHA-256 (RFC 8785)."""

    __tablename__ = "pilot_drafts"

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes]
    digest: Mapped[bytes]
    actor_id: Mapped[str]
    record_id: Mapped[str]
    created_at: Mapped[int]


class MaterialRow(Base):
    """One version of a material (材料) by its code, bound to a manifest record; ``details`` (who signed) encrypted.

    ``owner``: whose it is, of a material that each institution files; else empty.
    """

    __tablename__ = "pilot_materials"

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    institution_id: Mapped[str]
    manifest_id: Mapped[str]
    manifest_leaf: Mapped[bytes]
    details: Mapped[bytes]
    record_id: Mapped[str]
    created_at: Mapped[int]


class ConfirmationRow(Base):
    """An applicant's signature over one state of the application (联合申报单位确认)."""

    __tablename__ = "pilot_confirmations"

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    institution_id: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[bytes] = mapped_column(primary_key=True)
    draft_version: Mapped[int]
    record_id: Mapped[str]
    created_at: Mapped[int]


class EventRow(Base):
    """One leaf of a project's stream. ``outcome`` of a request is set when the chain has decided.

    ``request`` of an outcome is the sequence number of what it answers; ``public`` what a step publishes.
    """

    __tablename__ = "pilot_events"
    __table_args__ = (Index(None, "project_id", "name", "seq"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    phase: Mapped[int]
    name: Mapped[str]
    actor_id: Mapped[str]
    record_id: Mapped[str]
    leaf_hash: Mapped[bytes] = mapped_column(unique=True)
    value: Mapped[int]
    body: Mapped[str | None]
    rule: Mapped[str | None]
    source: Mapped[str | None]
    evidence: Mapped[Any] = mapped_column(JsonText)
    public: Mapped[Any] = mapped_column(JsonText, nullable=True)
    operation_id: Mapped[str | None]
    outcome: Mapped[str | None]
    request: Mapped[int | None]
    reason: Mapped[str | None]
    signer: Mapped[str | None]
    state: Mapped[str | None]
    tx_hash: Mapped[str | None]
    block_number: Mapped[int | None]
    accepted_at: Mapped[int]


class CommentRow(Base):
    """A public comment (公众意见) in the time of notice; its words are in its record alone."""

    __tablename__ = "pilot_comments"

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    record_id: Mapped[str]
    state: Mapped[str]
    received_at: Mapped[int]


class WaitRow(Base):
    """A project waits for a body; rewritten whenever the project moves.

    ``body``: ``own/`` and an applicant's id, or the keccak256 of a role (0x hex), ``/``, and the role's region.
    """

    __tablename__ = "pilot_waits"
    __table_args__ = (Index(None, "body", "project_id"),)

    project_id: Mapped[str] = mapped_column(ForeignKey("pilot_projects.id"), primary_key=True)
    body: Mapped[str] = mapped_column(primary_key=True)
