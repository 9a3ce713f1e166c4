"""Companies in custody as the facts of a recovered log tell them: their codes, and each step of their custody."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from services.evidence.recovery.plan import Told
from services.register import told as records
from services.register.acts import repository as acts
from services.register.codes import parse_company_code
from services.register.companies import repository
from services.register.companies.models import CompanyEventRow, CompanyRow, FurtherSecurityRow
from services.register.companies.rules import STEPS, Phase

__all__ = ["APPLY", "PREFIX", "applied", "follow", "rebuild"]

PREFIX = "company-"
"""How the facts of a company are named."""

APPLY, _FURTHER = "apply", "security-"
_PARTICULARS: Mapping[str, Callable[[Told], tuple[str, Any]]] = {
    "layer": lambda told: ("code", records.member(told, "after")),
    "articles": lambda told: ("pre_emption", records.body(told).get("pre_emption")),
    "institution": lambda told: ("issuer_id", records.member(told, "after")),
}
"""Facts that change one of a company's particulars: which, and to what."""


def rebuild(session: Session, told: Sequence[Told]) -> list[str]:
    """Rows and their events, after those of acts; what is gone, in words. Again, nothing changes."""
    gone: dict[str, None] = {}
    for name, each in records.facts(told, prefix=PREFIX):
        row = repository.company(session, records.about(each))
        if row is None and name == APPLY:
            row = applied(each)
            repository.add(session, row)
        if row is None:
            gone[f"company {records.about(each)}: neither backup nor records tell of its application"] = None
        elif all(event.record_id != each.record_id for event in repository.events(session, row.id)):
            _follow(session, row, name, each)
    return list(gone)


def applied(told: Told) -> CompanyRow:
    """The row of a company as its application makes it."""
    said, code = records.body(told), parse_company_code(records.member(told, "code"))
    row = CompanyRow(id=records.about(told), owner_id=told.institution_id, issuer_id=said.get("issuer"))
    row.code, row.number = str(code), code.region + code.number
    row.name, row.usci = str(said["name"]), str(said["usci"])
    row.region, row.form, row.capital = records.number_of(told, "region"), str(said["form"]), str(said["capital"])
    row.pre_emption = records.number_of(told, "pre_emption") if said.get("pre_emption") is not None else None
    row.state, row.security_id, row.count, row.created_at = Phase.APPLIED, None, 0, told.leaf.accepted_at
    row.updated_at = row.created_at
    return row


def _follow(session: Session, row: CompanyRow, name: str, told: Told) -> None:
    said, at = records.body(told), told.leaf.accepted_at
    act = acts.act(session, records.member(told, "act"))
    event = CompanyEventRow(company_id=row.id, seq=row.count, name=name, before=records.member(told, "before"))
    event.after, event.documents = records.member(told, "after"), said.get("documents")
    event.actor_id, event.record_id, event.at = str(told.document["actor"]), told.record_id, at
    event.operation_id = None if act is None else act.operation_id
    follow(row, name, told)
    if name.startswith(_FURTHER):
        _further(session, row, told, Phase(event.after))
    repository.add(session, event)


def follow(row: CompanyRow, name: str, told: Told) -> None:
    """What of a company is another after a fact of this name."""
    if name in _PARTICULARS:
        setattr(row, *_PARTICULARS[name](told))
    elif name == APPLY or name in STEPS:
        row.state, row.security_id = Phase(records.member(told, "after")), _named(told) or row.security_id
    row.count, row.updated_at = row.count + 1, row.updated_at if name.startswith(_FURTHER) else told.leaf.accepted_at


def _named(told: Told) -> str:
    return records.member(told, "security")


def _further(session: Session, company: CompanyRow, told: Told, phase: Phase) -> None:
    """A further security of the company, taken up or a step on."""
    security_id, at = records.member(told, "security"), told.leaf.accepted_at
    row = repository.further_one(session, security_id)
    if row is None:
        row = FurtherSecurityRow(security_id=security_id, company_id=company.id, units=records.member(told, "units"))
        row.created_at = at
    row.state, row.updated_at = phase, at
    repository.add(session, row)
