"""Receipts and acknowledgements that somebody kept, against what is stored: they name fields, prove omissions."""

from collections.abc import Iterator, Sequence

from sqlalchemy.orm import Session

from chain.proof.checkpoint import Acknowledgement, Checkpoint
from chain.proof.errors import ProofError
from chain.proof.hashing import Suite
from chain.proof.merkle import leaf_hash, root_of, verify_inclusion
from chain.proof.note import SignatureType, VerifierKey, parse_note, verify_note
from chain.proof.receipt import Receipt
from chain.proof.record import check_record, commit
from services.evidence import repository as rows
from services.evidence.fsck import repository
from services.evidence.fsck.findings import Finding
from services.evidence.fsck.ranges import LogFacts
from services.evidence.fsck.rules import Claim, Strength, changed_fields
from services.evidence.records import StoredRecord
from services.evidence.submission import record_aad
from services.platform.atrest import Vault
from services.platform.errors import Invalid, Unavailable

__all__ = ["check_acknowledgements", "check_receipts", "receipt_claims", "sound_receipt"]


def sound_receipt(path: str, receipt: Receipt) -> None:
    """Invalid unless the receipt holds together: its record its leaf, its leaf its checkpoint."""
    sound = True
    try:
        head = Checkpoint.parse(parse_note(receipt.checkpoint).text)
        verify_inclusion(leaf_hash(receipt.leaf), receipt.index, head.size, receipt.proof, head.root)
        opening = receipt.record
        if opening is not None:
            document = check_record(opening.document)
            sound = commit(document, opening.secret, Suite(receipt.leaf[1])) == receipt.leaf[64:96]
    except (ProofError, ValueError) as error:
        raise Invalid("receipt", f"{path} does not verify, so it shows nothing: {error}") from error
    if not sound:
        raise Invalid("receipt", f"{path} does not verify, so it shows nothing: its record is not its leaf's")


def receipt_claims(log: LogFacts, receipts: Sequence[tuple[str, Receipt]]) -> Iterator[Claim]:
    """The heads in receipts: a witness's when one of ours cosigned, else the log's when it signed."""
    witnesses = [VerifierKey.parse(one[0]).of_type(SignatureType.COSIGNATURE) for one in log.witnesses.values()]
    own = [VerifierKey.parse(one.vkey) for one in log.keys]
    for path, receipt in receipts:
        try:
            note = parse_note(receipt.checkpoint)
            head = Checkpoint.parse(note.text)
            cosigned, signed = verify_note(note, witnesses), verify_note(note, own)
        except ProofError:
            continue  # its signatures are the verifier's business
        if head.origin == log.origin and (cosigned or signed):
            strength = Strength.WITNESS if cosigned else Strength.LOG
            by = f"the checkpoint {head.size} in {path}" + (f", cosigned by {cosigned[0].key.name}" if cosigned else "")
            yield Claim(head.size, strength, head.root, by)


def check_receipts(
    session: Session, vault: Vault, log: LogFacts, receipts: Sequence[tuple[str, Receipt]]
) -> Iterator[Finding]:
    """The receipt's leaf and, when it is private, every field of its record."""
    for path, receipt in receipts:
        if receipt.origin != log.origin:
            continue
        row = next(repository.leaves(session, log.id, receipt.index, receipt.index + 1, records=True), None)
        index, against = {"first": receipt.index, "end": receipt.index + 1}, (f"the receipt {path}",)
        if row is None or row.leaf != receipt.leaf:
            detail = "the log has another leaf at this index" if row else "the log has no leaf at this index"
            yield Finding(
                kind="receipt-leaf",
                origin=log.origin,
                detail=detail,
                contradicted_by=against,
                first=index["first"],
                end=index["end"],
                record_id=row.record_id if row else None,
            )
        if row is None or receipt.record is None or row.ciphertext is None or row.institution_id is None:
            continue
        try:
            plain = vault.decrypt(session, row.institution_id, row.ciphertext, record_aad(row.found_id or ""))
            stored = StoredRecord.unpack(plain)
            changed = changed_fields(check_record(receipt.record.document), stored.document())
        except (Unavailable, ProofError, ValueError, TypeError):
            continue  # the row itself is reported as unreadable
        if not changed and stored.secret != receipt.record.secret:
            changed = ["(the record's secret)"]
        for path_of_field in changed:
            yield Finding(
                kind="field-differs",
                origin=log.origin,
                first=index["first"],
                end=index["end"],
                record_id=row.found_id,
                field=path_of_field,
                detail="the stored record has another value there than the receipt's record",
                contradicted_by=against,
            )


def check_acknowledgements(
    session: Session, log: LogFacts, found: Sequence[tuple[str, Acknowledgement]]
) -> Iterator[Finding]:
    """Whether what was promised is there."""
    for path, promise in found:
        if promise.origin != log.origin:
            continue
        end = promise.first + promise.count
        found_rows = (rows.leaf_at(session, log.id, at) for at in range(promise.first, end))
        hashes = [leaf_hash(row[0]) for row in found_rows if row]
        if len(hashes) == promise.count and root_of(hashes) == promise.root:
            continue
        detail = f"{len(hashes)} of {promise.count} acknowledged leaves are there, and they are not those acknowledged"
        yield Finding(
            kind="acknowledgement",
            origin=log.origin,
            first=promise.first,
            end=end,
            detail=detail,
            contradicted_by=(f"the acknowledgement {path}, signed by the log's key",),
        )
