"""Receipts (凭证) from rows: one record, its leaf, and the best that stands behind it. No query grows with the log."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.merkle import inclusion_proof
from chain.proof.note import parse_note, with_signatures
from chain.proof.receipt import Anchor, Opening, Receipt, format_receipt
from services.evidence import repository
from services.evidence.anchoring import unpack_anchor
from services.evidence.models import CheckpointRow, RecordRow
from services.evidence.records import StoredRecord
from services.evidence.retention.repository import erasure
from services.evidence.retention.views import RetentionView, withheld
from services.evidence.rules import Grade, status_of
from services.evidence.standing import Standing
from services.evidence.standing_repository import proven_between
from services.evidence.submission import record_aad
from services.evidence.tree import Tree
from services.platform.atrest import Vault
from services.platform.errors import Conflict, NotFound

__all__ = ["Receipts", "RecordView"]


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as its institution sees it. ``status``: accepted, sealed, witnessed, anchored or final.

    ``retention`` when its content is restricted or erased: then it has no ``document``.
    """

    id: str
    log_id: str
    origin: str
    index: int
    institution_id: str
    type_code: int
    phase: int
    accepted_at: int
    anchor_by: int
    status: str
    leaf: bytes
    leaf_hash: bytes
    document: JsonObject | None = None
    retention: RetentionView | None = None


class Receipts:
    """Reads records, assembles receipts."""

    def __init__(self, vault: Vault, standing: Standing) -> None:
        self._vault = vault
        self._standing = standing

    def owner_of(self, session: Session, record_id: str) -> str:
        """The institution whose record it is. NotFound."""
        return self._row(session, record_id).institution_id

    def view(self, session: Session, record_id: str, *, with_document: bool = True) -> RecordView:
        """The record and how far it has come. NotFound."""
        row = self._row(session, record_id)
        readable = with_document and erasure(session, record_id) is None
        return self._view(session, row, self._opened(session, row).document() if readable else None)

    def opening(self, session: Session, record_id: str) -> Opening:
        """What the record's commitment commits to. NotFound, ``record-restricted``, ``record-erased``."""
        stored = self._opened(session, self._row(session, record_id))
        return Opening(stored.document(), stored.secret)

    def page(
        self, session: Session, institution_id: str, *, log_id: str | None, after: str | None, limit: int
    ) -> list[RecordView]:
        """The institution's records in the order of arrival, without their documents."""
        rows = repository.records_of(session, institution_id, log_id=log_id, after=after, limit=limit)
        return [self._view(session, row, None) for row in rows]

    def assemble(self, session: Session, record_id: str, *, private: bool) -> bytes:
        """The receipt's file. NotFound; Conflict ``not-sealed`` before the first checkpoint covers the record.

        The private one: ``record-restricted``, ``record-erased``.
        """
        row = self._row(session, record_id)
        checkpoint = best_checkpoint(session, row.log_id, row.idx)
        leaf = repository.leaf_at(session, row.log_id, row.idx)
        log = repository.log_by_id(session, row.log_id)
        if leaf is None or log is None:
            raise NotFound("There is no such record.")
        if checkpoint is None:
            raise Conflict(
                "The record is accepted but not yet under a checkpoint; ask again in a second.", slug="not-sealed"
            )
        stored = self._opened(session, row) if private else None
        anchor, attestations = _anchor(session, self._standing, checkpoint)
        receipt = Receipt(
            origin=log.origin,
            leaf=leaf[0],
            index=row.idx,
            proof=tuple(inclusion_proof(row.idx, checkpoint.size, Tree(session, row.log_id).node)),
            checkpoint=full_note(session, checkpoint),
            record=Opening(stored.document(), stored.secret) if stored else None,
            submitter=stored.submitter if stored else None,
            anchor=anchor,
            attestations=attestations,
        )
        return format_receipt(receipt)

    def _row(self, session: Session, record_id: str) -> RecordRow:
        row = repository.record(session, record_id)
        if row is None:
            raise NotFound("There is no such record.")
        return row

    def _opened(self, session: Session, row: RecordRow) -> StoredRecord:
        held = erasure(session, row.id)
        if held is not None:
            raise withheld(held)
        plain = self._vault.decrypt(session, row.institution_id, row.ciphertext, record_aad(row.id))
        return StoredRecord.unpack(plain)

    def _view(self, session: Session, row: RecordRow, document: JsonObject | None) -> RecordView:
        leaf = repository.leaf_at(session, row.log_id, row.idx)
        log = repository.log_by_id(session, row.log_id)
        checkpoint = best_checkpoint(session, row.log_id, row.idx)
        if leaf is None or log is None:
            raise NotFound("There is no such record.")
        return RecordView(
            id=row.id,
            log_id=row.log_id,
            origin=log.origin,
            index=row.idx,
            institution_id=row.institution_id,
            type_code=row.type_code,
            phase=row.phase,
            accepted_at=row.accepted_at,
            anchor_by=row.anchor_by,
            status=status_of(checkpoint.grade if checkpoint else None),
            leaf=leaf[0],
            leaf_hash=leaf[1],
            document=document,
            retention=erasure(session, row.id),
        )


def best_checkpoint(session: Session, log_id: str, index: int) -> CheckpointRow | None:
    """The earliest checkpoint of the highest grade that covers the index: one indexed look-up a grade."""
    for grade in sorted(Grade, reverse=True):
        row = repository.covering(session, log_id, index, grade)
        if row is not None:
            return row
    return None


def full_note(session: Session, checkpoint: CheckpointRow) -> str:
    """The checkpoint's note with all cosignatures."""
    note = parse_note(checkpoint.note)
    lines = "".join(row.line for row in repository.cosignatures(session, checkpoint.log_id, checkpoint.size))
    if not lines:
        return checkpoint.note
    return with_signatures(note, parse_note(f"{note.text}\n{lines}").signatures).format()


def _anchor(session: Session, standing: Standing, head: CheckpointRow) -> tuple[Anchor | None, tuple[str, ...]]:
    """Of the epochs in which the head was anchored, the first whose block is attested; else the last."""
    anchor, notes = None, []
    for proven in proven_between(session, head.log_id, head.size, head.size):
        anchor, notes = proven, list(repository.attestations(session, proven.chain, proven.block_hash))
        if standing.attested(notes):
            break
    return (unpack_anchor(anchor.proof) if anchor else None), tuple(each.note for each in notes)
