"""API tokens (令牌): who speaks to the service.

A secret is ``rgs_<8>_<43>``: the visible prefix finds the row, the SHA-256 of the whole is compared in constant time.
The database never holds the secret, and a row counts only with its seal (:mod:`services.identity.seals`). Answers are
remembered for a short time; whatever changes a token or its institution forgets them at the moment it is committed,
and tells the other processes to.
"""

import base64
import hmac
import re
import secrets
import threading
import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, event
from sqlalchemy.orm import Session

from chain.proof.hashing import sha256
from services.identity import repository, rules, seals
from services.identity.directory import require
from services.identity.models import InstitutionRow, PersonRow, TokenRow
from services.identity.policy import Principal
from services.identity.rules import Kind, Role
from services.identity.views import IssuedToken, TokenRequest, TokenView
from services.platform import repository as platform
from services.platform.atrest import Vault, aad
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Invalid, Unauthenticated
from services.platform.ids import new_id

__all__ = ["Tokens", "person_aad"]

REMEMBERED_S = 5.0  # how long another process that hears of nothing believes a token that was revoked
REMEMBERED_MAX = 10_000
_DAY_MS = 86_400_000
_SECRET = re.compile(r"(rgs_[a-z2-7]{8})_[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class _Known:
    principal: Principal
    expires_at: int
    until: float


class Tokens:
    """Issues, checks and revokes tokens. Thread-safe."""

    def __init__(self, database: Database, vault: Vault, clock: Clock) -> None:
        self._database = database
        self.vault = vault
        self._clock = clock
        self._known: dict[bytes, _Known] = {}
        self._epoch = 0  # grows when something was forgotten: what was read before must not be remembered after
        self._lock = threading.Lock()

    def authenticate(self, secret: str) -> Principal:
        """Who holds ``secret``. Unauthenticated, without telling why, when it is unknown, expired or revoked."""
        digest = sha256(secret.encode())
        known = self._known.get(digest)
        if known is not None and known.until > time.monotonic() and known.expires_at > self._clock.ms():
            return known.principal
        return self._look_up(secret, digest)

    def _look_up(self, secret: str, digest: bytes) -> Principal:
        match = _SECRET.fullmatch(secret)
        if match is None:
            raise Unauthenticated
        epoch = self._epoch
        with self._database.read() as session:
            row = repository.token_by_prefix(session, match[1])
            if row is None or not hmac.compare_digest(row.hash, digest):
                raise Unauthenticated
            return self._principal(session, row, key=digest, epoch=epoch)

    def holder_of(self, token_id: str) -> Principal:
        """Who holds the token, whose secret another process of ours has found good. Unauthenticated as above."""
        key = token_id.encode()
        known = self._known.get(key)
        if known is not None and known.until > time.monotonic() and known.expires_at > self._clock.ms():
            return known.principal
        epoch = self._epoch
        with self._database.read() as session:
            row = repository.held_token(session, token_id)
            if row is None:
                raise Unauthenticated
            return self._principal(session, row, key=key, epoch=epoch)

    def _principal(self, session: Session, row: Row[Any], *, key: bytes, epoch: int) -> Principal:
        if not self._lives(row) or not seals.token_seal_holds(session, self.vault, row, row):
            raise Unauthenticated
        principal = Principal(
            institution_id=row.institution_id,
            token_id=row.id,
            person_id=row.person_id,
            roles=frozenset(row.roles),
            region=row.region,
            kind=Kind(row.kind).slug,
            status=row.status,
            host=row.host,
        )
        self._remember(key, _Known(principal, row.expires_at, time.monotonic() + REMEMBERED_S), epoch)
        return principal

    def _lives(self, row: Row[Any]) -> bool:
        return row.revoked_at is None and row.expires_at > self._clock.ms()

    def has_administrator(self, session: Session, institution_id: str) -> bool:
        """Whether the institution has a valid administrator's token."""
        found = (row for row in repository.held_tokens(session, institution_id) if self._lives(row))
        return any(
            Role.ADMINISTRATOR in row.roles and seals.token_seal_holds(session, self.vault, row, row) for row in found
        )

    def _remember(self, digest: bytes, known: _Known, epoch: int) -> None:
        with self._lock:
            if epoch != self._epoch:
                return
            if len(self._known) >= REMEMBERED_MAX:
                self._known.clear()
            self._known[digest] = known

    def forget_at_commit(self, session: Session) -> None:
        """Once ``session`` has committed, nothing remembered before is believed, in any process."""
        event.listen(session, "after_commit", lambda _session: self.forget())
        platform.notify(session, "tokens")

    def forget(self) -> None:
        """Believes nothing remembered before."""
        with self._lock:
            self._epoch += 1
            self._known.clear()

    def issue(self, session: Session, owner: InstitutionRow, request: TokenRequest, *, token_id: str) -> IssuedToken:
        """A new token of ``owner``. Invalid or RuleRefused when name, roles or term are not acceptable."""
        if not 1 <= request.days <= rules.TOKEN_DAYS_MAX:
            raise Invalid("days", f"Expected 1 to {rules.TOKEN_DAYS_MAX} days.")
        roles = rules.check_roles(request.roles, Kind(owner.kind), host=owner.host)
        prefix, secret = _new_secret()
        now = self._clock.ms()
        row = TokenRow(
            id=token_id,
            institution_id=owner.id,
            person_id=self._add_person(session, owner.id, request.person, now),
            name=rules.check_name(request.name),
            prefix=prefix,
            hash=sha256(secret.encode()),
            roles=sorted(roles),
            created_at=now,
            expires_at=now + request.days * _DAY_MS,
            revoked_at=None,
        )
        row.seal = seals.token_seal(session, self.vault, row, owner)
        repository.add(session, row)
        return IssuedToken(_view(row, request.person), secret)

    def _add_person(self, session: Session, institution_id: str, name: str | None, now: int) -> str | None:
        if name is None:
            return None
        person_id = new_id("per", now)
        checked = rules.check_name(name, "person").encode()
        sealed = self.vault.encrypt(session, institution_id, checked, person_aad(person_id))
        row = PersonRow(id=person_id, institution_id=institution_id, name=sealed, created_at=now)
        repository.add(session, row)
        return person_id

    def revoke(self, session: Session, row: TokenRow) -> TokenView:
        """Ends a token; again changes nothing. One that was forged is left without a seal that holds."""
        if row.revoked_at is None:
            owner = require(repository.institution(session, row.institution_id))
            ours = seals.token_seal_holds(session, self.vault, row, owner)
            row.revoked_at = self._clock.ms()
            row.seal = seals.token_seal(session, self.vault, row, owner) if ours else None
            session.flush()
        self.forget_at_commit(session)
        return self.views(session, [row])[0]

    def views(self, session: Session, rows: list[TokenRow]) -> tuple[TokenView, ...]:
        """Tokens with the names of their holders, decrypted."""
        held = [row for row in rows if row.person_id is not None]
        sealed = repository.person_names(session, [row.person_id for row in held if row.person_id])
        names = {
            row.id: self.vault.decrypt(
                session, row.institution_id, sealed[row.person_id], person_aad(row.person_id)
            ).decode()
            for row in held
            if row.person_id is not None
        }
        return tuple(_view(row, names.get(row.id)) for row in rows)


def person_aad(person_id: str) -> bytes:
    """What a person's encrypted name is bound to."""
    return aad("person-name", person_id)


def _new_secret() -> tuple[str, str]:
    prefix = "rgs_" + base64.b32encode(secrets.token_bytes(5)).decode().lower()
    return prefix, f"{prefix}_{secrets.token_urlsafe(32)}"


def _view(row: TokenRow, person: str | None) -> TokenView:
    return TokenView(
        id=row.id,
        institution_id=row.institution_id,
        name=row.name,
        prefix=row.prefix,
        roles=tuple(row.roles),
        person=person,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
