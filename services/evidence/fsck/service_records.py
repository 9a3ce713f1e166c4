"""The service's own records of some types as they are stored, for parts that compare their rows with them."""

from collections.abc import Collection, Iterator

from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from chain.proof.leaf import Leaf
from chain.proof.types import BY_NAME
from services.evidence import repository as evidence
from services.evidence.fsck import repository
from services.evidence.records import StoredRecord
from services.evidence.recovery.plan import Told
from services.evidence.submission import record_aad
from services.platform.atrest import Vault
from services.platform.errors import Unavailable

__all__ = ["service_records"]


def service_records(session: Session, vault: Vault, types: Collection[str]) -> Iterator[tuple[str, Told]]:
    """(origin, record), log by log in order. What is erased or unreadable is left out: others tell of that."""
    codes = [BY_NAME[name].code for name in types]
    for log in evidence.logs(session):
        for row in repository.records_of(session, log.id, codes):
            found = _told(session, vault, log.id, row)
            if found is not None:
                yield log.origin, found


def _told(session: Session, vault: Vault, log_id: str, row: repository.LeafAndRecord) -> Told | None:
    institution, record_id = row.institution_id or "", row.found_id or ""
    try:
        leaf = Leaf.decode(row.leaf)
        plain = vault.decrypt(session, institution, row.ciphertext or b"", record_aad(record_id))
        document = StoredRecord.unpack(plain).document()
    except (ProofError, Unavailable, ValueError, TypeError):
        return None
    return Told(record_id, institution, log_id, row.idx, leaf, row.leaf_hash, document)
