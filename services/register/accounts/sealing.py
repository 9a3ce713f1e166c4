"""What is known of holders, as it is encrypted for the operator, and the key that tells whether two are one."""

import secrets
from collections.abc import Iterable, Sequence

from sqlalchemy.orm import Session

from chain.proof.canonical import canonical, parse_json
from chain.proof.hashing import Suite, sha256
from services.platform.atrest import Vault, aad
from services.register.accounts import repository
from services.register.accounts.identity import Identity
from services.register.accounts.models import HolderKeyRow

__all__ = ["hashed", "hashed_all", "holder_key", "new_holder_key", "opened", "sealed", "sealed_all"]

_SALT = 16
Place = tuple[str, int]
"""An account, and which version of its identity."""


def sealed(vault: Vault, session: Session, owner: str, place: Place, identity: Identity) -> tuple[bytes, bytes]:
    """The ciphertext, and the digest to commit to: salted, so that no document can be guessed from it."""
    return sealed_all(vault, session, owner, [(place, identity)])[0]


def sealed_all(
    vault: Vault, session: Session, owner: str, told: Sequence[tuple[Place, Identity]]
) -> list[tuple[bytes, bytes]]:
    """:func:`sealed` of many, each with its own salt."""
    drawn = secrets.token_bytes(_SALT * len(told)).hex()
    salts = (drawn[at : at + 2 * _SALT] for at in range(0, len(drawn), 2 * _SALT))
    contents = [canonical({**each.content(), "salt": salt}) for (_, each), salt in zip(told, salts, strict=True)]
    bound = [(content, _aad(place)) for content, (place, _) in zip(contents, told, strict=True)]
    return list(zip(vault.encrypt_all(session, owner, bound), map(sha256, contents), strict=True))


def opened(vault: Vault, session: Session, owner: str, place: Place, content: bytes) -> Identity:
    """What :func:`sealed` was given. Unavailable when it lies in another place."""
    found = parse_json(vault.decrypt(session, owner, content, _aad(place)))
    if not isinstance(found, dict):
        raise TypeError("an identity is an object")
    return Identity.of(found)


def hashed(key: bytes, identity: Identity) -> bytes:
    """The keyed hash of the holder's document."""
    return hashed_all(key, [identity])[0]


def hashed_all(key: bytes, identities: Iterable[Identity]) -> list[bytes]:
    """:func:`hashed` of many."""
    keyed = Suite.INTL_V1.keyed(key)
    return [keyed(each.key.encode()) for each in identities]


def holder_key(vault: Vault, session: Session, owner: str) -> bytes | None:
    """The operator's key for documents: 32 bytes; None before its first account."""
    row = repository.holder_key(session, owner)
    return None if row is None else vault.decrypt(session, owner, row.ciphertext, _key_aad(owner))


def new_holder_key(vault: Vault, session: Session, owner: str, now_ms: int) -> bytes:
    """Makes the key. Where one was lost with a database, another is as good: each account is hashed anew."""
    vault.ensure_key(session, owner)
    made = secrets.token_bytes(32)
    row = HolderKeyRow(owner_id=owner, ciphertext=vault.encrypt(session, owner, made, _key_aad(owner)))
    row.created_at = now_ms
    repository.add(session, row)
    return made


def _aad(place: Place) -> bytes:
    return aad("register-identity", f"{place[0]}/{place[1]}")


def _key_aad(owner: str) -> bytes:
    return aad("register-holder-key", owner)
