"""Leaves, records, streams, tiles and checkpoints put back, page by page; whatever stops it, it goes on from there."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from chain.proof.checkpoint import Checkpoint
from chain.proof.entries import Entry
from chain.proof.keyring import Keyring
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.merkle import Frontier, leaf_hash
from chain.proof.note import sign_note
from chain.proof.tiles import tile_nodes
from services.evidence import repository as evidence
from services.evidence.bundles.service import request_aad
from services.evidence.keys import LogKeys
from services.evidence.models import CheckpointRow, LogKeyRow, LogRow
from services.evidence.recovery import repository
from services.evidence.recovery.plan import LogPlan, Open
from services.evidence.recovery.source import MirroredLog
from services.evidence.standing import Standing
from services.evidence.submission import RESOURCE
from services.evidence.tree import frontier_at, grow, split_hashes
from services.platform.database import Database
from services.platform.errors import Conflict, NotFound, RegsealError
from services.platform.models import IdempotencyRow
from services.platform.rows_repository import insert_rows

__all__ = ["Putter"]

_BUNDLES = 16  # in one transaction: 4,096 leaves
_HEADS = 100
_KEYS: Table = IdempotencyRow.metadata.tables["idempotency_keys"]
_FIRST = (0, NO_LEAF)


class Putter:
    """Puts one log back after the other. ``fence`` raises when this process is not the writer."""

    def __init__(
        self,
        database: Database,
        *,
        keys: LogKeys,
        standing: Standing,
        fence: Callable[[Session], None],
        now_ms: int,
    ) -> None:
        self._database = database
        self._keys = keys
        self._standing = standing
        self._fence = fence
        self._now_ms = now_ms

    def log(self, keyring: Keyring) -> None:
        """The log's row and keys, as far as they are missing.

        What the chain decided of them comes with its events: a log is opening, a later key not taken, until then.
        """
        with self._database.write() as session:
            self._fence(session)
            if evidence.log_by_id(session, keyring.id) is None:
                if evidence.log_by_origin(session, keyring.origin) is not None:
                    raise _contradicts(f"{keyring.origin} has another id in the database than in the mirror")
                repository.add(session, _log_row(keyring))
            for key in keyring.keys:
                if repository.log_key(session, key.id) is None:
                    first = key.from_size == 0
                    row = LogKeyRow(id=key.id, log_id=keyring.id, vkey=key.vkey, key_id=key.key_id, wrapped=key.wrapped)
                    row.from_size, row.from_index = (0, 0) if first else (None, None)
                    repository.add(session, row)

    def leaves(self, plan: LogPlan, mirror: MirroredLog, open_blob: Open) -> None:
        """All that is missing, from where the database ends."""
        page: list[Entry] = []
        for _start, entries in mirror.bundles(plan.have, plan.size):
            page += entries
            if len(page) >= _BUNDLES * 256:
                self._page(mirror, page, open_blob)
                page = []
        if page:
            self._page(mirror, page, open_blob)

    def _page(self, mirror: MirroredLog, entries: Sequence[Entry], open_blob: Open) -> None:
        with self._database.write() as session:
            self._fence(session)
            row = evidence.log_by_id(session, mirror.keyring.id)
            if row is None:
                raise NotFound("The log went away.")
            hashes = [leaf_hash(entry.leaf) for entry in entries]
            frontier = Frontier.decode(row.frontier)
            start = frontier.size
            leaves = (
                evidence.leaf_row(row.id, index, entry.leaf, hashed, entry.record_id)
                for index, (entry, hashed) in enumerate(zip(entries, hashes, strict=True), start)
            )
            insert_rows(session, evidence.LEAVES, list(leaves))
            records = [_record(row.id, index, entry) for index, entry in enumerate(entries, start) if entry.record_id]
            insert_rows(session, evidence.RECORDS, records)
            self._streams(session, row.id, start, entries, hashes)
            insert_rows(session, _KEYS, [_request(entry, open_blob) for entry in entries if entry.request])
            moved = frontier.extend(hashes)
            evidence.move_log(session, row.id, state=row.state, size=moved.size, frontier=moved.encode())

    def _streams(
        self, session: Session, log_id: str, start: int, entries: Sequence[Entry], hashes: Sequence[bytes]
    ) -> None:
        places = repository.streams(session, log_id, {entry.leaf[16:32] for entry in entries})
        moved: dict[bytes, repository.StreamPlace] = {}
        for index, (entry, hashed) in enumerate(zip(entries, hashes, strict=True), start):
            leaf = Leaf.decode(entry.leaf)
            key, count, last = places.get(leaf.stream) or (entry.stream_key or b"", *_FIRST)
            if not key or (leaf.seq, leaf.previous) != (count, last):
                raise _contradicts(f"the leaf {index} does not follow its stream")
            places[leaf.stream] = moved[leaf.stream] = key, count + 1, hashed
        evidence.put_streams(
            session, {(log_id, key): (stream, count, last) for stream, (key, count, last) in moved.items()}
        )

    def heads(self, log_id: str, sizes: Iterable[int], notes: Callable[[int], Iterable[str]]) -> None:
        """Tiles up to each of these sizes, and its checkpoint with what witnesses posted over it."""
        waiting = sorted(sizes)
        while waiting:
            with self._database.write() as session:
                self._fence(session)
                for size in waiting[:_HEADS]:
                    self._head(session, log_id, size)
                    self._cosignatures(session, notes(size))
            del waiting[:_HEADS]

    def _head(self, session: Session, log_id: str, size: int) -> None:
        row = evidence.log_by_id(session, log_id)
        last = evidence.latest_checkpoint(session, log_id)
        old = last.size if last else 0
        if row is None or not old < size <= row.size:
            return
        leaves = evidence.leaf_hashes(session, log_id, old, size)
        tiles = grow(old, size, leaves, lambda level, index: evidence.tile(session, log_id, level, index) or b"")
        evidence.put_tiles(session, log_id, ((level, index, data) for (level, index), data in tiles.items()))
        node = tile_nodes(lambda level, index: split_hashes(evidence.tile(session, log_id, level, index) or b""))
        root = frontier_at(size, node).root()
        note = sign_note(Checkpoint(row.origin, size, root).text(), self._keys.head_signer(session, log_id, size))
        checkpoint = CheckpointRow(log_id=log_id, size=size, root=root, note=note, created_at=self._now_ms)
        checkpoint.grade = int(self._standing.bare_grade)
        evidence.add(session, checkpoint)

    def _cosignatures(self, session: Session, notes: Iterable[str]) -> None:
        """Of a witness that is not configured any more, nothing."""
        for note in notes:
            with suppress(RegsealError):
                self._standing.add_cosignature(session, note)

    def attestations(self, chain: str, notes: Iterable[str]) -> None:
        """What witnesses said of block headers; of those that are not configured any more, nothing."""
        with self._database.write() as session:
            self._fence(session)
            for note in notes:
                with suppress(RegsealError):
                    self._standing.add_attestation(session, chain, note)

    def key_indexes(self, keyrings: Iterable[Keyring]) -> None:
        """From which index on each key acknowledges, as it was; after the chain's events."""
        with self._database.write() as session:
            self._fence(session)
            for key in (each for keyring in keyrings for each in keyring.keys):
                if key.from_index is not None:
                    repository.set_key_index(session, key.id, key.from_index)

    def end_uploads(self, log_ids: Sequence[str]) -> Sequence[str]:
        """Uploads that stand where the backup left them must not go on: their lines may be in the log already."""
        with self._database.write() as session:
            self._fence(session)
            return repository.abort_uploads(session, log_ids, self._now_ms)


def _log_row(keyring: Keyring) -> LogRow:
    state = "refused" if keyring.state == "refused" else "opening"
    row = LogRow(id=keyring.id, origin=keyring.origin, owner_id=keyring.owner_id, state=state, house=keyring.house)
    row.suite, row.size, row.frontier = keyring.suite, 0, Frontier().encode()
    row.stream_key, row.predecessor_id = keyring.stream_key, keyring.predecessor_id
    row.created_at = keyring.created_at
    return row


def _record(log_id: str, index: int, entry: Entry) -> dict[str, Any]:
    leaf = Leaf.decode(entry.leaf)
    return {
        "id": entry.record_id,
        "log_id": log_id,
        "idx": index,
        "institution_id": entry.institution_id,
        "type_code": leaf.type_code,
        "phase": int(leaf.phase),
        "ciphertext": entry.ciphertext,
        "accepted_at": leaf.accepted_at,
        "anchor_by": entry.anchor_by,
    }


def _request(entry: Entry, open_blob: Open) -> dict[str, Any]:
    plain = open_blob(entry.institution_id, entry.request, request_aad(entry.record_id or ""))
    return {
        "institution_id": entry.institution_id,
        "key": plain[32:].decode("ascii"),
        "request_digest": plain[:32],
        "resource_type": RESOURCE,
        "resource_id": entry.record_id,
        "created_at": Leaf.decode(entry.leaf).accepted_at,
    }


def _contradicts(what: str) -> Conflict:
    return Conflict(f"{what}: this is not the log's own past. regseal fsck --mirror HOME", slug="database-contradicts")
