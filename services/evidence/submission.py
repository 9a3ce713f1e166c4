"""A submission: one institution, one record, one leaf, one signed acknowledgement."""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Table

from chain.proof.checkpoint import Acknowledgement
from chain.proof.note import NoteSigner, sign_note
from chain.proof.receipt import Submitter
from chain.proof.types import Phase, RecordType
from services.evidence import repository
from services.evidence.group import Group, LeafDraft, SequencedLeaf
from services.evidence.keys import LogKeys
from services.evidence.materials import uses
from services.evidence.records import Prepared, StoredRecord, stream_name
from services.platform import idempotency, metrics
from services.platform.atrest import Vault, aad
from services.platform.errors import Conflict, IdempotencyKeyReused, NotFound
from services.platform.models import IdempotencyRow

__all__ = ["RESOURCE", "Accepted", "Desk", "Submission", "count_accepted", "record_aad", "store"]

RESOURCE = "record"
_KEYS: Table = IdempotencyRow.metadata.tables["idempotency_keys"]


@dataclass(frozen=True)
class Accepted:
    """A durable record.

    ``replayed``: it was accepted before, under the same idempotency key. Times in UTC milliseconds.
    """

    record_id: str
    log_id: str
    origin: str
    index: int
    leaf: bytes
    leaf_hash: bytes
    accepted_at: int
    anchor_by: int
    signer: NoteSigner
    replayed: bool = False

    @cached_property
    def acknowledgement(self) -> str:
        """The signed note (docs/spec/log.md); Ed25519 is deterministic, so asking again gives the same bytes."""
        promise = Acknowledgement(self.origin, self.index, 1, self.leaf_hash, self.accepted_at, self.anchor_by)
        return sign_note(promise.text(), self.signer)


@dataclass(frozen=True, slots=True)
class Desk:
    """What submissions share: the vault, the logs' keys, and how long an anchor may take (ms)."""

    vault: Vault
    keys: LogKeys
    anchor_by_ms: int


def count_accepted(done: Future[Accepted]) -> None:
    """What was accepted, once; refusals are counted where all of them are seen, at the API."""
    if not done.cancelled() and done.exception() is None and not done.result().replayed:
        metrics.RECORDS_ACCEPTED.labels(done.result().origin).inc()


def record_aad(record_id: str) -> bytes:
    """What binds a stored record to its row."""
    return aad("record", record_id)


def store(group: Group, desk: Desk, institution_id: str, stored: StoredRecord, leaf: SequencedLeaf) -> int:
    """Stages the row of a sequenced record, whose id is its draft's; gives its anchor-by time."""
    draft = leaf.draft
    record_id = draft.record_id or ""
    anchor_by = leaf.accepted_at + desk.anchor_by_ms
    group.insert(
        repository.RECORDS,
        {
            "id": record_id,
            "log_id": leaf.log_id,
            "idx": leaf.index,
            "institution_id": institution_id,
            "type_code": draft.type_code,
            "phase": int(draft.phase),
            "ciphertext": desk.vault.encrypt(group.reading, institution_id, stored.pack(), record_aad(record_id)),
            "accepted_at": leaf.accepted_at,
            "anchor_by": anchor_by,
        },
    )
    return anchor_by


@dataclass(frozen=True, slots=True)
class Submission:
    """The unit of work of a submission. ``key`` and ``digest`` are those of the idempotent request, if it is one.

    ``materials``: the stored files that a manifest names.
    """

    desk: Desk
    institution_id: str
    log_id: str
    record_id: str
    record_type: RecordType
    prepared: Prepared
    submitter: Submitter | None
    key: str | None
    digest: bytes
    materials: Sequence[str] = ()

    @property
    def stream(self) -> str:
        """The name of the record's stream."""
        return stream_name(self.institution_id, str(self.prepared.record["subject"]))

    @staticmethod
    def prefetch(group: Group, units: Sequence["Submission"]) -> None:
        """Two questions to the database for a whole group: which streams exist, which keys were used."""
        group.prefetch_streams({(unit.log_id, unit.stream) for unit in units})
        keys = {unit.key_place for unit in units if unit.key is not None}
        known = idempotency.find_many(group.reading, keys) if keys else {}
        group.memo.update({place: known.get(place) for place in keys})

    @property
    def key_place(self) -> tuple[str, str]:
        """Where the idempotency key is noted."""
        return self.institution_id, self.key or ""

    def __call__(self, group: Group) -> Accepted:
        """Runs the unit."""
        log = group.log(self.log_id)
        if log.owner_id != self.institution_id and not log.house:
            raise NotFound("There is no such log.")
        before = self._before(group)
        if before is not None:
            return before
        if log.state != "open":
            raise Conflict(f"The log {log.origin} is {log.state}; it takes no submissions.", slug="log-closed")
        draft = LeafDraft(
            self.stream, self.record_type.code, Phase.EVENT, self.prepared.commitment, record_id=self.record_id
        )
        leaf = group.append(self.log_id, draft)
        stored = StoredRecord(self.prepared.content, self.prepared.secret, self.submitter)
        anchor_by = store(group, self.desk, self.institution_id, stored, leaf)
        uses.claim(group, self.institution_id, self.record_id, self.materials)
        accepted = Accepted(
            record_id=self.record_id,
            log_id=log.id,
            origin=log.origin,
            index=leaf.index,
            leaf=leaf.leaf,
            leaf_hash=leaf.leaf_hash,
            accepted_at=leaf.accepted_at,
            anchor_by=anchor_by,
            signer=log.signer,
        )
        self._note_key(group, accepted)
        return accepted

    def _before(self, group: Group) -> Accepted | None:
        if self.key is None:
            return None
        if self.key_place not in group.memo:
            group.memo[self.key_place] = idempotency.find_many(group.reading, [self.key_place]).get(self.key_place)
        known = group.memo[self.key_place]
        if known is None:
            return None
        digest, made = known
        if digest != idempotency.stored_digest(self.key, self.digest):
            raise IdempotencyKeyReused
        if isinstance(made, Accepted):
            return replace(made, replayed=True)
        if made.resource_type != RESOURCE:
            raise IdempotencyKeyReused
        return accepted_before(group, self.desk.keys, made.resource_id)

    def _note_key(self, group: Group, accepted: Accepted) -> None:
        if self.key is None:
            return
        digest = idempotency.stored_digest(self.key, self.digest)
        row: dict[str, Any] = {"institution_id": self.institution_id, "request_digest": digest}
        row |= {
            "key": idempotency.stored_key(self.institution_id, self.key),
            "resource_type": RESOURCE,
            "resource_id": self.record_id,
            "created_at": group.now_ms,
        }
        group.insert(_KEYS, row)
        group.memo[self.key_place] = digest, accepted


def accepted_before(group: Group, keys: LogKeys, record_id: str) -> Accepted:
    """What was answered when this record was accepted. NotFound when it is gone."""
    row = repository.record(group.reading, record_id)
    found = repository.leaf_at(group.reading, row.log_id, row.idx) if row else None
    if row is None or found is None:
        raise NotFound("The record of this Idempotency-Key is no longer there.")
    log = group.log(row.log_id)
    return Accepted(
        record_id=row.id,
        log_id=row.log_id,
        origin=log.origin,
        index=row.idx,
        leaf=found[0],
        leaf_hash=found[1],
        accepted_at=row.accepted_at,
        anchor_by=row.anchor_by,
        signer=keys.acknowledger(group.reading, row.log_id, row.idx),
        replayed=True,
    )
