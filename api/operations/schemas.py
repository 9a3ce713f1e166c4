"""Shapes of operations and authorisations."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field

ADDRESS = r"^0x[0-9a-fA-F]{40}$"


class HistoryEntry(BaseModel):
    """One line of an operation's history; ``count`` > 1 when it was repeated between the two times."""

    action: str
    state: str
    detail: dict[str, Any]
    count: int
    first_at: str
    last_at: str


class Command(BaseModel):
    """The record that asked for it, with the secret that opens its commitment (see docs/spec/record.md)."""

    document: dict[str, Any]
    secret: str


class RequiredSignature(BaseModel):
    """One of several signatures over the same typed data; missing as long as ``signer`` is null."""

    role: str = Field(description="A role of the chain's registry, or what the signer is to the act (pledgee)")
    any_of: list[str] = Field([], description="The addresses of which one must sign; empty: whoever holds the role")
    region: int | None = Field(None, description="Where the role must be held (GB/T 2260)")
    signer: str | None = None
    signed_at: str | None = None


class OperationView(BaseModel):
    """What became of a command that the chain decides (操作)."""

    model_config = ConfigDict(
        json_schema_extra={
            "example": {
                "id": "op_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70",
                "kind": "institution.registration",
                "state": "needs_authorisation",
                "institution_id": "ins_0123456789abcdef0123456789abcdef",
                "record_id": "rec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f71",
                "chain": "supervision",
                "contract": "InstitutionRegistry",
                "function": "register",
                "signers": ["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"],
                "typed_data": {"primaryType": "RegisterInstitution", "domain": {}, "types": {}, "message": {}},
                "created_at": "2026-11-20T09:30:00.000Z",
                "updated_at": "2026-11-20T09:30:00.000Z",
                "history": [],
            }
        }
    )

    id: str
    kind: str
    state: str = Field(
        description="needs_authorisation, queued, submitted, mined, final, refused, expired or cancelled"
    )
    institution_id: str
    record_id: str | None = None
    chain: str
    contract: str
    function: str
    reference: str | None = Field(None, description="The institution, log or account that the command is about")
    signers: list[str] = Field(
        [], description="The addresses that may (still) authorise; empty where the chain says who is competent"
    )
    authorisations: list[RequiredSignature] = Field(
        [], description="Every signature it needs, of an operation that needs several; brought one by one, in any order"
    )
    deadline: str | None = Field(None, description="Last moment at which the authorisation may be used")
    typed_data: dict[str, Any] | None = Field(
        None, description="EIP-712 document to sign; absent once it is authorised"
    )
    command: Command | None = Field(
        None, description="What `commitment` in the typed data stands for; beside it, in the answer about one operation"
    )
    reason: dict[str, Any] | None = Field(
        None, description="Why it was refused or ended: the contract's error and its numbers"
    )
    transaction: str | None = None
    created_at: str
    updated_at: str
    history: list[HistoryEntry] = []


class AuthorisationRequest(BaseModel):
    """A party's signature over the operation's typed data (授权)."""

    model_config = ConfigDict(extra="forbid")

    signer: str = Field(pattern=ADDRESS, examples=["0x70997970C51812dc3A010C7d01b50e0d17dc79C8"])
    signature: str = Field(
        pattern=r"^0x([0-9a-f]{2}){1,4096}$", description="65 bytes of an account, or what an ERC-1271 wallet accepts"
    )
