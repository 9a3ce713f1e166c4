"""A submission says by itself what it submits: the application as it is confirmed, and the manifest of its form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.confirmation import application_digest
from chain.proof.encoding import to_hex
from services.pilots import repository
from services.pilots.books import Book
from services.pilots.models import MaterialRow, ProjectRow
from services.pilots.projects.forms import statement_of
from services.pilots.views import Item, StepRequest
from services.platform.errors import NotFound

__all__ = ["DRAFTED", "Submitted", "completed", "submitted"]

DRAFTED = frozenset({"draft", "material"})
"""Facts that tell of versions; of those that were not submitted, applicants alone read more than that there is one."""
_FORM, _MANIFEST = "application-form", "manifest"


def completed(session: Session, project: ProjectRow, request: StepRequest) -> StepRequest:
    """A submission with what it submits (the form's manifest unless it names another); others as they are."""
    if not _submits(request.action):
        return request
    statement = statement_of(session, project).document()
    content = {**request.content, "application": statement, "digest": to_hex(application_digest(statement))}
    items = list(request.evidence)
    form = next((row for row in repository.materials(session, project.id) if row.code == _FORM), None)
    if form is not None and not any(item.code == _MANIFEST for item in items):
        items.append(Item(_MANIFEST, form.manifest_id))
    return replace(request, content=content, evidence=tuple(items))


@dataclass(frozen=True, slots=True)
class Submitted:
    """What was submitted, round after round: the statements that were confirmed. All that others than applicants see.

    What the applicants draft between two rounds is still a draft.
    """

    statements: Sequence[dict[str, Any]]

    def statement(self, version: int | None) -> dict[str, Any]:
        """The newest, or the one with this version of the form. NotFound."""
        found = [each for each in self.statements if version is None or each["version"] == version]
        if not found:
            raise NotFound("No such version of the application was submitted.")
        return found[-1]

    @property
    def versions(self) -> tuple[int, ...]:
        """Of the form, the oldest first."""
        return tuple(sorted({int(each["version"]) for each in self.statements}))

    def withheld(self, session: Session, project: ProjectRow) -> set[str]:
        """The records of versions that were drafted and never submitted: applicants alone read what they say."""
        forms = {row.record_id for row in repository.drafts(session, project.id) if row.version not in self.versions}
        return forms | {row.record_id for row in repository.material_versions(session, project.id) if not self.has(row)}

    def has(self, row: MaterialRow) -> bool:
        """Whether this version of a material was submitted."""
        wanted: Any = {"code": row.code, "owner": row.owner, "version": row.version, "leaf": to_hex(row.manifest_leaf)}
        materials: list[Any] = [each["materials"] for each in self.statements]
        return any(wanted in found for found in materials)


def submitted(session: Session, project: ProjectRow, book: Book, read: Callable[[str], Mapping[str, Any]]) -> Submitted:
    """What the chain has registered as submitted; ``read`` says what a step's record says."""
    actions = {each.action for each in book.rulebook.transitions if _submits(each.action)}
    found = (
        read(event.record_id).get("content")
        for event in repository.events_named(session, project.id, actions)
        if event.outcome == "registered"
    )
    return Submitted([each["application"] for each in found if each])


def _submits(action: str) -> bool:
    return bool({"submit", "resubmit"} & set(action.split(".")))
