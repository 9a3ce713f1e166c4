"""Facts of a company (托管事实), each a leaf in its stream and a row; and where its securities stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.identity.policy import Principal
from services.register.accounts.desk import evidence_of
from services.register.acts import repository as acts
from services.register.acts.said import Document
from services.register.asking import Asked
from services.register.book.holdings import Standing, standing_of
from services.register.companies import repository
from services.register.companies.models import CompanyEventRow, CompanyRow
from services.register.companies.rules import Phase, phase_of
from services.register.parts import RegisterParts
from services.register.rules.days import day_of
from services.register.rules.values import State
from services.register.stream import Entry

__all__ = ["Noted", "Securities", "note"]


@dataclass(frozen=True, slots=True)
class Noted:
    """What a fact of a company says."""

    name: str
    before: str
    after: str
    documents: tuple[Document, ...]
    body: JsonObject
    asked: Asked | None = None


def note(parts: RegisterParts, group: Group, row: CompanyRow, caller: Principal, noted: Noted) -> None:
    """Writes it."""
    documents = evidence_of(noted.documents)
    body: JsonObject = {"before": noted.before, "after": noted.after, "documents": documents, **noted.body}
    body |= {"act": noted.asked.id} if noted.asked else {}
    entry = Entry(name=f"company-{noted.name}", about=row.id, actor=caller.institution_id, body=body)
    written = parts.stream.fact(group, entry)
    event = CompanyEventRow(company_id=row.id, seq=row.count, name=noted.name, before=noted.before)
    event.after, event.documents, event.actor_id = noted.after, documents, caller.institution_id
    event.record_id, event.at = written.record_id, group.now_ms
    event.operation_id = noted.asked.operation_id if noted.asked else None
    row.count += 1
    repository.add(group.session, event)


class Securities:
    """A company's securities as the chain has them, and as acts that nobody has signed yet will make them."""

    def __init__(self, parts: RegisterParts) -> None:
        self._parts = parts

    def standing(self, session: Session, security_id: str | None) -> Standing | None:
        """None for none, and for one that the chain does not have."""
        if security_id is None:
            return None
        return standing_of(session, self._parts.chain, security_id, day_of(self._parts.clock.ms() // 1000))

    def phase(self, session: Session, state: str, security_id: str | None) -> Phase:
        """Where it stands, by the service's own state of it and the chain's."""
        standing = self.standing(session, security_id)
        return phase_of(Phase(state), State(standing.state) if standing else None)

    def liens(self, session: Session, security_id: str | None) -> tuple[int, int]:
        """Pledges and freezes that live or are asked for."""
        standing, asked = self.standing(session, security_id), self._liens_asked(session, security_id)
        pledges, freezes = (standing.pledges, standing.freezes) if standing else (0, 0)
        return pledges + asked.count("pledge"), freezes + asked.count("freeze")

    def _liens_asked(self, session: Session, security_id: str | None) -> Sequence[str]:
        """The names of the acts that put a lien on its units once they are signed."""
        if security_id is None:
            return []
        asked = acts.undecided(session, self._parts.chain, security_id, names=("pledge", "freeze"))
        return [name for name, _message, _operation in asked]
