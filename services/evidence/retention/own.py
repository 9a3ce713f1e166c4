"""Leaves about erasures, and the erasure of what the service itself recorded: by its own parts alone, never on request.

Records of the service are part of the proofs (RET-03). The exception is a record that holds nothing but what a part
keeps for recoveries and must destroy when its own term is over.
"""

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.evidence import repository as evidence_rows
from services.evidence.group import Group
from services.evidence.models import RecordRow
from services.evidence.records import stream_name
from services.evidence.retention import repository, rules
from services.evidence.retention.views import ERASED, RESTRICTED
from services.evidence.service import EvidenceService
from services.platform.errors import NotFound

__all__ = ["erase_own", "note"]


def erase_own(group: Group, evidence: EvidenceService, record_id: str, *, reason: str, source: str) -> None:
    """Destroys the content now; request and outcome become leaves. Again, nothing changes. NotFound."""
    if repository.erasure(group.session, record_id) is not None:
        return
    row = evidence_rows.record(group.session, record_id)
    if row is None:
        raise NotFound("There is no such record.")
    class_name = rules.class_name_of(row.type_code)
    request_id = note(group, evidence, row, Phase.REQUESTED, {"reason": reason})
    outcome_id = note(group, evidence, row, Phase.REGISTERED, {"class": class_name, "source": source})
    repository.add(
        group.session,
        record_id=record_id,
        state=RESTRICTED,
        class_name=class_name,
        source=source,
        requested_at=group.now_ms,
        request_id=request_id,
    )
    repository.destroy(group.session, record_id)
    repository.change(group.session, record_id, state=ERASED, erased_at=group.now_ms, outcome_id=outcome_id)


def note(group: Group, evidence: EvidenceService, row: RecordRow, phase: Phase, said: JsonObject) -> str:
    """A leaf of the house log about the record, in one stream with the others about it; its record's id."""
    log, leaf = group.log(row.log_id), evidence_rows.leaf_at(group.session, row.log_id, row.idx)
    body: JsonObject = {"log": log.origin, "index": row.idx, "leaf": to_hex(leaf[1]) if leaf else None, **said}
    return evidence.write_command(
        group,
        type_name=rules.TYPE.name,
        phase=phase,
        subject=row.id,
        actor=row.institution_id,
        body=body,
        stream_key=stream_name(row.institution_id, row.id),
    ).record_id
