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
    record: dict[str, Any] | None = Field(None, description="Absent in lists, and once erased")
