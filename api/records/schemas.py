"""Shapes of records (记录). The record itself is read strictly by ``chain.proof``, never by a lenient parser."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

RECORD_EXAMPLE: dict[str, Any] = {
    "type": "business.event",
    "subject": "security/440300-2026-0017",
    "actor": "ins_0123456789abcdef0123456789abcdef",
    "occurred_at": "2026-11-20T09:30:00Z",
    "body": {"event": "share-transfer.registered", "units": "120000", "note": "协议转让登记"},
}

SUBMISSION_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["log", "record"],
    "properties": {
        "log": {"type": "string", "description": "Id of an open log that the institution may write to"},
        "record": {
            "type": "object",
            "description": "docs/spec/record.md; integers only, duplicate keys refused",
            "additionalProperties": False,
            "required": ["type", "subject", "actor", "occurred_at", "body"],
            "properties": {
                "type": {"type": "string", "enum": ["business.event", "pilot.event", "material.digest"]},
                "subject": {"type": "string", "minLength": 1, "maxLength": 200},
                "actor": {"type": "string", "pattern": "^ins_[0-9a-f]{32}$"},
                "occurred_at": {"type": "string", "format": "date-time"},
                "body": {"type": "object", "minProperties": 1},
            },
        },
        "signature": {
            "type": "string",
            "pattern": "^0x[0-9a-f]{128}$",
            "description": "The submitter's Ed25519 signature",
        },
    },
    "example": {"log": "log_0123456789abcdef0123456789abcdef", "record": RECORD_EXAMPLE},
}


class Acknowledged(BaseModel):
    """The record is durable at this index; ``acknowledgement`` is the service's signed word for it (收讫回执)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70",
                "log": "log_0123456789abcdef0123456789abcdef",
                "origin": "regseal.example/440300/register",
                "index": 41,
                "leaf_hash": "0x" + "3f" * 32,
                "accepted_at": "2026-11-20T09:30:00.123Z",
                "anchor_by": "2026-11-20T10:30:00.123Z",
                "status": "accepted",
                "acknowledgement": "regseal/ack@v1\nregseal.example/440300/register\n41\n1\n…",
                "receipt": "/v1/records/rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70/receipt",
            }
        }
    )

    id: str
    log: str
    origin: str
    index: int
    leaf_hash: str
    accepted_at: str
    anchor_by: str = Field(description="When its head stands on the chain at the latest, as the service promises")
    status: str = Field(description="accepted, sealed, witnessed, anchored or final")
    acknowledgement: str
    receipt: str


class ErasureRequest(BaseModel):
    """Asks for the erasure of a record."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1,
        max_length=500,
        description="Becomes part of the evidence: name no person",
        examples=["the data subject withdrew consent, case 2026-118"],
    )


class RetentionView(BaseModel):
    """What has become of a record's content."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "record": "rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70",
                "state": "restricted",
                "retention_class": "register",
                "rule": "RET-01",
                "source": "证券法 art. 153, by analogy (REM-26)",
                "erasable_at": "2046-11-20T16:00:00.000Z",
                "requested_at": "2026-11-20T09:30:00.000Z",
                "erased_at": None,
                "evidence": ["rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f71", "rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f72"],
            }
        }
    )

    record: str
    state: str = Field(description="restricted: stored and not read until `erasable_at`; erased: gone for good")
    retention_class: str
    rule: str | None = Field(description="Why it was not erased at once; null when it was")
    source: str
    erasable_at: str | None = Field(description="Null while no term is set for the class")
    requested_at: str
    erased_at: str | None
    evidence: list[str] = Field(description="Records of the request and its outcome, in the house log")


class RecordView(BaseModel):
    """A record of the caller's own institution, with its place and what has become of it."""

    id: str
    log: str
    origin: str
    index: int
    type: str
    phase: str = Field(description="event, requested, registered or refused")
    leaf_hash: str
    accepted_at: str
    anchor_by: str
    status: str
    record: dict[str, Any] | None = Field(None, description="Absent in lists, while restricted, and once erased")
    retention: RetentionView | None = Field(None, description="When the erasure of the record was asked for")
