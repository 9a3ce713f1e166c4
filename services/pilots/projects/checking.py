"""From rows and records to what the rulebook's checks look at."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.confirmation import application_digest
from chain.proof.types import Phase
from services import days
from services.evidence.service import EvidenceService
from services.pilots import repository
from services.pilots.books import Book
from services.pilots.models import ProjectRow
from services.pilots.projects.formats import Form, OpinionForm, read_as
from services.pilots.projects.forms import Forms, statement_of
from services.pilots.projects.materials import ProjectMaterials
from services.pilots.rulebook.checks import check_act, completeness
from services.pilots.rulebook.facts import (
    Act,
    Applicant,
    Application,
    Contact,
    Event,
    Facts,
    MaterialFile,
    Opinion,
    Signature,
    Tutoring,
)
from services.pilots.steps.standing import standing_of, today_of
from services.pilots.views import Fault, Item, MaterialView, StepRequest
from services.platform.errors import Invalid

__all__ = ["OPINION", "REVIEW", "Checking"]

OPINION, REVIEW = "expert.opinion", "material.review"
_TUTORING = "tutoring"


class Checking:
    """Reads only."""

    def __init__(self, evidence: EvidenceService, forms: Forms, materials: ProjectMaterials) -> None:
        self._evidence = evidence
        self._forms = forms
        self._materials = materials

    def faults(
        self, session: Session, project: ProjectRow, book: Book, request: StepRequest, *, actor: str, now_ms: int
    ) -> list[Fault]:
        """What stands between ``actor``'s act and its step, as far as the chain cannot see it."""
        standing = standing_of(project, book)
        facts = Facts(
            act=self._act(session, project, request, actor),
            application=self.application(session, project),
            state=standing.state,
            today=today_of(now_ms),
            notice_from=project.notice_from,
            ends_on=project.ends_on,
            history=self._history(session, project),
        )
        found = check_act(book.rulebook, facts)
        rule = book.rulebook.rule
        return [Fault(e.field, e.rule, e.source, e.message, e.value, text=rule(e.rule).text) for e in found]

    def report(self, session: Session, project: ProjectRow, book: Book, action: str, *, now_ms: int) -> list[Fault]:
        """What the application lacks before ``action`` submits it, and what would help."""
        found = completeness(book.rulebook, self.application(session, project), action, today=today_of(now_ms))
        return [
            Fault(
                each.field,
                each.rule,
                each.source,
                each.message,
                each.value,
                text=each.text,
                mandatory=each.mandatory,
            )
            for each in found
        ]

    def application(self, session: Session, project: ProjectRow) -> Application:
        """The application as it stands: newest form, newest materials, present confirmations."""
        _, stored = self._forms.read(session, project)
        form = read_as(Form, stored, "/form")
        digest = application_digest(statement_of(session, project).document())
        consents = {row.institution_id: row.record_id for row in repository.confirmations(session, project.id, digest)}
        reviewed = self._reviewed(session, project)
        views = [self._materials.view(session, row) for row in repository.materials(session, project.id)]
        return Application(
            name=form.name,
            category=form.category,
            applicants=tuple(_applicant(each.model_dump(), consents) for each in form.applicants),
            scenario_provider=form.scenario_provider,
            scenario=form.scenario,
            cells=_texts(stored),
            materials=tuple(_file(each, reviewed, project.lead_id) for each in views),
            statements=form.statements,
            needs_approval=form.needs_approval,
            planned_end=days.number(form.planned_end) if form.planned_end else 0,
        )

    def content(self, record_id: str) -> Mapping[str, Any]:
        """What a fact's record says; nothing when it was erased."""
        document = self._evidence.get_record(record_id).document
        body: Any = document["body"] if document is not None else {}
        return body if isinstance(body, dict) else {}

    def _reviewed(self, session: Session, project: ProjectRow) -> set[str]:
        """The manifests that the lead says it has reviewed."""
        found: set[str] = set()
        for event in repository.events_named(session, project.id, (REVIEW,)):
            if event.actor_id == project.lead_id:
                found |= {str(each["record"]) for each in event.evidence}
        return found

    def _act(self, session: Session, project: ProjectRow, request: StepRequest, actor: str) -> Act:
        content = request.content
        return Act(
            action=request.action,
            evidence=_by_code(request.evidence),
            findings=frozenset(_words(content.get("findings", []), "/content/findings")),
            opinions=self._opinions(session, project, request.action, actor),
            conclusions=_mapping(content.get("conclusions", {}), "/content/conclusions"),
            value=request.value,
            tutoring=_tutoring(session, project, content.get("tutoring")),
        )

    def _opinions(self, session: Session, project: ProjectRow, action: str, actor: str) -> tuple[Opinion, ...]:
        """What the acting body's own experts say for the action, or its stage (``evaluation`` of ``evaluation.pass``).

        An expert's last word counts. Who has a conflict of interest and gives no opinion has stepped back (回避).
        """
        stages = (action, action.partition(".")[0])
        found: dict[str, tuple[OpinionForm, str]] = {}
        for event in repository.events_named(session, project.id, (OPINION,)):
            said = self.content(event.record_id).get("content") if event.actor_id == actor else None
            form = read_as(OpinionForm, said, "/content") if said else None
            if form is not None and form.stage in stages:
                found[form.expert] = form, event.record_id
        return tuple(
            Opinion(form.expert, form.field, record, form.declaration, form.conflicted)
            for form, record in found.values()
            if not form.conflicted or form.opinion or form.scores
        )

    @staticmethod
    def _history(session: Session, project: ProjectRow) -> tuple[Event, ...]:
        return tuple(
            Event(event.name, today_of(event.accepted_at))
            for event in repository.events(session, project.id)
            if event.phase == Phase.REGISTERED
        )


def _applicant(said: Mapping[str, Any], consents: Mapping[str, str]) -> Applicant:
    contacts = tuple(Contact(**each) for each in said["contacts"])
    return Applicant(**{**said, "contacts": contacts}, consent=consents.get(said["id"]))


def _texts(form: Mapping[str, Any]) -> dict[str, str]:
    """Every text of the form that somebody wrote into a cell."""
    found = {name: str(text) for name, text in form.get("cells", {}).items()}
    found |= {f"statements/{name}": str(text) for name, text in form.get("statements", {}).items()}
    for each in form.get("applicants", ()):
        found |= {f"applicants/{each['id']}/{name}": str(each.get(name, "")) for name in ("work", "rights")}
    return found


def _file(view: MaterialView, reviewed: set[str], lead_id: str) -> MaterialFile:
    said = view.details
    return MaterialFile(
        code=view.code,
        version=view.version,
        record=view.manifest_id,
        issuers=tuple(said.get("issuers", ())),
        signatures=tuple(Signature(each["office"], each["applicant"]) for each in said.get("signatures", ())),
        applicant=said.get("applicant"),
        reviewed=view.institution_id == lead_id or view.manifest_id in reviewed,
        translated=said.get("translated"),
    )


def _by_code(items: Sequence[Item]) -> dict[str, str]:
    return {each.code: each.record_id for each in items}


def _words(given: object, field: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise Invalid(field, "Expected a list of texts.")
    return given


def _mapping(given: object, field: str) -> dict[str, str]:
    if not isinstance(given, dict) or not all(isinstance(each, str) for each in given.values()):
        raise Invalid(field, "Expected an object with texts.")
    return given


def _tutoring(session: Session, project: ProjectRow, tutoring_id: object) -> Tutoring | None:
    """The earlier tutoring project of one of the applicants; another, or one that was not opened, lends nothing."""
    row = repository.project(session, tutoring_id) if isinstance(tutoring_id, str) else None
    if row is None or (row.track, row.region) != (_TUTORING, project.region):
        return None
    if not set(repository.applicants(session, row.id)) & set(repository.applicants(session, project.id)):
        return None
    launched = [each for each in repository.events(session, row.id) if each.phase == Phase.REGISTERED]
    return Tutoring(
        project=row.id,
        record=launched[-1].record_id if launched else "",
        ends_on=row.ends_on,
        revoked="REVOKED" in row.state,
    )
