"""The shapes of materials."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from services.evidence.materials.rules import CHUNK

_DIGEST = "0x" + "3f" * 32


class Announcement(BaseModel):
    """A file that will be uploaded."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "股东名册.pdf", "media_type": "application/pdf", "size": 1_843_200}},
    )

    name: str = Field(
        max_length=1_024, description="Without path parts, control, direction-turning or zero-width characters"
    )
    media_type: str = Field("application/octet-stream", max_length=255)
    size: int = Field(ge=0, le=2**53 - 1, strict=True, description="Bytes of the whole file; 0 is allowed")


class Completion(BaseModel):
    """What the submitter says of the whole file; all three are compared with what arrived."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"example": {"size": 1_843_200, "sha256": _DIGEST, "sm3": _DIGEST}}
    )

    size: int = Field(ge=0, le=2**53 - 1, strict=True)
    sha256: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    sm3: str = Field(pattern=r"^0x[0-9a-f]{64}$")


class MaterialView(BaseModel):
    """A file of an institution (材料)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "mat_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70",
                "name": "股东名册.pdf",
                "media_type": "application/pdf",
                "size": 1_843_200,
                "state": "stored",
                "offset": 1_843_200,
                "sha256": _DIGEST,
                "sm3": _DIGEST,
                "created_at": "2026-11-20T09:30:00.123Z",
                "stored_at": "2026-11-20T09:30:02.456Z",
            }
        }
    )

    id: str
    name: str
    media_type: str
    size: int
    state: str = Field(description="uploading or stored")
    offset: int = Field(description=f"Bytes that stand; parts begin there. A part that is not the last has n × {CHUNK}")
    sha256: str | None = Field(None, description="Once it is stored")
    sm3: str | None = Field(None, description="Once it is stored")
    created_at: str
    stored_at: str | None = None
