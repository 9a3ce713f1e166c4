"""All SQL of the identity context."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update
from sqlalchemy.orm import Session

from services.identity.models import (
    BootstrapSecretRow,
    ChainRoleRow,
    CommandRow,
    InstitutionRow,
    PersonRow,
    RegionalAuthorityRow,
    SubmitterKeyRow,
    TokenRow,
)
from services.identity.rules import Status

__all__ = [
    "add",
    "bootstrap_was_used",
    "chain_roles",
    "command_of_leaf",
    "command_of_record",
    "held_token",
    "held_tokens",
    "host_id",
    "institution",
    "institutions",
    "institutions_before",
    "key_is_known",
    "person_names",
    "put_chain_role",
    "put_regional_authority",
    "put_token_seal",
    "regional_authority",
    "regions_with_authority",
    "revoke_chain_role",
    "role_holders",
    "roles_before",
    "set_authority",
    "set_epoch",
    "set_status",
    "submitter_key",
    "submitter_keys",
    "submitter_keys_at",
    "token",
    "token_by_prefix",
    "tokens",
    "trusted_submitters",
    "usable_bootstrap_secret",
    "use_bootstrap_secret",
]

_KNOWN = (Status.ACTIVE, Status.SUSPENDED, Status.EXITED)


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def institution(session: Session, institution_id: str) -> InstitutionRow | None:
    """One institution."""
    return session.get(InstitutionRow, institution_id)


def institutions(session: Session, *, after: str | None, limit: int) -> Sequence[InstitutionRow]:
    """By id, from after ``after`` on."""
    statement = select(InstitutionRow).order_by(InstitutionRow.id).limit(limit)
    return session.scalars(statement.where(InstitutionRow.id > after) if after else statement).all()


def host_id(session: Session) -> str | None:
    """The institution that runs this installation."""
    return session.scalar(select(InstitutionRow.id).where(InstitutionRow.host))


def set_status(session: Session, institution_id: str, status: str, now_ms: int) -> bool:
    """False when there is no such institution."""
    return _change_institution(session, institution_id, status=status, updated_at=now_ms)


def set_authority(session: Session, institution_id: str, authority: str, now_ms: int) -> bool:
    """False when there is no such institution."""
    return _change_institution(session, institution_id, authority=authority, updated_at=now_ms)


def set_epoch(session: Session, institution_id: str, epoch: int, status_epoch: int | None = None) -> bool:
    """Which epoch's registry knows the institution, and its status."""
    values = {"epoch": epoch} | ({"status_epoch": status_epoch} if status_epoch is not None else {})
    return _change_institution(session, institution_id, **values)


def institutions_before(session: Session, epoch: int) -> Sequence[InstitutionRow]:
    """Those that a registry knew, and of which this epoch's does not know the registration or the status."""
    row = InstitutionRow
    query = select(row).where(row.status.in_(_KNOWN), (row.epoch < epoch) | (row.status_epoch < epoch))
    return session.scalars(query.order_by(row.id)).all()


def roles_before(session: Session, epoch: int, now_s: int) -> Sequence[ChainRoleRow]:
    """Roles that stand at ``now_s`` (Unix seconds) and that this epoch's registry does not know."""
    row = ChainRoleRow
    query = select(row).where(row.epoch < epoch, row.revoked.is_(False), row.expires_at > now_s)
    return session.scalars(query.order_by(row.institution_id, row.region, row.account, row.role)).all()


def _change_institution(session: Session, institution_id: str, **values: Any) -> bool:
    row = session.get(InstitutionRow, institution_id)
    if row is not None:
        for name, value in values.items():
            setattr(row, name, value)
        session.flush()
    return row is not None


def token_by_prefix(session: Session, prefix: str) -> Row[Any] | None:
    """What authentication needs of a token and its institution, in one query."""
    return _held_token(session, TokenRow.prefix == prefix)


def held_token(session: Session, token_id: str) -> Row[Any] | None:
    """The same by the token's id."""
    return _held_token(session, TokenRow.id == token_id)


def held_tokens(session: Session, institution_id: str | None = None) -> Sequence[Row[Any]]:
    """The same of every token, or of an institution's."""
    found = _held().where(TokenRow.institution_id == institution_id) if institution_id else _held()
    return session.execute(found.order_by(TokenRow.id)).all()


def _held_token(session: Session, wanted: ColumnElement[bool]) -> Row[Any] | None:
    return session.execute(_held().where(wanted)).one_or_none()


def _held() -> Select[Any]:
    return select(
        TokenRow.id,
        TokenRow.institution_id,
        TokenRow.person_id,
        TokenRow.hash,
        TokenRow.roles,
        TokenRow.expires_at,
        TokenRow.revoked_at,
        TokenRow.seal,
        InstitutionRow.region,
        InstitutionRow.kind,
        InstitutionRow.status,
        InstitutionRow.host,
    ).join(InstitutionRow, InstitutionRow.id == TokenRow.institution_id)


def put_token_seal(session: Session, token_id: str, seal: bytes) -> None:
    """Writes a token's seal."""
    session.execute(update(TokenRow).where(TokenRow.id == token_id).values(seal=seal))


def token(session: Session, token_id: str) -> TokenRow | None:
    """One token."""
    return session.get(TokenRow, token_id)


def tokens(session: Session, institution_id: str, *, after: str | None, limit: int) -> Sequence[TokenRow]:
    """An institution's tokens by id, from after ``after`` on."""
    statement = select(TokenRow).where(TokenRow.institution_id == institution_id).order_by(TokenRow.id).limit(limit)
    return session.scalars(statement.where(TokenRow.id > after) if after else statement).all()


def person_names(session: Session, person_ids: Sequence[str]) -> dict[str, bytes]:
    """The encrypted names of people."""
    rows = session.execute(select(PersonRow.id, PersonRow.name).where(PersonRow.id.in_(person_ids)))
    return {row[0]: row[1] for row in rows}


def submitter_key(session: Session, key_id: str) -> SubmitterKeyRow | None:
    """One submitter key."""
    return session.get(SubmitterKeyRow, key_id)


def submitter_keys(session: Session, institution_id: str) -> Sequence[SubmitterKeyRow]:
    """All of an institution's, the oldest first."""
    statement = select(SubmitterKeyRow).where(SubmitterKeyRow.institution_id == institution_id)
    return session.scalars(statement.order_by(SubmitterKeyRow.id)).all()


def submitter_keys_at(session: Session, institution_id: str, at_ms: int) -> list[bytes]:
    """The public keys under which the institution could sign at ``at_ms``."""
    far = 1 << 62
    end = func.coalesce(SubmitterKeyRow.revoked_at, far), func.coalesce(SubmitterKeyRow.valid_to, far)
    return list(
        session.scalars(
            select(SubmitterKeyRow.public_key)
            .where(SubmitterKeyRow.institution_id == institution_id, SubmitterKeyRow.valid_from <= at_ms)
            .where(end[0] > at_ms, end[1] > at_ms)
            .order_by(SubmitterKeyRow.id)
        )
    )


def key_is_known(session: Session, public_key: bytes) -> bool:
    """Whether anybody has registered this public key."""
    return session.scalar(select(SubmitterKeyRow.id).where(SubmitterKeyRow.public_key == public_key)) is not None


def trusted_submitters(session: Session) -> list[tuple[str, bytes, int, int | None]]:
    """Every submitter key: (institution, key, from, before) in ms; the end is the earlier of revocation and term."""
    rows = session.scalars(select(SubmitterKeyRow).order_by(SubmitterKeyRow.id))
    ends = ((row, [end for end in (row.valid_to, row.revoked_at) if end is not None]) for row in rows)
    return [(row.institution_id, row.public_key, row.valid_from, min(end, default=None)) for row, end in ends]


def usable_bootstrap_secret(session: Session, digest: bytes, now_ms: int) -> BootstrapSecretRow | None:
    """The one-time token with this SHA-256, unless it was used or has expired."""
    row = session.get(BootstrapSecretRow, digest)
    return row if row is not None and row.used_at is None and row.expires_at > now_ms else None


def bootstrap_was_used(session: Session) -> bool:
    """Whether the installation has its first institution, with its token."""
    return session.scalar(select(BootstrapSecretRow.hash).where(BootstrapSecretRow.used_at.is_not(None))) is not None


def use_bootstrap_secret(session: Session, digest: bytes, now_ms: int) -> bool:
    """Marks it used; False when it was used, has expired or never was."""
    result: Any = session.execute(
        update(BootstrapSecretRow)
        .where(
            BootstrapSecretRow.hash == digest,
            BootstrapSecretRow.used_at.is_(None),
            BootstrapSecretRow.expires_at > now_ms,
        )
        .values(used_at=now_ms)
    )
    return bool(result.rowcount == 1)


def command_of_leaf(session: Session, leaf_hash: bytes) -> CommandRow | None:
    """The command whose ``requested`` leaf it is."""
    return session.get(CommandRow, leaf_hash)


def command_of_record(session: Session, record_id: str) -> CommandRow | None:
    """The command that the record asked for."""
    return session.scalars(select(CommandRow).where(CommandRow.record_id == record_id)).one_or_none()


def regional_authority(session: Session, region: int) -> str | None:
    """The address that signs for a region, as far as the chain was followed."""
    return session.scalar(select(RegionalAuthorityRow.address).where(RegionalAuthorityRow.region == region))


def regions_with_authority(session: Session) -> list[int]:
    """The regions whose authority the chain has told us, in order."""
    return list(session.scalars(select(RegionalAuthorityRow.region).order_by(RegionalAuthorityRow.region)))


def put_regional_authority(session: Session, region: int, address: str, block_number: int) -> None:
    """Sets a region's authority."""
    session.merge(RegionalAuthorityRow(region=region, address=address, block_number=block_number))
    session.flush()


def put_chain_role(session: Session, row: ChainRoleRow) -> None:
    """Sets a role; a later grant replaces an earlier one, as on the chain."""
    session.merge(row)
    session.flush()


def revoke_chain_role(session: Session, role: bytes, region: int, account: str) -> None:
    """Takes a role away."""
    session.execute(
        update(ChainRoleRow)
        .where(ChainRoleRow.role == role, ChainRoleRow.region == region, ChainRoleRow.account == account)
        .values(revoked=True)
    )


def chain_roles(session: Session, institution_id: str) -> Sequence[ChainRoleRow]:
    """The roles of an institution's accounts."""
    statement = select(ChainRoleRow).where(ChainRoleRow.institution_id == institution_id)
    return session.scalars(statement.order_by(ChainRoleRow.region, ChainRoleRow.account, ChainRoleRow.role)).all()


def role_holders(session: Session, role: bytes, region: int, now_s: int) -> list[tuple[str, str]]:
    """(account, institution id) of everybody who holds a role in a region now, as far as the chain was followed."""
    statement = (
        select(ChainRoleRow.account, ChainRoleRow.institution_id)
        .join(InstitutionRow, InstitutionRow.id == ChainRoleRow.institution_id)
        .where(ChainRoleRow.role == role, ChainRoleRow.region == region, ~ChainRoleRow.revoked)
        .where(ChainRoleRow.expires_at >= now_s, InstitutionRow.status == "active")
        .order_by(ChainRoleRow.account)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]
