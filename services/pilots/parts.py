"""What the doors of the context share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import check_json
from chain.proof.errors import FormatError
from services.evidence.service import EvidenceService
from services.pilots import epochs, repository
from services.pilots.books import Book, Books, require_row
from services.pilots.facts.comments import Comments
from services.pilots.facts.facts import Facts
from services.pilots.models import ProjectRow, RulebookRow
from services.pilots.projects.checking import Checking
from services.pilots.projects.confirming import Confirmations
from services.pilots.projects.forms import Forms
from services.pilots.projects.materials import ProjectMaterials
from services.pilots.reads import Reads
from services.pilots.steps.calendars import ChainDays, CountDays
from services.pilots.steps.commands import Steps
from services.pilots.stream import Evidence, Stream
from services.pilots.views import Item
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Invalid, NotFound
from services.transactions.service import Transactions

__all__ = ["Parts", "check_content"]


def check_content(content: Mapping[str, Any] | None, field: str) -> None:
    """Invalid unless it can stand in a record (RFC 8785): said before any of it is quoted in a refusal."""
    try:
        check_json(dict(content or {}))
    except FormatError as error:
        raise Invalid(f"{field}{error.field}", error.reason) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Made once, in ``wiring``. ``chain``: the supervision chain's name; ``count_days``: its calendar."""

    database: Database
    clock: Clock
    evidence: EvidenceService
    transactions: Transactions
    stream: Stream
    books: Books
    forms: Forms
    materials: ProjectMaterials
    confirmations: Confirmations
    checking: Checking
    steps: Steps
    facts: Facts
    comments: Comments
    reads: Reads
    chain: str
    count_days: CountDays

    def book(self, session: Session, project: ProjectRow) -> Book:
        """The rulebook under which the project goes."""
        return self.books.get(session, project.rulebook_id)

    def require_here(self, session: Session, project: ProjectRow) -> None:
        """Conflict when the chain of the project, or of a draft's rulebook, is lost."""
        epochs.require_project(session, self.transactions, self.chain, project)
        if not project.count:
            self.require_rulebook(session, require_row(session, project.rulebook_id))

    def require_going(self, session: Session, project: ProjectRow) -> None:
        """Conflict when the project takes no steps: its chain is lost, or its log frozen."""
        self.require_here(session, project)
        epochs.require_log(session, project.log_id)

    def require_rulebook(self, session: Session, row: RulebookRow) -> None:
        """Conflict when the chain on which it was put in force is lost."""
        epochs.require_rulebook(session, self.transactions, self.chain, row)

    def calendar(self, project: ProjectRow) -> ChainDays:
        """The working days of the project's region."""
        return ChainDays(self.count_days, project.region)

    def evidence_of(
        self, session: Session, project: ProjectRow, actor: str, items: Sequence[Item]
    ) -> tuple[Evidence, ...]:
        """The records that an act rests on: the actor's own, or such as the project has. Invalid names the first other.

        Their leaves' hashes go into the act's own record.
        """
        known = {event.record_id for event in repository.events(session, project.id)} if items else set()
        known |= {row.manifest_id for row in repository.material_versions(session, project.id)} if items else set()
        found: list[Evidence] = []
        for number, item in enumerate(items):
            field = f"/evidence/{number}/record"
            try:
                record = self.evidence.get_record(item.record_id, with_document=False)
            except NotFound:
                raise Invalid(field, "There is no such record.") from None
            if record.institution_id != actor and record.id not in known:
                raise Invalid(field, "Expected a record of the own institution, or one of this project's.")
            found.append(Evidence(item.code, record.id, record.leaf_hash))
        return tuple(found)
