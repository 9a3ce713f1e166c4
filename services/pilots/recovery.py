"""What the records of a recovered log tell of pilot projects (试点项目), as rows again.

Where a project stands comes with the chain's events, read between :func:`rebuild` and :func:`settle`. What no record
holds is gone: the words of forms handed in since the backup, and projects and rulebooks that the backup does not know.
"""

import json
from collections.abc import Sequence

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import from_hex
from chain.proof.types import Phase
from services.evidence.recovery.plan import Told
from services.pilots import repository
from services.pilots.activation import ACTIVATION
from services.pilots.alerts.models import ALERT
from services.pilots.books import Books
from services.pilots.duties.models import DUTY
from services.pilots.models import CommentRow, ConfirmationRow, EventRow, MaterialRow, ProjectRow
from services.pilots.projects.materials import details_aad
from services.pilots.rebuilt import rebuild_act
from services.pilots.stream import FACT, STEP
from services.platform.atrest import Vault

__all__ = ["LOST", "rebuild", "settle"]

LOST = "lost"
"""The outcome of a request whose operation went with the database, and that nobody decided."""


def rebuild(session: Session, told: Sequence[Told], vault: Vault) -> list[str]:
    """Facts and requests, comments, confirmations and materials; what is gone, in words. Again, nothing changes."""
    gone: dict[str, None] = {}
    for each in told:
        if each.type_name not in (STEP, FACT) or each.leaf.phase not in (Phase.EVENT, Phase.REQUESTED):
            continue
        project = repository.project(session, str(each.document["subject"]))
        if project is None:
            gone[f"project {each.document['subject']}: the backup does not know it"] = None
            continue
        if repository.event_of_leaf(session, each.leaf_hash) is None:
            repository.add(session, _asked(session, each, project) if each.type_name == STEP else _fact(each, project))
        if each.type_name == FACT:
            _related(session, each, project, vault)
        if _name(each) == "draft" and repository.draft(session, project.id, _number(each, "version")) is None:
            gone[f"project {project.id}: version {_body(each)['version']} of its application form"] = None
    return list(gone)


def settle(session: Session, told: Sequence[Told]) -> None:
    """Outcomes as the log tells them, not as the chain's events were read again; requests that nobody decided end."""
    repository.drop_unlogged(session)
    for each in told:
        if each.leaf.phase in (Phase.REGISTERED, Phase.REFUSED) and each.type_name == STEP:
            _decided(session, each)
        elif each.leaf.phase is Phase.REFUSED and each.type_name == ACTIVATION:
            _not_activated(session, each)
    for each in told:
        asked = repository.event_of_leaf(session, each.leaf_hash) if each.type_name == STEP else None
        if asked is not None and asked.phase == Phase.REQUESTED and asked.outcome is None and not asked.operation_id:
            asked.outcome = LOST
            _unfiled(session, asked)
    session.flush()


def _row(told: Told, project_id: str, name: str) -> EventRow:
    row = EventRow(project_id=project_id, seq=told.leaf.seq, phase=int(told.leaf.phase), name=name)
    row.actor_id, row.record_id, row.leaf_hash = str(told.document["actor"]), told.record_id, told.leaf_hash
    row.value, row.evidence, row.accepted_at = 0, [], told.leaf.accepted_at
    row.body = row.rule = row.source = row.public = None
    row.operation_id = row.outcome = row.request = row.reason = row.signer = row.state = row.tx_hash = None
    row.block_number = None
    return row


def _asked(session: Session, told: Told, project: ProjectRow) -> EventRow:
    said = _body(told)
    row = _row(told, project.id, str(said["action"]))
    row.value, row.public, row.evidence = _number(told, "value"), said.get("public"), _evidence(said)
    book = Books().get(session, project.rulebook_id)
    transition = book.table.rows.get((str(said["state"]) or None, row.name))
    row.body, row.rule = transition.body if transition else None, str(said["rule"])
    row.source = book.rulebook.rule(row.rule).cited
    return row


def _fact(told: Told, project: ProjectRow) -> EventRow:
    row = _row(told, project.id, _name(told))
    row.value, row.evidence = _number(told, "number") or _number(told, "value"), _evidence(_body(told))
    return row


def _related(session: Session, told: Told, project: ProjectRow, vault: Vault) -> None:
    """What lists need beside the event."""
    said, name = _body(told), _name(told)
    if name == "comment" and repository.comment(session, project.id, _number(told, "number")) is None:
        comment = CommentRow(project_id=project.id, number=_number(told, "number"), record_id=told.record_id)
        comment.state, comment.received_at = "received", told.leaf.accepted_at
        repository.add(session, comment)
    elif name == "confirmation":
        digest, actor = from_hex(said["digest"], "digest"), str(told.document["actor"])
        if all(each.institution_id != actor for each in repository.confirmations(session, project.id, digest)):
            made = ConfirmationRow(project_id=project.id, institution_id=actor, digest=digest)
            made.draft_version, made.record_id = _number(told, "draft"), told.record_id
            made.created_at = told.leaf.accepted_at
            repository.add(session, made)
    elif name.startswith((DUTY, ALERT)):
        event = repository.event_of_leaf(session, told.leaf_hash)
        if event is not None:
            rebuild_act(session, project, Books().get(session, project.rulebook_id), event, said)
    elif name == "material":
        known = repository.material_versions(session, project.id)
        if all(each.record_id != told.record_id for each in known):
            repository.add(session, _material(session, told, project, vault))


def _material(session: Session, told: Told, project: ProjectRow, vault: Vault) -> MaterialRow:
    said = _body(told)
    found = said.get("details")
    details = found if isinstance(found, dict) else {}
    row = MaterialRow(project_id=project.id, code=str(said["code"]), owner=str(details.get("applicant", "")))
    row.version, row.institution_id = _number(told, "version"), str(said["institution"])
    row.manifest_id, row.manifest_leaf = str(said["manifest"]), from_hex(said["manifest_leaf"], "manifest_leaf")
    row.details = vault.encrypt(session, row.institution_id, json.dumps(details).encode(), details_aad(row))
    row.record_id, row.created_at = told.record_id, told.leaf.accepted_at
    return row


def _decided(session: Session, told: Told) -> None:
    said = _body(told)
    asked = repository.event_of_leaf(session, from_hex(said["request"], "request"))
    if asked is None or repository.event_of_leaf(session, told.leaf_hash) is not None:
        return
    row = _row(told, asked.project_id, asked.name)
    row.value, row.body, row.rule, row.source = asked.value, asked.body, asked.rule, asked.source
    row.request, asked.outcome = asked.seq, told.leaf.phase.name.lower()
    for each in (asked, row):
        if told.leaf.phase is Phase.REFUSED:
            each.reason = str(said["reason"])
            continue
        each.signer, each.state, each.tx_hash = str(said["signer"]), str(said["state"]), str(said["transaction"])
        each.block_number = _number(told, "block")
    repository.add(session, row)
    if told.leaf.phase is Phase.REFUSED:
        _unfiled(session, asked)


def _unfiled(session: Session, asked: EventRow) -> None:
    comment = repository.comment(session, asked.project_id, asked.value)
    if comment is not None and asked.name.endswith("comment.file"):
        comment.state = "unfiled"


def _not_activated(session: Session, told: Told) -> None:
    row = repository.rulebook_of_leaf(session, from_hex(_body(told)["request"], "request"))
    if row is not None and row.state == "pending":
        row.state, row.decided_at = "refused", told.leaf.accepted_at


def _evidence(said: JsonObject) -> list[dict[str, str]]:
    listed = said.get("evidence")
    found = (each for each in listed if isinstance(each, dict)) if isinstance(listed, list) else ()
    return [{"code": str(each["code"]), "record": str(each["record"])} for each in found]


def _name(told: Told) -> str:
    """Of a fact."""
    return str(_body(told).get("kind", "")) if told.type_name == FACT else ""


def _number(told: Told, member: str) -> int:
    found = _body(told).get(member)
    return found if isinstance(found, int) else 0


def _body(told: Told) -> JsonObject:
    body = told.document["body"]
    return body if isinstance(body, dict) else {}
