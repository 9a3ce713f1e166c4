"""``Idempotency-Key`` end to end: one key of one institution makes one resource, however often the request arrives.

Call :func:`begin` first in the transaction that makes the resource: both become durable together, or neither.

What is stored is neither the key, which may say more than its sender meant, nor the digest of the request, by which a
record could be guessed: both are kept as hashes, that of the digest salted with the key.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.hashing import sha256
from services.platform import repository
from services.platform.errors import IdempotencyKeyReused, Invalid

__all__ = [
    "Existing",
    "Made",
    "Once",
    "begin",
    "check_key",
    "find",
    "find_many",
    "made_at",
    "purge",
    "request_digest",
    "stored_digest",
    "stored_key",
]

KEY_MAX = 255
KEEP_MS = 30 * 86_400_000
_CHUNK = 512


@dataclass(frozen=True)
class Existing:
    """What the key made before: answer with this resource again."""

    resource_type: str
    resource_id: str


@dataclass(frozen=True)
class Once:
    """A request that is to be done once: its key and the digest of what it asks (see :func:`request_digest`)."""

    key: str
    digest: bytes


def check_key(key: str) -> str:
    """The key itself: 1 to 255 visible ASCII characters. Invalid otherwise."""
    if not 1 <= len(key) <= KEY_MAX or not all("!" <= character <= "~" for character in key):
        raise Invalid("Idempotency-Key", f"Expected 1 to {KEY_MAX} visible ASCII characters.")
    return key


def request_digest(method: str, path: str, body: bytes) -> bytes:
    """32 bytes that tell whether a repeated request is the same request."""
    parts = (method.encode(), path.encode(), body)
    return sha256(b"".join(len(part).to_bytes(8, "big") + part for part in parts))


def stored_key(institution_id: str, key: str) -> str:
    """How a key lies in the database. The mark has a space, which no key can have."""
    return "sha256 " + sha256(f"{institution_id}\n{key}".encode()).hex()


def stored_digest(key: str, digest: bytes) -> bytes:
    """How the digest of a request lies there: nothing can be guessed from it without the key."""
    return sha256(digest + key.encode())


def find(session: Session, institution_id: str, key: str, digest: bytes) -> Existing | None:
    """What ``key`` made before, if anything. IdempotencyKeyReused when the request was another one."""
    found = repository.find_idempotency(session, institution_id, stored_key(institution_id, key))
    if found is None:
        return None
    if found[0] != stored_digest(key, digest):
        raise IdempotencyKeyReused
    return Existing(found[1], found[2])


def find_many(session: Session, used: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[bytes, Existing]]:
    """What many (institution, key) made, with the stored digest; for groups of requests in one transaction."""
    by_institution: dict[str, dict[str, str]] = {}
    for institution_id, key in used:
        by_institution.setdefault(institution_id, {})[stored_key(institution_id, key)] = key
    found: dict[tuple[str, str], tuple[bytes, Existing]] = {}
    for institution_id, keys in by_institution.items():
        stored = list(keys)
        for start in range(0, len(stored), _CHUNK):
            rows = repository.find_idempotencies(session, institution_id, stored[start : start + _CHUNK])
            found.update({(institution_id, keys[at]): (row[0], Existing(row[1], row[2])) for at, row in rows.items()})
    return found


def begin(
    session: Session,
    institution_id: str,
    key: str,
    digest: bytes,
    *,
    resource_type: str,
    resource_id: str,
    now_ms: int,
) -> Existing | None:
    """Takes ``key`` for ``resource_id``: None when new, else what it made. IdempotencyKeyReused on another request."""
    fresh = repository.put_idempotency(
        session,
        institution_id=institution_id,
        key=stored_key(institution_id, check_key(key)),
        request_digest=stored_digest(key, digest),
        resource_type=resource_type,
        resource_id=resource_id,
        created_at=now_ms,
    )
    return None if fresh else find(session, institution_id, key, digest)


@dataclass(frozen=True, slots=True)
class Made:
    """One key as it lies in the database: whose, which, for what request, and what it made."""

    institution_id: str
    key: str
    digest: bytes
    resource_type: str
    resource_id: str


def made_at(session: Session, times: Collection[int]) -> list[Made]:
    """What was noted at exactly these times (UTC ms)."""
    wanted = sorted(times)
    parts = (wanted[start : start + _CHUNK] for start in range(0, len(wanted), _CHUNK))
    rows = (row for part in parts for row in repository.idempotencies_made_at(session, part))
    return [Made(row.institution_id, row.key, row.request_digest, row.resource_type, row.resource_id) for row in rows]


def purge(session: Session, before_ms: int) -> int:
    """Forgets keys used before ``before_ms``; their number."""
    return repository.purge_idempotency(session, before_ms)
