"""Imports as the facts of a recovered log tell them: what was checked, into which security, and how it ended.

No record holds their lines. One whose lines are gone, or whose progress the backup does not know, is ``lost``: nothing
of it is asked for twice. What it had registered stands, and the list is checked anew.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from chain.proof.encoding import parse_time
from services.evidence.recovery.plan import Told
from services.register import told as records
from services.register.imports import repository
from services.register.imports.carrying import CARRIED_OUT, EXECUTION, RUNNING, STOPPED
from services.register.imports.examining import CHECKED, REFUSED
from services.register.imports.models import ImportRow
from services.register.names import ACT

__all__ = ["LOST", "rebuild"]

LOST = "lost"
_CHECK = "list-checked"


def rebuild(session: Session, told: Sequence[Told]) -> list[str]:
    """Rows; what is gone, in words. Again, nothing changes."""
    touched: dict[str, None] = {}
    for name, each in records.facts(told, _CHECK, EXECUTION, CARRIED_OUT):
        row = repository.one(session, records.member(each, "import"))
        if row is None and name == _CHECK:
            row = _row(session, each)
        if row is None or (row.state == LOST) or (name == _CHECK and row.record_id == each.record_id):
            continue
        _follow(row, name, each)
        touched[row.id] = None
    batches = {_batch(each) for each in told if each.type_name == ACT}
    touched |= dict.fromkeys(each for each in repository.imports_in(session, (RUNNING, STOPPED)) if each in batches)
    session.flush()
    return [text for each in touched if (text := _lost(session, each))]


def _row(session: Session, told: Told) -> ImportRow:
    said = records.body(told)
    row = ImportRow(id=str(said["import"]), owner_id=told.institution_id, company_id=records.about(told))
    row.security_id, row.state, row.files, row.demands = None, REFUSED, said["files"], said.get("demands", {})
    row.further_id = records.member(told, "further") or None
    row.documents, row.summary, row.findings, row.groups = [], {}, 0, 0
    row.actor_id, row.record_id = str(told.document["actor"]), None
    row.created_at = parse_time(said["asked_at"], "asked_at") if "asked_at" in said else told.leaf.accepted_at
    row.updated_at = told.leaf.accepted_at
    repository.add(session, row)
    return row


def _follow(row: ImportRow, name: str, told: Told) -> None:
    said = records.body(told)
    row.updated_at = told.leaf.accepted_at
    if name == _CHECK:
        row.state, row.record_id = records.member(told, "result"), told.record_id
        row.summary, row.findings = said["summary"], records.number_of(told, "findings")
        row.groups = records.number_of(told, "groups")
    elif name == EXECUTION:
        row.state, row.security_id, row.documents = RUNNING, records.member(told, "security"), said["documents"]
    else:
        row.state, row.demands = records.member(told, "state"), {**row.demands, "progress": said["progress"]}


def _lost(session: Session, import_id: str) -> str:
    """What is neither refused nor done has no lines to go on with."""
    row = repository.one(session, import_id)
    if row is None or row.state not in (CHECKED, RUNNING, STOPPED):
        return ""
    row.state = LOST
    session.flush()
    return f"list {import_id}: its lines are gone; what it registered stands, check the list anew"


def _batch(told: Told) -> str:
    ids = records.body(told).get("ids")
    return str(ids.get("batch", "")) if isinstance(ids, dict) else ""
