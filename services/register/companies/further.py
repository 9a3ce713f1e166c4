"""Further securities of a company in custody (类别股、可转债): each has its own first registration (docs/adr/0029).

The company was verified once; what is confirmed, entered and taken into custody again are the holders of this security.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity.policy import Principal
from services.platform.errors import Conflict, Invalid, NotFound
from services.platform.idempotency import Once
from services.platform.ids import check_id
from services.register.acts.said import Document, Said, units
from services.register.acts.securities import Admit, SetState
from services.register.asking import Ask, Asked
from services.register.book import repository as book
from services.register.companies import repository
from services.register.companies.models import CompanyRow, FurtherSecurityRow
from services.register.companies.noting import Noted, Securities, note
from services.register.companies.rules import FURTHER, FURTHER_STEPS, Facts, Phase, Step, check_documents, check_step
from services.register.companies.views import FurtherRequest, FurtherView, StepRequest
from services.register.parts import RegisterParts
from services.register.rules.positions import Position
from services.register.rules.values import State
from services.register.sight import sight_of

__all__ = ["Further"]

_IN = (Phase.CUSTODIED, Phase.SUSPENDED)


class Further:
    """The operator acts; an issuer reads its own."""

    def __init__(self, parts: RegisterParts, ask: Ask) -> None:
        self._parts = parts
        self._ask = ask
        self._securities = Securities(parts)

    def add(
        self, caller: Principal, company_id: str, said: FurtherRequest, *, once: Once | None
    ) -> Future[FurtherView]:
        """A security that was opened for a company in custody: its first registration begins. CUS-01, Conflict."""
        wanted = units(said.units, "units")

        def make(group: Group, company: CompanyRow) -> FurtherView:
            check_documents("security", FURTHER, [each.code for each in said.documents])
            self._require_new(group.session, company, said.security)
            row = FurtherSecurityRow(security_id=said.security, company_id=company.id, units=str(wanted))
            row.state, row.created_at, row.updated_at = Phase.CONFIRMING, group.now_ms, group.now_ms
            repository.add(group.session, row)
            note(self._parts, group, company, caller, _noted(row, "add", "", said.documents))
            return self._view(group.session, row)

        return self._once(caller, company_id, once, make)

    def step(
        self, caller: Principal, company_id: str, security_id: str, said: StepRequest, *, once: Once | None
    ) -> Future[FurtherView]:
        """The next step of one of them. Conflict ``company-phase``, RuleRefused CUS-…."""
        step = FURTHER_STEPS.get(said.step)
        if step is None:
            raise Invalid("step", f"Expected one of {', '.join(FURTHER_STEPS)}.")

        def make(group: Group, company: CompanyRow) -> FurtherView:
            row = self._row(group.session, company.id, security_id)
            before = self._securities.phase(group.session, row.state, row.security_id)
            check_step(step, before, [each.code for each in said.documents], self._facts(group.session, row))
            asked = self._follow(group, caller, row, step, said.documents)
            row.state, row.updated_at = step.target, group.now_ms
            note(self._parts, group, company, caller, _noted(row, step.name, before, said.documents, asked=asked))
            return self._view(group.session, row, asked)

        return self._once(caller, company_id, once, make)

    def list(self, caller: Principal, company_id: str) -> Sequence[FurtherView]:
        """Those of a company, by id. NotFound."""
        with self._parts.database.read() as session:
            sight_of(self._parts, session, caller).require(company_id, "company")
            return [self._view(session, row) for row in repository.further(session, company_id)]

    def listed_for(self, session: Session, company_id: str, security_id: str) -> int:
        """How many units a list for this security must add up to. NotFound, Conflict ``company-phase``."""
        row = self._row(session, company_id, security_id)
        phase = self._securities.phase(session, row.state, row.security_id)
        if phase is not Phase.CONFIRMING:
            detail = f"The security is {phase}; its list is checked and carried out while it is {Phase.CONFIRMING}."
            raise Conflict(detail, slug="company-phase", extra={"phase": phase})
        return int(row.units)

    # --- inside

    def _require_new(self, session: Session, company: CompanyRow, security_id: str) -> None:
        phase = self._securities.phase(session, company.state, company.security_id)
        if phase not in _IN:
            detail = f"The company is {phase}; a further security is taken up while it is in custody."
            raise Conflict(detail, slug="company-phase", extra={"phase": phase})
        standing = self._securities.standing(session, check_id(security_id, "sec", "security"))
        if standing is None or standing.issuer_id != company.id:
            raise Invalid("security", "The chain has no such security of this company.")
        if security_id == company.security_id or repository.further_one(session, security_id) is not None:
            raise Conflict("The security is the company's already.", slug="security-taken-up")
        if standing.state != State.REGISTERING:
            raise Conflict("The security is in custody already, or has left it.", slug="security-state")

    def _follow(
        self, group: Group, caller: Principal, row: FurtherSecurityRow, step: Step, documents: tuple[Document, ...]
    ) -> Asked | None:
        if step.chain is None:
            return None
        act: Said = SetState(security=row.security_id, state=step.chain.name.lower(), documents=documents)
        if step.chain is State.CUSTODIED and step.name == "admit":
            act = Admit(security=row.security_id, capital=row.units, documents=documents)
        return self._ask(group, caller.institution_id, act)

    def _facts(self, session: Session, row: FurtherSecurityRow) -> Facts:
        standing = self._securities.standing(session, row.security_id)
        pledges, freezes = self._securities.liens(session, row.security_id)
        return Facts(
            listed_units=standing.issued if standing else 0,
            confirmed_units=self._confirmed(session, row) if row.state == Phase.CONFIRMING else 0,
            capital=int(row.units),
            carried_out=True,
            threshold=self._parts.market.confirmation,
            pledges=pledges,
            freezes=freezes,
        )

    def _confirmed(self, session: Session, row: FurtherSecurityRow) -> int:
        found = book.positions(session, self._parts.chain, row.security_id, None, limit=1 << 31)
        held = (Position.of(int.from_bytes(each.word)) for each in found)
        return sum(each.units for each in held if not each.unconfirmed)

    def _row(self, session: Session, company_id: str, security_id: str) -> FurtherSecurityRow:
        row = repository.further_one(session, check_id(security_id, "sec", "security"))
        if row is None or row.company_id != company_id:
            raise NotFound("The company has no such further security.")
        return row

    def _once(
        self,
        caller: Principal,
        company_id: str,
        once: Once | None,
        make: Callable[[Group, CompanyRow], FurtherView],
    ) -> Future[FurtherView]:
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.act")

        def unit(group: Group) -> FurtherView:
            def made() -> tuple[str, FurtherView]:
                company = repository.company(group.session, company_id)
                if company is None or company.owner_id != owner:
                    raise NotFound("There is no such company.")
                view = make(group, company)
                return view.security, view

            def again(found: str) -> FurtherView:
                return self._view(group.session, self._row(group.session, company_id, found))

            return do_once(group, caller.institution_id, once, kind="register-further", make=made, again=again)

        return self._parts.submit(unit)

    def _view(self, session: Session, row: FurtherSecurityRow, asked: Asked | None = None) -> FurtherView:
        standing = self._securities.standing(session, row.security_id)
        phase = self._securities.phase(session, row.state, row.security_id)
        return FurtherView(
            security=row.security_id,
            company=row.company_id,
            units=row.units,
            issued=str(standing.issued if standing else 0),
            phase=phase,
            steps=[each.name for each in FURTHER_STEPS.values() if phase in each.sources],
            created_at=row.created_at,
            updated_at=row.updated_at,
            operation_id=asked.operation_id if asked else None,
        )


def _noted(
    row: FurtherSecurityRow, step: str, before: str, documents: tuple[Document, ...], *, asked: Asked | None = None
) -> Noted:
    said: JsonObject = {"security": row.security_id, "units": row.units}
    return Noted(f"security-{step}", before, row.state, documents, said, asked)
