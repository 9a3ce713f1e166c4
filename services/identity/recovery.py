"""What the records of a recovered log tell of institutions, commands and submitter keys, as rows again.

What the chain decided comes with its events. What no record tells is gone: tokens, the people who hold them, and
operations; docs/operations.md says what to do about each.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import from_hex, parse_time
from chain.proof.types import Phase
from services.evidence.recovery.plan import Told
from services.identity import repository
from services.identity.models import CommandRow, InstitutionRow, SubmitterKeyRow
from services.identity.projections import COMMANDS
from services.identity.rules import Status, kind_named
from services.platform.ids import new_id

__all__ = ["rebuild"]

_REGISTRATION = "institution.registration"


def rebuild(session: Session, told: Sequence[Told], *, host_id: str | None) -> None:
    """Rows of what was asked for, refused, and of keys; again, nothing changes. ``told`` in the order of the log."""
    for each in told:
        if each.type_name in COMMANDS:
            if each.leaf.phase is Phase.REQUESTED:
                _requested(session, each, host_id)
            else:
                _decided(session, each)
        elif each.type_name.startswith("submitter-key."):
            _key(session, each)


def _requested(session: Session, told: Told, host_id: str | None) -> None:
    subject = str(told.document["subject"])
    if told.type_name == _REGISTRATION and repository.institution(session, subject) is None:
        body, at = _body(told), told.leaf.accepted_at
        row = InstitutionRow(id=subject, name=str(body["name"]), kind=kind_named(str(body["kind"])).value)
        row.region, row.authority = int(str(body["region"])), str(body["authority"])
        row.status, row.host, row.created_at, row.updated_at = Status.PENDING, subject == host_id, at, at
        repository.add(session, row)
    if repository.command_of_leaf(session, told.leaf_hash) is None:
        command = CommandRow(leaf_hash=told.leaf_hash, record_id=told.record_id, type_name=told.type_name)
        command.subject, command.actor_id, command.outcome = subject, told.institution_id, None
        command.created_at = told.leaf.accepted_at
        repository.add(session, command)


def _decided(session: Session, told: Told) -> None:
    command = repository.command_of_leaf(session, from_hex(_body(told)["request"], "request"))
    if command is None:
        return
    command.outcome = told.leaf.phase.name.lower()
    session.flush()
    if told.type_name == _REGISTRATION and told.leaf.phase is Phase.REFUSED:
        repository.set_status(session, command.subject, Status.REFUSED, told.leaf.accepted_at)


def _key(session: Session, told: Told) -> None:
    body = _body(told)
    public_key = from_hex(body["public_key"], "public_key")
    known = next(
        (row for row in repository.submitter_keys(session, told.institution_id) if row.public_key == public_key), None
    )
    if told.type_name.endswith(".registration"):
        if known is not None:
            return
        row = SubmitterKeyRow(id=new_id("skey"), institution_id=told.institution_id, public_key=public_key)
        row.valid_from, row.revoked_at, row.record_id = told.leaf.accepted_at, None, told.record_id
        row.valid_to = parse_time(body["valid_to"], "valid_to") if "valid_to" in body else None
        repository.add(session, row)
    elif known is not None and known.revoked_at is None:
        known.revoked_at = told.leaf.accepted_at
        session.flush()


def _body(told: Told) -> JsonObject:
    body = told.document["body"]
    return body if isinstance(body, dict) else {}
