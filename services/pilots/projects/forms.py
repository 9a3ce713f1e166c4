"""The application form (申报表): drafted by the lead, kept in versions, encrypted for the lead."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject, canonical, parse_json
from chain.proof.confirmation import Application, BoundMaterial
from chain.proof.encoding import to_hex
from chain.proof.errors import FormatError
from chain.proof.hashing import sha256
from services.evidence.group import Group
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.models import DraftRow, ProjectRow, RulebookRow
from services.pilots.projects.formats import Form, read_as
from services.pilots.steps.names import CORRECTION, DRAFT, own_name
from services.pilots.stream import Entry, Stream
from services.platform.atrest import Vault, aad
from services.platform.errors import Conflict, Invalid, NotFound
from services.platform.ids import new_id

__all__ = ["DRAFT", "Forms", "open_for_changes", "statement_of"]

_MAX_FORM = 262_144
_MAX_DEPTH = 16


class Forms:
    """In units of the sequencer, but for what only reads."""

    def __init__(self, vault: Vault, stream: Stream) -> None:
        self._vault = vault
        self._stream = stream

    def create(self, group: Group, book: RulebookRow, lead_id: str, given: Mapping[str, Any]) -> ProjectRow:
        """A new draft under an active rulebook. Invalid names what is wrong with the form."""
        form = _read(given, lead_id)
        project_id = new_id("prj", group.now_ms)
        row = ProjectRow(id=project_id, rulebook_id=book.id, region=book.region, track="", lead_id=lead_id)
        row.log_id, row.state, row.flags, row.items = book.log_id, DRAFT, 0, {}
        row.title = self._seal(group.session, row, "pilot-title", form.name.encode())
        row.notice_from = row.ends_on = row.draft_version = 0
        row.count = row.step_count = row.proven_count = 0
        row.last_leaf, row.stream, row.visible, row.published = None, b"", False, {}
        row.created_at = row.updated_at = group.now_ms
        repository.add(group.session, row)
        self._write(group, row, form, given)
        return row

    def revise(self, group: Group, row: ProjectRow, given: Mapping[str, Any]) -> ProjectRow:
        """Another version; the earlier ones are kept. Conflict when the project takes none now."""
        form = _read(given, row.lead_id)
        open_for_changes(group.session, row)
        row.title = self._seal(group.session, row, "pilot-title", form.name.encode())
        self._write(group, row, form, given)
        return row

    def title(self, session: Session, row: ProjectRow) -> str:
        """The project's name."""
        return self._vault.decrypt(session, row.lead_id, row.title, aad("pilot-title", row.id)).decode()

    def read(self, session: Session, row: ProjectRow, version: int | None = None) -> tuple[DraftRow, dict[str, Any]]:
        """A version of the form, the newest unless one is named. NotFound."""
        found = repository.draft(session, row.id, version or row.draft_version)
        if found is None:
            raise NotFound("There is no such version of the application.")
        form = parse_json(self._open(session, row, found), max_bytes=_MAX_FORM, max_depth=_MAX_DEPTH)
        if not isinstance(form, dict):
            raise TypeError("a form is an object")
        return found, form

    def content(self, session: Session, row: ProjectRow, version: int) -> bytes:
        """The bytes of a version, whose SHA-256 its event has. NotFound."""
        found = repository.draft(session, row.id, version)
        if found is None:
            raise NotFound("There is no such version of the application.")
        return self._open(session, row, found)

    def _open(self, session: Session, row: ProjectRow, draft: DraftRow) -> bytes:
        place = aad("pilot-form", f"{row.id}/{draft.version}")
        return self._vault.decrypt(session, row.lead_id, draft.content, place)

    def _write(self, group: Group, row: ProjectRow, form: Form, given: Mapping[str, Any]) -> None:
        session, version = group.session, row.draft_version + 1
        content = _form_bytes(given)
        _require_known(session, form)
        applicants = sorted((each.id for each in form.applicants), key=lambda each: each != row.lead_id)
        repository.put_applicants(session, row.id, applicants)
        said: JsonObject = {"version": version, "form_sha256": to_hex(sha256(content)), "title": form.name}
        said |= {"applicants": list(applicants), "rulebook": row.rulebook_id}
        event, written = self._stream.append(group, row, Entry(name="draft", actor=row.lead_id, content=said))
        draft = DraftRow(project_id=row.id, version=version, digest=sha256(content), actor_id=row.lead_id)
        draft.content = self._vault.encrypt(session, row.lead_id, content, aad("pilot-form", f"{row.id}/{version}"))
        draft.record_id, draft.created_at = event.record_id, group.now_ms
        row.draft_version, row.stream, row.updated_at = version, written.leaf.stream_id, group.now_ms
        repository.add(session, draft)
        if row.state == DRAFT:
            repository.put_waits(session, row.id, [own_name(each) for each in applicants])

    def _seal(self, session: Session, row: ProjectRow, purpose: str, plain: bytes) -> bytes:
        return self._vault.encrypt(session, row.lead_id, plain, aad(purpose, row.id))


def statement_of(session: Session, row: ProjectRow) -> Application:
    """What the applicants confirm: the newest form and the newest version of each material."""
    draft = repository.draft(session, row.id, row.draft_version)
    if draft is None:
        raise NotFound("There is no application form yet.")
    found = repository.materials(session, row.id)
    bound = [BoundMaterial(each.code, each.owner, each.version, each.manifest_leaf) for each in found]
    return Application(
        project=row.id,
        rulebook=row.rulebook_id,
        applicants=repository.applicants(session, row.id),
        version=draft.version,
        form=draft.digest,
        materials=bound,
    )


def open_for_changes(session: Session, row: ProjectRow) -> None:
    """Conflict unless the application is a draft or under correction, with nothing on its way to the chain."""
    if row.state not in (DRAFT, CORRECTION):
        raise Conflict(f"The project is {row.state}; its application can no longer be changed.", slug="project-state")
    waiting = repository.pending(session, row.id)
    if waiting:
        raise Conflict(
            "A step of this project awaits its decision; cancel its operation to change the application.",
            slug="step-pending",
            extra={"operation": waiting[0].operation_id},
        )


def _read(given: Mapping[str, Any], lead_id: str) -> Form:
    form = read_as(Form, given, "/form")
    named = [each.id for each in form.applicants]
    if len(set(named)) != len(named):
        raise Invalid("/form/applicants", "An institution is named twice.")
    if not any(each.lead and each.id == lead_id for each in form.applicants):
        raise Invalid("/form/applicants", "Who writes the application is named in it as lead (牵头申报单位).")
    return form


def _require_known(session: Session, form: Form) -> None:
    """Invalid names an applicant that the registry does not have as active."""
    for number, each in enumerate(form.applicants):
        try:
            status = IdentityService.view(session, each.id).status
        except NotFound:
            status = "unknown"
        if status != "active":
            raise Invalid(f"/form/applicants/{number}/id", f"The institution is {status}.")


def _form_bytes(form: Mapping[str, Any]) -> bytes:
    try:
        content = canonical(dict(form))
    except FormatError as error:
        raise Invalid(f"/form{error.field}", error.reason) from error
    if len(content) > _MAX_FORM:
        raise Invalid("/form", f"The form has {len(content)} bytes; at most {_MAX_FORM} are taken.")
    return content
