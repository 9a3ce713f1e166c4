"""Idempotency keys as hashes, and the digests of their requests salted with them."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from chain.proof.hashing import sha256

revision = "0018"
down_revision = "0022"
branch_labels = None
depends_on = None
_PART = 2_000


def upgrade() -> None:
    keys = sa.table(
        "idempotency_keys",
        sa.column("institution_id", sa.String),
        sa.column("key", sa.String),
        sa.column("request_digest", sa.LargeBinary),
    )
    connection = op.get_bind()
    plain = sa.select(keys).where(keys.c.key.not_like("sha256 %")).limit(_PART)
    change = (
        sa.update(keys)
        .where(keys.c.institution_id == sa.bindparam("whose"), keys.c.key == sa.bindparam("was"))
        .values(key=sa.bindparam("now"), request_digest=sa.bindparam("digest"))
    )
    while rows := connection.execute(plain).all():
        connection.execute(change, [_hashed(*row) for row in rows])


def _hashed(institution_id: str, key: str, digest: bytes) -> dict[str, Any]:
    now = "sha256 " + sha256(f"{institution_id}\n{key}".encode()).hex()
    salted = sha256(bytes(digest) + key.encode())
    return {"whose": institution_id, "was": key, "now": now, "digest": salted}
