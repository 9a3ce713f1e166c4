"""Erasures that a recovered log tells of, done again: an older database must not bring back what was erased since."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import parse_time
from chain.proof.types import Phase
from services.evidence import repository as evidence_rows
from services.evidence.materials import uses_repository
from services.evidence.recovery.plan import Told
from services.evidence.retention import repository, rules
from services.evidence.retention.views import ERASED, RESTRICTED

__all__ = ["rebuild"]


def rebuild(session: Session, told: Sequence[Told]) -> int:
    """Rows of erasures asked for and done; how many records lost their content. Again, nothing changes."""
    erased = 0
    for each in told:
        if each.type_name != rules.TYPE.name:
            continue
        record_id = str(each.document["subject"])
        if evidence_rows.record(session, record_id) is None:
            continue
        if each.leaf.phase is Phase.REQUESTED:
            _requested(session, each, record_id)
        elif each.leaf.phase is Phase.REFUSED:
            _refused(session, each, record_id)
        else:
            erased += _erased(session, each, record_id)
    return erased


def _requested(session: Session, told: Told, record_id: str) -> None:
    if repository.erasure(session, record_id) is not None:
        return
    row = evidence_rows.record(session, record_id)
    class_name = rules.class_name_of(row.type_code) if row else ""
    repository.add(
        session,
        record_id=record_id,
        state=RESTRICTED,
        class_name=class_name,
        source="",
        requested_at=told.leaf.accepted_at,
        request_id=told.record_id,
    )


def _refused(session: Session, told: Told, record_id: str) -> None:
    body = _body(told)
    due = body.get("erasable_at")
    due_at = parse_time(due, "erasable_at") if due is not None else None
    changes = {"rule": str(body["rule"]), "source": str(body["source"]), "class_name": str(body["class"])}
    repository.change(session, record_id, **changes, due_at=due_at, outcome_id=told.record_id)


def _erased(session: Session, told: Told, record_id: str) -> bool:
    held = repository.erasure(session, record_id)
    if held is None:
        _requested(session, told, record_id)
    if held is not None and held.state == ERASED:
        return False
    repository.destroy(session, record_id)
    body, at = _body(told), told.leaf.accepted_at
    files = body.get("materials")
    destroyed = files.get("destroyed") if isinstance(files, dict) else None
    uses_repository.erase(session, record_id, map(str, destroyed if isinstance(destroyed, list) else ()), at)
    changes = {"state": ERASED, "class_name": str(body["class"]), "source": str(body["source"]), "rule": None}
    repository.change(session, record_id, **changes, erased_at=at, outcome_id=told.record_id)
    return True


def _body(told: Told) -> JsonObject:
    body = told.document["body"]
    return body if isinstance(body, dict) else {}
