"""Shapes of logs, heads, anchors and proofs."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

ORIGIN = r"^[a-z0-9.-]+(/[a-z0-9._-]+)*$"


class LogKeyView(BaseModel):
    """A log key (C2SP vkey) and the size from which it signs."""

    vkey: str
    from_size: int
    to_size: int | None = Field(None, description="First size that it no longer signs; null for the present key")


class LogView(BaseModel):
    """An evidence log (证据日志): public facts only."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "log_0123456789abcdef0123456789abcdef",
                "origin": "regseal.example/440300/register",
                "owner_id": "ins_0123456789abcdef0123456789abcdef",
                "state": "open",
                "house": False,
                "size": 42,
                "checkpoint_size": 42,
                "anchored_size": 40,
                "vkeys": [{"vkey": "regseal.example/440300/register+0a1b2c3d+AV…", "from_size": 0}],
                "created_at": "2026-11-20T09:30:00.000Z",
            }
        }
    )

    id: str
    origin: str
    owner_id: str
    state: str = Field(description="opening, open, frozen or refused")
    house: bool = Field(description="The log of the service's own records")
    size: int
    checkpoint_size: int
    anchored_size: int
    vkeys: list[LogKeyView]
    predecessor: str | None = None
    created_at: str


class ErasedEntry(BaseModel):
    """A leaf whose record has lost its content."""

    index: int = Field(examples=[41])


class LogRequest(BaseModel):
    """Asks for a new log of the caller's institution."""

    model_config = ConfigDict(extra="forbid")

    origin: str = Field(pattern=ORIGIN, max_length=128, examples=["regseal.example/440300/register"])


class RotationRequest(BaseModel):
    """New keys from the current size on. The gateway makes the log key; ``anchor`` is its own address by default."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)
    anchor: str | None = Field(None, pattern=r"^0x[0-9a-fA-F]{40}$")


class FreezeRequest(BaseModel):
    """Stops a log for good."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=1, max_length=500)


class SuccessorRequest(BaseModel):
    """The one successor of a frozen log."""

    model_config = ConfigDict(extra="forbid")

    origin: str = Field(pattern=ORIGIN, max_length=128)
    reason: str = Field(min_length=1, max_length=500)


class Proof(BaseModel):
    """RFC 9162 hashes, 0x hex."""

    proof: list[str]


class Challenge(BaseModel):
    """What a starting service asks its witnesses to sign; null when it does not ask."""

    nonce: str | None


class AnchorView(BaseModel):
    """A head on the chain."""

    log: str
    size: int
    chain: str
    block_number: int
    block_hash: str
    tx_hash: str
    anchored_at: str
