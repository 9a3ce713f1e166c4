"""Seals (封) over the rows that decide who may ask: whoever writes the database alone can make none.

A seal is AES-256-GCM of nothing under a key that the master key wraps, with what the row says as associated data: a
token's under its institution's data key, the one-time token's under the master key itself. It covers the institution's
kind and region too, which decide what a role of it means; its status follows the chain and is not covered.

    token           (id, institution, person, hash, roles, expires_at, revoked_at; kind, region, host)
    one-time token  (hash, created_at, expires_at)
"""

import json
from collections.abc import Callable
from typing import Protocol

from sqlalchemy import Connection
from sqlalchemy.orm import Session

from services.identity import repository
from services.identity.models import BootstrapSecretRow
from services.platform import metrics
from services.platform.atrest import Vault, aad
from services.platform.errors import Unavailable
from services.platform.logging import get_logger

__all__ = ["Holder", "Token", "bootstrap_seal", "bootstrap_seal_holds", "seal_stored", "token_seal", "token_seal_holds"]

_log = get_logger("identity")


class Token(Protocol):
    """What a token's row says that matters, whether it is the row itself or a part of it."""

    id: str
    institution_id: str
    person_id: str | None
    hash: bytes
    roles: list[str]
    expires_at: int
    revoked_at: int | None
    seal: bytes | None


class Holder(Protocol):
    """What the row of the token's institution says about what its tokens may."""

    kind: int
    region: int
    host: bool


def token_seal(session: Session, vault: Vault, token: Token, holder: Holder) -> bytes:
    """The seal of a token as it is now. Only for what was just made, or whose seal held until now."""
    return vault.encrypt(session, token.institution_id, b"", _said(token, holder))


def token_seal_holds(session: Session, vault: Vault, token: Token, holder: Holder) -> bool:
    """Whether the service wrote the token as it is. Compared in constant time; what does not hold is told."""
    try:
        vault.decrypt(session, token.institution_id, token.seal or b"", _said(token, holder))
    except (Unavailable, TypeError):  # or roles that are no list of names
        _tell("tokens", token.id)
        return False
    return True


def bootstrap_seal(vault: Vault, row: BootstrapSecretRow) -> bytes:
    """The seal of a one-time token that was just printed."""
    return vault.wrap(b"", _printed(row))


def bootstrap_seal_holds(vault: Vault, row: BootstrapSecretRow) -> bool:
    """Whether the service printed the one-time token."""
    try:
        vault.unwrap(row.seal or b"", _printed(row))
    except Unavailable:
        _tell("bootstrap_secrets", row.hash.hex())
        return False
    return True


def seal_stored(vault: Vault) -> Callable[[Connection], None]:
    """Vouches for every token there is: for the migration that brings seals, and nothing else.

    Nobody can tell a token that was forged before from one that was issued; the caller sees to it that this happens
    once in an installation's life.
    """

    def seal(connection: Connection) -> None:
        with Session(connection, join_transaction_mode="create_savepoint") as session:
            for token in repository.held_tokens(session):
                repository.put_token_seal(session, token.id, token_seal(session, vault, token, token))
            session.commit()

    return seal


def _said(token: Token, holder: Holder) -> bytes:
    said = (
        *(token.id, token.institution_id, token.person_id, token.hash.hex(), sorted(token.roles)),
        *(token.expires_at, token.revoked_at, holder.kind, holder.region, holder.host),
    )
    return aad("token-row", json.dumps(said))


def _printed(row: BootstrapSecretRow) -> bytes:
    return aad("bootstrap-row", json.dumps((row.hash.hex(), row.created_at, row.expires_at)))


def _tell(table: str, row_id: str) -> None:
    metrics.FORGED_ROWS.labels(table).inc()
    _log.error("forged_row", table=table, row=row_id)
