"""Confirmations (联合申报确认): each applicant's submitter key signs one digest over form and materials."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.confirmation import application_digest, confirmation_message
from chain.proof.ed25519 import signature_holds
from chain.proof.encoding import to_hex
from services.evidence.group import Group
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.models import ConfirmationRow, ProjectRow
from services.pilots.projects.forms import open_for_changes, statement_of
from services.pilots.stream import Entry, Stream
from services.pilots.views import ConfirmationView
from services.platform.errors import Conflict, Invalid

__all__ = ["ConfirmationRequest", "Confirmations"]


@dataclass(frozen=True, slots=True)
class ConfirmationRequest:
    """What the applicant signed: the digest that it was shown, and its Ed25519 signature."""

    digest: bytes
    signature: bytes


class Confirmations:
    """In units of the sequencer."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def add(self, group: Group, row: ProjectRow, actor: str, request: ConfirmationRequest) -> ConfirmationView:
        """Takes a confirmation of the application as it is now; the same one again changes nothing.

        Conflict ``application-changed`` when the digest is not the present one, Invalid for a wrong signature.
        """
        session = group.session
        open_for_changes(session, row)
        present = application_digest(statement_of(session, row).document())
        if request.digest != present:
            raise Conflict(
                "The application has changed since; read it again and sign its present digest.",
                slug="application-changed",
                extra={"digest": to_hex(present)},
            )
        known = repository.confirmations(session, row.id, present)
        before = next((each for each in known if each.institution_id == actor), None)
        if before is not None:
            return confirmation_view(before)
        key = self._key(session, actor, request, group.now_ms)
        said: JsonObject = {"draft": row.draft_version, "digest": to_hex(present), "public_key": to_hex(key)}
        said |= {"signature": to_hex(request.signature)}
        event, _ = self._stream.append(group, row, Entry(name="confirmation", actor=actor, content=said))
        made = ConfirmationRow(project_id=row.id, institution_id=actor, digest=present, draft_version=row.draft_version)
        made.record_id, made.created_at = event.record_id, group.now_ms
        repository.add(session, made)
        return confirmation_view(made)

    @staticmethod
    def _key(session: Session, actor: str, request: ConfirmationRequest, now_ms: int) -> bytes:
        message = confirmation_message(actor, request.digest)
        for key in IdentityService.submitter_keys_for(session, actor, now_ms):
            if signature_holds(key, message, request.signature):
                return key
        raise Invalid("/signature", "No registered submitter key of the institution made this signature.")


def confirmation_view(row: ConfirmationRow) -> ConfirmationView:
    """As it is shown."""
    return ConfirmationView(row.institution_id, row.draft_version, row.record_id, row.created_at)
