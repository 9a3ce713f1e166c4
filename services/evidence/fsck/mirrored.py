"""A stored record against the one that a mirror of entries kept: names the fields that were changed."""

from collections.abc import Iterator

from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from services.evidence.fsck.findings import Finding
from services.evidence.fsck.outside import MirrorFolder
from services.evidence.fsck.repository import LeafAndRecord
from services.evidence.fsck.rules import changed_fields, record_fault
from services.evidence.records import StoredRecord
from services.evidence.submission import record_aad
from services.platform.atrest import Vault
from services.platform.errors import Unavailable

__all__ = ["mirrored_fields"]


def mirrored_fields(
    session: Session, vault: Vault, mirror: MirrorFolder, *, origin: str, row: LeafAndRecord, stored: StoredRecord
) -> Iterator[Finding]:
    """Nothing unless the mirror's record is the one the leaf commits to: a mirror could have been changed as well."""
    entry = mirror.entry(origin, row.idx)
    if entry is None or entry.record_id != row.found_id or not entry.ciphertext:
        return
    try:
        place = record_aad(row.found_id or "")
        true = StoredRecord.unpack(vault.decrypt(session, entry.institution_id, entry.ciphertext, place))
        if record_fault(true.content, true.secret, row.leaf) is not None:
            return
        changed = changed_fields(true.document(), stored.document()) or ["(the record's secret)"]
    except (Unavailable, ProofError, ValueError, TypeError):
        return
    for path in changed:
        yield Finding(
            kind="field-differs",
            origin=origin,
            detail="the stored record has another value there than the mirrored one, which its leaf commits to",
            first=row.idx,
            end=row.idx + 1,
            record_id=row.found_id,
            field=path,
            contradicted_by=(f"the entry {row.idx} in the mirror {mirror.home}",),
        )
