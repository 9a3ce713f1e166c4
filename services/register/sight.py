"""How much of the register a caller sees (可见范围): all of it, or what is of the caller's own companies.

An issuer sees its holders with their names and units (股东名册: 公司法 56, 102), what lies on these, what was stated
and paid; identity documents, accounts and other companies' affairs are none of its business.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.identity import policy
from services.identity.policy import Principal, Target
from services.identity.service import IdentityService
from services.platform.errors import Conflict, NotFound
from services.register.book import repository as book
from services.register.companies import repository as companies
from services.register.parts import RegisterParts

__all__ = ["Sight", "sight_of"]

_READ, _PERSONAL = "register.read", "register.personal"


@dataclass(frozen=True, slots=True)
class Sight:
    """``companies``: the issuer's own, None for everything; ``names``: whether holders are shown by name."""

    companies: frozenset[str] | None
    names: bool

    def sees(self, company_id: str) -> bool:
        """Whether what is of this company is the caller's to see."""
        return self.companies is None or company_id in self.companies

    def require(self, company_id: str, what: str) -> None:
        """NotFound, as for ``what`` there is not."""
        if not self.sees(company_id):
            raise NotFound(f"There is no such {what}.")

    def require_security(self, session: Session, chain: str, security_id: str) -> None:
        """NotFound for a security that is not the caller's to see; one that there is not, others tell."""
        row = None if self.companies is None else book.security(session, chain, security_id)
        if self.companies is not None:
            self.require("" if row is None else row.issuer_id, "security")

    def securities(self, session: Session, chain: str) -> Collection[str] | None:
        """Those that the caller sees; None for all."""
        if self.companies is None:
            return None
        return book.securities_of(session, chain, self.companies)


def sight_of(parts: RegisterParts, session: Session, caller: Principal) -> Sight:
    """Of this caller. Forbidden or NotFound for who neither reads the market's register nor is a company in it."""
    host = IdentityService.host_id(session)
    if host is None or parts.venue is None:
        raise Conflict("This installation runs no market (settings.toml, [market]).", slug="no-market")
    market = IdentityService.target(session, host)
    if policy.allowed(caller, _READ, market):
        return Sight(None, policy.allowed(caller, _PERSONAL, market))
    own = Target(caller.institution_id, caller.region)
    issued = companies.ids_of(session, host, caller.institution_id) if policy.allowed(caller, _READ, own) else ()
    if not issued:
        policy.require(caller, _READ, market)
    return Sight(frozenset(issued), policy.allowed(caller, _PERSONAL, own))
