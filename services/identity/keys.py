"""Submitter keys (提交钥): an institution signs its records with them. Event leaves tell when each began and ended."""

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.identity import repository, rules
from services.identity.commands import stream_key
from services.identity.models import SubmitterKeyRow
from services.identity.ports import Group, Leaves
from services.identity.views import SubmitterKeyRequest, SubmitterKeyView
from services.platform.clock import rfc3339
from services.platform.errors import Conflict, NotFound
from services.platform.ids import new_id

__all__ = ["SubmitterKeys"]


class SubmitterKeys:
    """Inside units of the sequencer: a key begins and ends at the time of its leaf."""

    def __init__(self, leaves: Leaves) -> None:
        self._leaves = leaves

    def add(self, group: Group, request: SubmitterKeyRequest) -> SubmitterKeyView:
        """Valid from now on, before ``valid_to`` (ms). Invalid unless the key signed for its institution.

        Conflict ``key-registered`` when anybody has registered it.
        """
        public_key, valid_to = rules.check_public_key(request.public_key), request.valid_to
        rules.check_possession(request.institution_id, public_key, request.possession)
        rules.check_validity(group.now_ms, valid_to)
        if repository.key_is_known(group.session, public_key):
            raise Conflict("This key was registered before.", slug="key-registered")
        body: JsonObject = {
            "public_key": to_hex(public_key),
            "possession": to_hex(request.possession),
            "valid_from": rfc3339(group.now_ms),
        }
        if valid_to is not None:
            body["valid_to"] = rfc3339(valid_to)
        owner = request.institution_id
        row = SubmitterKeyRow(id=new_id("skey", group.now_ms), institution_id=owner, public_key=public_key)
        row.valid_from, row.valid_to, row.revoked_at = group.now_ms, valid_to, None
        row.record_id = self._write(group, owner, "submitter-key.registration", body)
        repository.add(group.session, row)
        return _view(row)

    def revoke(self, group: Group, institution_id: str, key_id: str) -> SubmitterKeyView:
        """Not valid from now on; again changes nothing. NotFound."""
        row = repository.submitter_key(group.session, key_id)
        if row is None or row.institution_id != institution_id:
            raise NotFound("There is no such submitter key.")
        if row.revoked_at is None:
            row.revoked_at = group.now_ms
            group.session.flush()
            body: JsonObject = {"public_key": to_hex(row.public_key), "revoked_at": rfc3339(group.now_ms)}
            self._write(group, institution_id, "submitter-key.revocation", body)
        return _view(row)

    def get(self, session: Session, key_id: str) -> SubmitterKeyView:
        """One key. NotFound."""
        row = repository.submitter_key(session, key_id)
        if row is None:
            raise NotFound("There is no such submitter key.")
        return _view(row)

    def list(self, session: Session, institution_id: str) -> tuple[SubmitterKeyView, ...]:
        """All of an institution's, ended ones too."""
        return tuple(_view(row) for row in repository.submitter_keys(session, institution_id))

    def _write(self, group: Group, institution_id: str, type_name: str, body: JsonObject) -> str:
        written = self._leaves.write_command(
            group,
            type_name=type_name,
            phase=Phase.EVENT,
            subject=institution_id,
            actor=institution_id,
            body=body,
            stream_key=stream_key(institution_id),
        )
        return written.record_id


def _view(row: SubmitterKeyRow) -> SubmitterKeyView:
    return SubmitterKeyView(
        id=row.id,
        institution_id=row.institution_id,
        public_key=row.public_key,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        revoked_at=row.revoked_at,
        record_id=row.record_id,
    )
