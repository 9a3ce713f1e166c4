"""Shapes of uploads (批量报送)."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class NewUpload(BaseModel):
    """Begins an upload."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"log": "log_0123456789abcdef0123456789abcdef", "atomic": False}}
    )

    log: str = Field(description="Id of an open log that the institution may write to")
    atomic: bool = Field(False, description="All lines or none; at most 10,000 lines and 32 MiB, in one request")


class UploadView(BaseModel):
    """Where an upload stands. Continue with the bytes from `position` on."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "upl_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70",
                "log": "log_0123456789abcdef0123456789abcdef",
                "atomic": False,
                "status": "open",
                "position": 912_384,
                "lines": 1_000,
                "accepted": 998,
                "rejected": 2,
                "created_at": "2026-11-20T09:30:00.123Z",
                "changed_at": "2026-11-20T09:30:00.345Z",
            }
        }
    )

    id: str
    log: str
    atomic: bool
    status: str = Field(description="open, complete or aborted; what was accepted stays accepted")
    position: int = Field(description="Bytes committed")
    lines: int = Field(description="Lines committed; those of the rejected upload when it was atomic")
    accepted: int
    rejected: int
    created_at: str
    changed_at: str


class OutcomeView(BaseModel):
    """What became of a line: a record at an index, or the reason for its rejection."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "line": 734_211,
                "status": "rejected",
                "position": 698_112_030,
                "type": "urn:regseal:problem:malformed",
                "field": "/record/body/units",
                "reason": "number with a fraction or an exponent; write it as a string",
            }
        }
    )

    line: int = Field(description="From 1")
    status: str = Field(description="accepted or rejected")
    id: str | None = Field(None, description="The record's id; absent when it was erased")
    index: int | None = None
    position: int | None = Field(None, description="The byte at which a rejected line begins")
    type: str | None = Field(None, description="The problem's type, as a single submission would have got it")
    field: str | None = None
    reason: str | None = None


class ChunkView(BaseModel):
    """A committed chunk: its lines and bytes, and the signed acknowledgement of its accepted lines (收讫回执)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "first_line": 1,
                "lines": 1_000,
                "start": 0,
                "end": 912_384,
                "accepted": 998,
                "first_index": 41,
                "acknowledgement": "regseal/ack@v1\nregseal.example/440300/register\n41\n998\n…",
            }
        }
    )

    first_line: int
    lines: int
    start: int
    end: int
    accepted: int
    first_index: int = Field(description="The first accepted line's; the others follow without a gap")
    acknowledgement: str | None = Field(None, description="Absent when no line was accepted")
