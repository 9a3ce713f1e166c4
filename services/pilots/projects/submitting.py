"""A submission says by itself what it submits: the application as it is confirmed, and the manifest of its form."""

from dataclasses import replace

from sqlalchemy.orm import Session

from chain.proof.confirmation import application_digest
from chain.proof.encoding import to_hex
from services.pilots import repository
from services.pilots.models import ProjectRow
from services.pilots.projects.forms import statement_of
from services.pilots.views import Item, StepRequest

__all__ = ["completed"]

_FORM, _MANIFEST = "application-form", "manifest"


def completed(session: Session, project: ProjectRow, request: StepRequest) -> StepRequest:
    """A submission with what it submits (the form's manifest unless it names another); others as they are."""
    if not {"submit", "resubmit"} & set(request.action.split(".")):
        return request
    statement = statement_of(session, project).document()
    content = {**request.content, "application": statement, "digest": to_hex(application_digest(statement))}
    items = list(request.evidence)
    form = next((row for row in repository.materials(session, project.id) if row.code == _FORM), None)
    if form is not None and not any(item.code == _MANIFEST for item in items):
        items.append(Item(_MANIFEST, form.manifest_id))
    return replace(request, content=content, evidence=tuple(items))
