"""What entitles a record to be without content: an erasure that the log itself tells of."""

from sqlalchemy.orm import Session

from chain.proof.errors import ProofError
from chain.proof.leaf import Leaf
from chain.proof.types import Phase
from services.evidence import repository as evidence_rows
from services.evidence.records import StoredRecord
from services.evidence.retention import repository
from services.evidence.retention.rules import TYPE
from services.evidence.retention.views import ERASED
from services.evidence.submission import record_aad
from services.platform.atrest import Vault
from services.platform.errors import Unavailable

__all__ = ["erasure_fault"]


def erasure_fault(session: Session, vault: Vault, record_id: str) -> str | None:
    """Why a record without content should have one; None when a ``registered`` leaf says that it was erased.

    Whether that leaf and its record are what the log committed to is for whoever examines the house log.
    """
    held = repository.erasure(session, record_id)
    if held is None or held.state != ERASED or not held.evidence:
        return "its content is gone, and nothing says that it was erased"
    row = evidence_rows.record(session, held.evidence[-1])
    found = evidence_rows.leaf_at(session, row.log_id, row.idx) if row else None
    if row is None or found is None:
        return f"its content is gone, and the evidence of its erasure, {held.evidence[-1]}, too"
    try:
        leaf = Leaf.decode(found[0])
        plain = vault.decrypt(session, row.institution_id, row.ciphertext, record_aad(row.id))
        subject = StoredRecord.unpack(plain).document()["subject"]
    except (ProofError, Unavailable, ValueError, KeyError, TypeError):
        return f"its content is gone, and the evidence of its erasure, {row.id}, is unreadable"
    if (leaf.type_code, leaf.phase, subject) != (TYPE.code, Phase.REGISTERED, record_id):
        return f"its content is gone, and {row.id} is not the evidence of its erasure"
    return None
