"""Bundles, keyring and erasures of a log, as docs/spec/entries.md has them."""

from collections.abc import Mapping, Sequence

from sqlalchemy.orm import Session

from chain.proof.entries import Entry, format_bundle
from chain.proof.keyring import Keyring, WrappedDataKey, WrappedLogKey
from chain.proof.tiles import TILE_WIDTH
from services.evidence import repository as evidence
from services.evidence.bundles import repository
from services.evidence.bundles.repository import EntryRow
from services.evidence.models import LogRow
from services.evidence.submission import RESOURCE
from services.platform import idempotency
from services.platform.atrest import Vault, aad
from services.platform.database import Database
from services.platform.errors import NotFound, Unavailable

__all__ = ["Bundles", "request_aad"]

_FIRST = bytes(8)


def request_aad(record_id: str) -> bytes:
    """What binds the request of an entry to its record."""
    return aad("entry-request", record_id)


class Bundles:
    """Reads; every method is one snapshot. Who may ask, the caller checks."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def bundle(self, log_id: str, index: int, width: int) -> bytes:
        """The first ``width`` entries of a bundle. NotFound when fewer are sealed."""
        start = index * TILE_WIDTH
        with self._database.read() as session:
            _require(session, log_id)
            sealed = evidence.latest_checkpoint(session, log_id)
            if sealed is None or start + width > sealed.size:
                raise NotFound("There is no such bundle.")
            rows = repository.rows(session, log_id, start, start + width)
            if len(rows) != width:
                raise Unavailable("log-damaged", f"Leaves from {start} on are not complete.")
            return format_bundle(self._entries(session, rows))

    def keyring(self, log_id: str) -> bytes:
        """The log's wrapped keys, and those of all institutions. NotFound."""
        with self._database.read() as session:
            row = _require(session, log_id)
            found = Keyring(
                origin=row.origin,
                id=row.id,
                owner_id=row.owner_id,
                house=row.house,
                suite=row.suite,
                state=row.state,
                predecessor_id=row.predecessor_id,
                stream_key=row.stream_key,
                created_at=row.created_at,
                keys=tuple(
                    WrappedLogKey(
                        id=key.id,
                        vkey=key.vkey,
                        key_id=key.key_id,
                        wrapped=key.wrapped,
                        from_size=key.from_size,
                        from_index=key.from_index,
                    )
                    for key in evidence.keys_of(session, log_id)
                ),
                data_keys=tuple(
                    WrappedDataKey(
                        institution_id=key.institution_id,
                        version=key.version,
                        master_id=key.master_id,
                        wrapped=key.wrapped,
                        created_at=key.created_at,
                    )
                    for key in self._vault.stored(session)
                ),
                erased=repository.erased_count(session, log_id),
            )
            return found.format()

    def erased(self, log_id: str, *, after: int, limit: int) -> Sequence[int]:
        """Indexes above ``after`` whose content was erased, in order. NotFound."""
        with self._database.read() as session:
            _require(session, log_id)
            return repository.erased(session, log_id, after=after, limit=limit)

    def _entries(self, session: Session, rows: Sequence[EntryRow]) -> list[Entry]:
        first = {row.leaf[16:32] for row in rows if row.leaf[8:16] == _FIRST}
        streams = repository.stream_keys(session, first)
        requests = _requests(session, {row.accepted_at for row in rows if row.record_id is not None})
        return [self._entry(session, row, streams, requests) for row in rows]

    def _entry(
        self,
        session: Session,
        row: EntryRow,
        streams: Mapping[bytes, bytes],
        requests: Mapping[str, tuple[str, bytes]],
    ) -> Entry:
        stream_key = streams.get(row.leaf[16:32]) if row.leaf[8:16] == _FIRST else None
        if row.record_id is None:
            return Entry(leaf=row.leaf, stream_key=stream_key)
        request = b""
        if row.record_id in requests:
            key, digest = requests[row.record_id]
            place = request_aad(row.record_id)
            request = self._vault.encrypt(session, row.institution_id, digest + key.encode(), place)
        return Entry(
            leaf=row.leaf,
            stream_key=stream_key,
            record_id=row.record_id,
            institution_id=row.institution_id,
            anchor_by=row.anchor_by,
            ciphertext=row.ciphertext,
            request=request,
        )


def _requests(session: Session, times: set[int]) -> dict[str, tuple[str, bytes]]:
    """Record id -> (idempotency key, request digest) of what was made at these times."""
    made = idempotency.made_at(session, times)
    return {each.resource_id: (each.key, each.digest) for each in made if each.resource_type == RESOURCE}


def _require(session: Session, log_id: str) -> LogRow:
    row = evidence.log_by_id(session, log_id)
    if row is None:
        raise NotFound("There is no such log.")
    return row
