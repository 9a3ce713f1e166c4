"""The door to applications (申报): drafting, materials, confirmations, and what is missing."""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.confirmation import application_digest
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity import policy
from services.identity.policy import Principal
from services.pilots import access, repository
from services.pilots.books import Book, require_row
from services.pilots.models import MaterialRow, ProjectRow
from services.pilots.parts import Parts
from services.pilots.projects.confirming import ConfirmationRequest, confirmation_view
from services.pilots.projects.forms import open_for_changes, statement_of
from services.pilots.projects.materials import MaterialRequest, check_manifest_record
from services.pilots.projects.submitting import Submitted, submitted
from services.pilots.readings import Readings
from services.pilots.steps.names import DRAFT
from services.pilots.views import (
    ApplicationView,
    CompletenessView,
    ConfirmationView,
    Fault,
    MaterialView,
    ProjectView,
)
from services.platform.errors import Conflict, Forbidden, Invalid
from services.platform.idempotency import Once

__all__ = ["ApplicationDesk"]


class ApplicationDesk:
    """Opens its own transactions; what writes leaves gives a Future."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._readings = Readings(parts)

    def create(
        self, caller: Principal, rulebook_id: str, form: Mapping[str, Any], *, once: Once | None
    ) -> Future[ProjectView]:
        """A new draft of the caller's institution, under a rulebook in force."""
        policy.require(caller, "pilot.draft")

        def unit(group: Group) -> ProjectView:
            def make() -> tuple[str, ProjectView]:
                book = require_row(group.session, rulebook_id)
                if book.state != "active":
                    raise Conflict(f"The rulebook is {book.state}.", slug="rulebook-not-active")
                self._parts.require_rulebook(group.session, book)
                row = self._parts.forms.create(group, book, caller.institution_id, form)
                return row.id, self._parts.reads.project(group.session, row)

            return do_once(
                group,
                caller.institution_id,
                once,
                kind="pilot",
                make=make,
                again=lambda found: self._again(group.session, found),
            )

        return self._parts.evidence.sequencer.submit(unit)

    def revise(
        self, caller: Principal, project_id: str, form: Mapping[str, Any], *, once: Once | None
    ) -> Future[ProjectView]:
        """Another version of the form; the earlier ones are kept."""

        def unit(group: Group) -> ProjectView:
            row = access.require_applicant(group.session, caller, project_id, lead=True)

            def make() -> tuple[str, ProjectView]:
                self._parts.forms.revise(group, row, form)
                return row.id, self._parts.reads.project(group.session, row)

            return do_once(
                group,
                caller.institution_id,
                once,
                kind="pilot",
                make=make,
                again=lambda found: self._again(group.session, found),
            )

        return self._parts.evidence.sequencer.submit(unit)

    def add_material(
        self, caller: Principal, project_id: str, request: MaterialRequest, *, once: Once | None
    ) -> Future[MaterialView]:
        """The next version of a material, bound to a manifest record of the caller's institution."""
        with self._parts.database.read() as session:
            project = access.require_applicant(session, caller, project_id)
            codes = [each.code for each in self._parts.book(session, project).rulebook.materials]
        if request.code not in codes:
            raise Invalid("/code", f"Expected one of {', '.join(codes)}.")
        record = self._parts.evidence.get_record(request.manifest_id, with_document=False)
        check_manifest_record(record, caller.institution_id, "/manifest")

        def unit(group: Group) -> MaterialView:
            row = access.require_applicant(group.session, caller, project_id)

            def make() -> tuple[str, MaterialView]:
                open_for_changes(group.session, row)
                view = self._parts.materials.add(group, row, caller.institution_id, request, record)
                return view.record_id, view

            return do_once(
                group,
                caller.institution_id,
                once,
                kind="pilot-material",
                make=make,
                again=lambda found: self._material(group.session, row, found),
            )

        return self._parts.evidence.sequencer.submit(unit)

    def confirm(self, caller: Principal, project_id: str, request: ConfirmationRequest) -> Future[ConfirmationView]:
        """The caller's institution confirms the application as it is now; doing it twice changes nothing."""

        def unit(group: Group) -> ConfirmationView:
            row = access.require_applicant(group.session, caller, project_id)
            return self._parts.confirmations.add(group, row, caller.institution_id, request)

        return self._parts.evidence.sequencer.submit(unit)

    def application(self, caller: Principal, project_id: str, *, version: int | None = None) -> ApplicationView:
        """The form (not public: 不对社会公开), its materials and confirmations, and what a confirmation signs.

        Applicants see it as it is now; others what was submitted, and that they look is noted first.
        """
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id, "pilot.application")
            if not self._readings.needed(session, caller, row):
                statement = statement_of(session, row).document()
                materials = repository.material_versions(session, row.id)
                return self._view(session, row, version, statement, materials)
            done = self._submitted(session, row)
            version = done.statement(version)["version"]
        self._readings.note(caller, project_id, f"form/{version}", {"of": "form", "version": version})
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id, "pilot.application")
            materials = [each for each in repository.material_versions(session, row.id) if done.has(each)]
            return self._view(session, row, version, done.statement(version), materials)

    def _submitted(self, session: Session, row: ProjectRow) -> Submitted:
        return submitted(session, row, self._parts.book(session, row), self._parts.checking.content)

    def _view(
        self,
        session: Session,
        row: ProjectRow,
        version: int | None,
        statement: JsonObject,
        materials: Sequence[MaterialRow],
    ) -> ApplicationView:
        draft, form = self._parts.forms.read(session, row, version)
        digest = application_digest(statement)
        known = repository.confirmations(session, row.id, digest)
        return ApplicationView(
            project_id=row.id,
            version=draft.version,
            form=form,
            statement=statement,
            digest=digest,
            materials=tuple(self._parts.materials.view(session, each) for each in materials),
            confirmations=tuple(confirmation_view(each) for each in known),
        )

    def completeness(self, caller: Principal, project_id: str, *, action: str | None) -> CompletenessView:
        """What is missing before a submission, why, and where the rule says so (完整性报告).

        Without ``action``: by the way of submission against which least stands.
        """
        with self._parts.database.read() as session:
            row = access.require(session, caller, project_id, "pilot.application")
            if self._readings.needed(session, caller, row):
                raise Forbidden("Only an applicant asks what its application lacks.", rule="pilot.draft")
            book = self._parts.book(session, row)
            digest = application_digest(statement_of(session, row).document())
            reports = [(each, self._faults(session, row, book, each)) for each in _submissions(book, row, action)]
        if not reports:
            raise Conflict(f"The project is {row.state}; nothing can be submitted.", slug="project-state")
        chosen, faults = min(reports, key=lambda each: sum(fault.mandatory for fault in each[1]))
        return CompletenessView(row.id, chosen, digest, tuple(faults))

    def _faults(self, session: Session, row: ProjectRow, book: Book, action: str) -> list[Fault]:
        return self._parts.checking.report(session, row, book, action, now_ms=self._parts.clock.ms())

    def _again(self, session: Session, project_id: str) -> ProjectView:
        row = repository.project(session, project_id)
        if row is None:
            raise Conflict("The project of this Idempotency-Key is no longer there.")
        return self._parts.reads.project(session, row)

    def _material(self, session: Session, row: ProjectRow, record_id: str) -> MaterialView:
        found = {each.record_id: each for each in repository.material_versions(session, row.id)}
        return self._parts.materials.view(session, found[record_id])


def _submissions(book: Book, row: ProjectRow, action: str | None) -> list[str]:
    """The lead's ways to hand the application in, from where it is; Invalid for another action."""
    state = None if row.state == DRAFT else row.state
    possible = [
        each.action
        for each in book.rulebook.actions_in(state)
        if book.rulebook.bodies[each.body].role is None and (state is None or each.action == "resubmit")
    ]
    if action is None:
        return possible
    if action not in possible:
        raise Invalid("action", f"Expected one of {', '.join(possible) or 'none in this state'}.")
    return [action]
