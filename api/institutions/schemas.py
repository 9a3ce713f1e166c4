"""Shapes of institutions (机构), their keys, roles and tokens."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from api.operations.schemas import ADDRESS, OperationView
from api.times import Moment

KindName = Literal["operator", "regulator", "working-group", "auditor", "applicant", "data-user", "service-provider"]
Region = Field(ge=0, le=999_999, description="GB/T 2260 code, 0 for national bodies", examples=[440300])


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")


class InstitutionRequest(_Request):
    """Registers an institution; the region's authority must sign the resulting operation."""

    name: str = Field(min_length=1, max_length=200, examples=["鹏城区域股权登记中心(示例)"])
    kind: KindName
    region: int = Region
    authority: str = Field(pattern=ADDRESS, description="Address of the institution's own authority key")


class BootstrapRequest(InstitutionRequest):
    """The first institution of a new installation: the one that runs this service."""

    secret: str = Field(min_length=20, max_length=200, description="The one-time token that `regseal init` printed")


class StatusRequest(_Request):
    """A change of status by the region's authority; `exited` is final."""

    status: Literal["active", "suspended", "exited"]
    reason: str = Field(min_length=1, max_length=500)


class AuthorityRequest(_Request):
    """A new authority key of the institution."""

    authority: str = Field(pattern=ADDRESS)
    reason: str = Field(min_length=1, max_length=500)


class RoleRequest(_Request):
    """A region-scoped role on the chain for one account of the institution."""

    account: str = Field(pattern=ADDRESS)
    role: str = Field(pattern=r"^[a-z][a-z.-]{1,31}$")
    region: int = Region
    expires_at: Moment
    reason: str = Field(min_length=1, max_length=500)


class RoleRevocationRequest(_Request):
    """Takes a role away."""

    account: str = Field(pattern=ADDRESS)
    role: str = Field(pattern=r"^[a-z][a-z.-]{1,31}$")
    region: int = Region
    reason: str = Field(min_length=1, max_length=500)


class RepetitionRequest(_Request):
    """Says again on a business chain what the supervision chain decided about the institution."""

    chain: str = Field(min_length=1, max_length=64, description="The business chain's name", examples=["business"])


class SubmitterKeyRequest(_Request):
    """An Ed25519 key with which the institution signs what it submits."""

    public_key: str = Field(pattern=r"^0x[0-9a-f]{64}$")
    possession: str = Field(
        pattern=r"^0x[0-9a-f]{128}$",
        description="The key's own signature, naming the institution and its role (`regseal keys prove`)",
    )
    valid_to: Moment | None = None


class SubmitterKeyView(BaseModel):
    """A registered submitter key (提交钥)."""

    id: str
    public_key: str
    valid_from: str
    valid_to: str | None = None
    revoked_at: str | None = None
    record_id: str = Field(description="The record in the house log that evidences its registration")


class ChainRoleView(BaseModel):
    """A role of an account on the chain; ``role`` is keccak256 of its name."""

    role: str
    region: int
    account: str
    expires_at: str
    revoked: bool


class InstitutionView(BaseModel):
    """An institution as the directory shows it."""

    id: str
    name: str
    kind: str
    region: int
    status: str = Field(description="pending, active, suspended, exited or refused")
    authority: str
    host: bool = Field(description="Whether it runs this service")
    created_at: str


class TokenRequest(_Request):
    """A token of the caller's institution, or, by a system administrator, of another."""

    name: str = Field(min_length=1, max_length=100)
    roles: list[str] = Field(min_length=1, max_length=16)
    days: int = Field(90, ge=1, le=366)
    institution_id: str | None = Field(None, pattern=r"^ins_[0-9a-f]{32}$")
    person: str | None = Field(None, max_length=100, description="Name of the person who holds it, kept encrypted")


class TokenView(BaseModel):
    """A token without its secret."""

    id: str
    institution_id: str
    name: str
    prefix: str
    roles: list[str]
    person: str | None = None
    created_at: str
    expires_at: str
    revoked_at: str | None = None


class IssuedToken(TokenView):
    """The only answer that ever holds the secret; null when an idempotent repeat asks again."""

    secret: str | None


class Bootstrapped(BaseModel):
    """The first institution, its administrator's token, and the registration that awaits the region's authority."""

    institution: InstitutionView
    token: IssuedToken
    operations: list[OperationView]
