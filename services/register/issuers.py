"""Issuers (发行人) as acts look at them: a company of this register, its region and its articles by its record."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.register.book import repository as book
from services.register.companies import repository
from services.register.companies.rules import Phase, phase_of
from services.register.rules.values import State

__all__ = ["Issuer", "IssuerOf", "issuer_of"]


@dataclass(frozen=True, slots=True)
class Issuer:
    """``pre_emption``: days by its articles, None where they say nothing (:class:`CompanyRow`)."""

    id: str
    owner_id: str
    usci: str
    form: str
    region: int
    phase: Phase
    pre_emption: int | None


IssuerOf = Callable[[Session, str], Issuer | None]
"""The company with this id; None for one that is not known here."""


def issuer_of(chain: str, session: Session, company_id: str) -> Issuer | None:
    """As it is now; ``chain``: the register's."""
    row = repository.company(session, company_id)
    if row is None:
        return None
    security = book.security(session, chain, row.security_id) if row.security_id else None
    phase = phase_of(Phase(row.state), State(security.state) if security else None)
    return Issuer(row.id, row.owner_id, row.usci, row.form, row.region, phase, row.pre_emption)
