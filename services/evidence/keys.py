"""The keys of logs: Ed25519, wrapped by the vault, each for a range of sizes.

Two ranges, for two things are signed. Heads belong to the key that the chain recorded for their size (``from_size``);
what the chain decides reaches us later, so heads sealed in between are signed again
(:func:`services.evidence.handlers`). Acknowledgements belong to the key that was ours when the leaf was taken
(``from_index``), so that a repeated request gets the same bytes.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from chain.proof.hashing import sha256
from chain.proof.note import NoteSigner, SignatureType
from services.evidence import repository
from services.evidence.models import LogKeyRow
from services.platform.atrest import Vault, aad
from services.platform.errors import NotFound
from services.platform.ids import new_id

__all__ = ["KeyRange", "LogKeys", "seed_aad"]


@dataclass(frozen=True, slots=True)
class KeyRange:
    """A key and the sizes whose heads it signs: ``from_size`` <= size < ``to_size`` (None: no end yet)."""

    vkey: str
    from_size: int
    to_size: int | None


def seed_aad(key_id: str) -> bytes:
    """What binds the wrapped seed of a log key to its row."""
    return aad("log-key", key_id)


class LogKeys:
    """Makes and finds the keys; unwrapped signers are kept in memory, by row id."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._signers: dict[str, NoteSigner] = {}

    def create(self, session: Session, log_id: str, origin: str, *, active: bool) -> LogKeyRow:
        """A new key of the log; the first one is active from 0 on, a later one when the chain has taken it."""
        seed = secrets.token_bytes(32)
        key = NoteSigner(origin, SignatureType.ED25519, seed).key
        row = LogKeyRow(
            id=new_id("key"),
            log_id=log_id,
            vkey=key.format(),
            key_id=to_hex(sha256(key.public)),
            wrapped=b"",
            from_size=0 if active else None,
            from_index=0 if active else None,
        )
        row.wrapped = self._vault.wrap(seed, seed_aad(row.id))
        repository.add(session, row)
        return row

    def head_signer(self, session: Session, log_id: str, size: int) -> NoteSigner:
        """Who signs the head of this size."""
        return self._signer(_last(repository.keys_of(session, log_id), size, "from_size"))

    def acknowledger(self, session: Session, log_id: str, index: int) -> NoteSigner:
        """Who acknowledged the leaf at this index."""
        return self._signer(_last(repository.keys_of(session, log_id), index, "from_index"))

    def ranges(self, session: Session, log_id: str) -> list[KeyRange]:
        """The keys that the chain took, the oldest first."""
        rows = [row for row in repository.keys_of(session, log_id) if row.from_size is not None]
        ends: list[int | None] = [*(row.from_size for row in rows[1:]), None]
        return [KeyRange(row.vkey, row.from_size or 0, end) for row, end in zip(rows, ends, strict=True)]

    def _signer(self, row: LogKeyRow) -> NoteSigner:
        signer = self._signers.get(row.id)
        if signer is None:
            origin = row.vkey.partition("+")[0]
            signer = NoteSigner(origin, SignatureType.ED25519, self._vault.unwrap(row.wrapped, seed_aad(row.id)))
            self._signers[row.id] = signer
        return signer


def _last(rows: Sequence[LogKeyRow], place: int, column: str) -> LogKeyRow:
    reached = [row for row in rows if getattr(row, column) is not None and getattr(row, column) <= place]
    if not reached:
        raise NotFound("The log has no key for this place.")
    return max(reached, key=lambda row: (getattr(row, column), row.id))
