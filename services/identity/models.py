"""Tables of the identity context. Times are UTC milliseconds; addresses EIP-55; hashes and keys raw bytes."""

from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from services.platform.database import Base, JsonText

__all__ = [
    "BootstrapSecretRow",
    "ChainRoleRow",
    "CommandRow",
    "InstitutionRow",
    "PersonRow",
    "RegionalAuthorityRow",
    "SubmitterKeyRow",
    "TokenRow",
]


class InstitutionRow(Base):
    """An institution (机构). ``host``: it runs this installation. ``status`` follows the registry contract.

    ``epoch``: the last one (链纪元) whose registry knows it; ``status_epoch``: whose registry has this status.
    """

    __tablename__ = "institutions"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    kind: Mapped[int]
    region: Mapped[int]
    status: Mapped[str]
    authority: Mapped[str]
    host: Mapped[bool]
    created_at: Mapped[int]
    updated_at: Mapped[int]
    epoch: Mapped[int] = mapped_column(default=1, server_default="1")
    status_epoch: Mapped[int] = mapped_column(default=1, server_default="1")


class PersonRow(Base):
    """Somebody who holds a token; ``name`` is encrypted under the institution's at-rest key."""

    __tablename__ = "people"
    __table_args__ = (Index(None, "institution_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    name: Mapped[bytes]
    created_at: Mapped[int]


class TokenRow(Base):
    """An API token: the SHA-256 of its secret, a prefix by which people recognise it, and its seal."""

    __tablename__ = "tokens"
    __table_args__ = (Index(None, "institution_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    person_id: Mapped[str | None] = mapped_column(ForeignKey("people.id"))
    name: Mapped[str]
    prefix: Mapped[str] = mapped_column(unique=True)
    hash: Mapped[bytes]
    roles: Mapped[Any] = mapped_column(JsonText)
    created_at: Mapped[int]
    expires_at: Mapped[int]
    revoked_at: Mapped[int | None]
    seal: Mapped[bytes | None]


class SubmitterKeyRow(Base):
    """An Ed25519 key (提交钥) under which an institution submits, from ``valid_from`` until its first end."""

    __tablename__ = "submitter_keys"
    __table_args__ = (Index(None, "institution_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    public_key: Mapped[bytes] = mapped_column(unique=True)
    valid_from: Mapped[int]
    valid_to: Mapped[int | None]
    revoked_at: Mapped[int | None]
    record_id: Mapped[str]


class BootstrapSecretRow(Base):
    """The one-time token of a new installation, as its SHA-256, and its seal."""

    __tablename__ = "bootstrap_secrets"

    hash: Mapped[bytes] = mapped_column(primary_key=True)
    created_at: Mapped[int]
    expires_at: Mapped[int]
    used_at: Mapped[int | None]
    seal: Mapped[bytes | None]


class CommandRow(Base):
    """A ``requested`` leaf whose outcome the chain decides; an event names its leaf hash, a refusal its record."""

    __tablename__ = "identity_commands"

    leaf_hash: Mapped[bytes] = mapped_column(primary_key=True)
    record_id: Mapped[str] = mapped_column(unique=True)
    type_name: Mapped[str]
    subject: Mapped[str]
    actor_id: Mapped[str] = mapped_column(ForeignKey("institutions.id"))
    outcome: Mapped[str | None]
    created_at: Mapped[int]


class RegionalAuthorityRow(Base):
    """Whose signature a region's commands need, as the supervision chain's registry says."""

    __tablename__ = "regional_authorities"

    region: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    address: Mapped[str]
    block_number: Mapped[int]


class ChainRoleRow(Base):
    """A role of an account in a region, as the registry granted it; ``role`` is keccak256 of the name."""

    __tablename__ = "chain_roles"
    __table_args__ = (Index(None, "institution_id"),)

    role: Mapped[bytes] = mapped_column(primary_key=True)
    region: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str] = mapped_column(primary_key=True)
    institution_id: Mapped[str]
    expires_at: Mapped[int]
    revoked: Mapped[bool]
    epoch: Mapped[int] = mapped_column(default=1, server_default="1")
