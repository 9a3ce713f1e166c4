"""The door of the companies: application, custody cycle, codes and layers."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, fields, replace
from typing import Protocol

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity import policy
from services.identity.policy import Principal
from services.identity.rules import covers
from services.identity.service import IdentityService
from services.identity.views import Page
from services.platform.errors import Conflict, Invalid, NotFound, RuleRefused
from services.platform.idempotency import Once
from services.platform.ids import check_id, new_id
from services.register.acts.exits import withdraw_exit
from services.register.acts.said import Document, Said, units
from services.register.acts.securities import Admit, SetState
from services.register.asking import Ask, Asked
from services.register.codes import REGIONS, check_usci, parse_company_code
from services.register.companies import repository
from services.register.companies.models import CompanyRow
from services.register.companies.noting import Noted, Securities, note
from services.register.companies.rules import (
    ENDED,
    STEPS,
    Facts,
    Phase,
    Step,
    check_application,
    check_documents,
    check_step,
)
from services.register.companies.views import Application, CompanyEvent, CompanyView, StepRequest
from services.register.parts import RegisterParts

__all__ = ["Companies", "Listed", "Lists"]

FORMS = ("jsc", "llc")
"""股份有限公司, 有限责任公司."""
_NAME_MAX, _DAYS_MAX = 200, 366
_KEEP, _EXIT, _ARTICLES = "keep", "exit", "articles"


@dataclass(frozen=True, slots=True)
class Listed:
    """What the newest clean list of a company's holders adds up to, and whether it is carried out."""

    units: int
    confirmed_units: int
    carried_out: bool


class Lists(Protocol):
    """What the imports know of a company."""

    def __call__(self, session: Session, company_id: str) -> Listed | None:
        """None while no list was found to be clean."""
        ...


class Companies:
    """An operator sees all companies of its market, an issuer its own."""

    def __init__(self, parts: RegisterParts, ask: Ask, lists: Lists) -> None:
        self._parts = parts
        self._ask = ask
        self._lists = lists
        self._securities = Securities(parts)

    # --- writing

    def apply(self, caller: Principal, said: Application, *, once: Once | None) -> Future[CompanyView]:
        """A new company. Invalid names the code that is wrong; RuleRefused REM-12 for one of another region."""
        owner = self._require(caller)
        check_application([each.code for each in said.documents])

        def make(group: Group) -> tuple[str, CompanyView]:
            row = self._row(owner, said)
            self._require_institution(group.session, said.issuer)
            known = repository.taken(group.session, owner, row.number, row.usci)
            if known is not None:
                detail = "A company of this market has this code or credit code."
                raise Conflict(detail, slug="company-exists", extra={"id": known.id})
            row.id = new_id("cmp", group.now_ms)
            row.created_at = row.updated_at = group.now_ms
            repository.add(group.session, row)
            body: JsonObject = {each: getattr(row, each) for each in _PARTICULARS}
            body |= {"issuer": row.issuer_id} if row.issuer_id else {}
            self._note(group, row, caller, Noted("apply", "", Phase.APPLIED, said.documents, body))
            return row.id, self._view(group.session, row)

        return self._once(caller, once, make)

    def step(self, caller: Principal, company_id: str, said: StepRequest, *, once: Once | None) -> Future[CompanyView]:
        """The next step. Conflict ``company-phase``, RuleRefused CUS-…; a step on the chain gives an operation."""
        owner, step = self._require(caller), STEPS.get(said.step)
        if step is None:
            raise Invalid("step", f"Expected one of {', '.join(STEPS)}.")

        def make(group: Group) -> tuple[str, CompanyView]:
            row = self._own(group.session, owner, company_id)
            if said.security is not None and row.security_id is None:
                row.security_id = self._security(group.session, row, said.security)
            before = self._phase(group.session, row)
            check_step(step, before, [each.code for each in said.documents], self._facts(group.session, row))
            if step.name == _KEEP and row.security_id is not None:
                withdraw_exit(self._parts, group, row.security_id, "The company stays in custody.")
            asked = self._follow(group, caller, row, step, said)
            row.state, row.updated_at = step.target, group.now_ms
            about: JsonObject = {"reason": said.reason, **({"security": row.security_id} if row.security_id else {})}
            noted = Noted(step.name, before, step.target, said.documents, about, asked)
            self._note(group, row, caller, noted)
            return row.id, self._view(group.session, row, asked)

        return self._once(caller, once, make)

    def change_layer(
        self,
        caller: Principal,
        company_id: str,
        layer: str,
        documents: tuple[Document, ...],
        *,
        once: Once | None,
    ) -> Future[CompanyView]:
        """Another layer (转层): nothing but the last letter of the code changes. Invalid, Conflict."""
        owner = self._require(caller)

        def make(group: Group) -> tuple[str, CompanyView]:
            row = self._own(group.session, owner, company_id)
            phase = self._phase(group.session, row)
            if phase in ENDED:
                raise Conflict(f"The company is {phase}.", slug="company-phase", extra={"phase": phase})
            before, row.code = row.code, str(parse_company_code(row.code).in_layer(layer))
            row.updated_at = group.now_ms
            self._note(group, row, caller, Noted("layer", before, row.code, documents, {}))
            return row.id, self._view(group.session, row)

        return self._once(caller, once, make)

    def change_articles(
        self,
        caller: Principal,
        company_id: str,
        pre_emption: int | None,
        documents: tuple[Document, ...],
        *,
        once: Once | None,
    ) -> Future[CompanyView]:
        """What the articles (章程) say now of who may buy first. RuleRefused CUS-01 without them; Invalid."""
        owner, days = self._require(caller), _days(pre_emption)
        check_documents("articles", (_ARTICLES,), [each.code for each in documents])

        def make(group: Group) -> tuple[str, CompanyView]:
            row = self._own(group.session, owner, company_id)
            before, row.pre_emption = row.pre_emption, days
            row.updated_at = group.now_ms
            said: JsonObject = {"pre_emption": days}
            noted = Noted("articles", _shown(before), _shown(days), documents, said)
            self._note(group, row, caller, noted)
            return row.id, self._view(group.session, row)

        return self._once(caller, once, make)

    def name_institution(
        self, caller: Principal, company_id: str, issuer: str, documents: tuple[Document, ...], *, once: Once | None
    ) -> Future[CompanyView]:
        """Which institution the company is (发行人): that one reads its register from now on, no other. Invalid."""
        owner = self._require(caller)

        def make(group: Group) -> tuple[str, CompanyView]:
            row = self._own(group.session, owner, company_id)
            self._require_institution(group.session, issuer)
            before, row.issuer_id = row.issuer_id or "", issuer
            row.updated_at = group.now_ms
            self._note(group, row, caller, Noted("institution", before, issuer, documents, {}))
            return row.id, self._view(group.session, row)

        return self._once(caller, once, make)

    # --- reading

    def list(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[CompanyView]:
        """The companies that the caller may see, the oldest first."""
        with self._parts.database.read() as session:
            host = IdentityService.host_id(session)
            target = IdentityService.target(session, host) if host else None
            if target is not None and policy.allowed(caller, "register.read", target):
                rows = repository.companies(session, owner_id=host, after=cursor, limit=limit + 1)
            else:
                policy.require(caller, "register.read")
                rows = repository.companies(session, issuer_id=caller.institution_id, after=cursor, limit=limit + 1)
            items = tuple(self._view(session, row) for row in rows[:limit])
        return Page(items, items[-1].id if len(rows) > limit else None)

    def get(self, caller: Principal, company_id: str) -> CompanyView:
        """One company. NotFound."""
        with self._parts.database.read() as session:
            return self._view(session, self._readable(session, caller, company_id))

    def events(self, caller: Principal, company_id: str) -> Sequence[CompanyEvent]:
        """What happened to a company, in order. NotFound."""
        with self._parts.database.read() as session:
            row = self._readable(session, caller, company_id)
            rows = repository.events(session, row.id)
        names = [each.name for each in fields(CompanyEvent)]
        return [CompanyEvent(**{name: getattr(each, name) for name in names}) for each in rows]

    def require(self, session: Session, company_id: str) -> CompanyView:
        """The company, for another part of the register. NotFound."""
        row = repository.company(session, company_id)
        if row is None:
            raise _unknown()
        return self._view(session, row)

    # --- inside

    def _row(self, owner: str, said: Application) -> CompanyRow:
        code, usci = parse_company_code(said.code), check_usci(said.usci)
        market = self._parts.market
        if not covers(market.region, said.region) or not covers(REGIONS[code.region].code, said.region):
            raise RuleRefused(
                "REM-12",
                "The company is registered outside the market's region, or its code names another region.",
                source="国办发〔2017〕11号 七",
                extra={"numbers": {"market": market.region, "company": said.region, "code": REGIONS[code.region].code}},
            )
        name = " ".join(said.name.split())
        if not 2 <= len(name) <= _NAME_MAX:
            raise Invalid("name", f"A name has 2 to {_NAME_MAX} characters.")
        if said.form not in FORMS:
            raise Invalid("form", f"Expected one of {', '.join(FORMS)}.")
        row = CompanyRow(owner_id=owner, issuer_id=said.issuer, code=str(code), number=code.region + code.number)
        row.name, row.usci, row.region, row.form = name, usci, said.region, said.form
        row.pre_emption = _days(said.pre_emption)
        row.capital, row.state, row.security_id, row.count = str(units(said.capital, "capital")), Phase.APPLIED, None, 0
        return row

    @staticmethod
    def _require_institution(session: Session, issuer: str | None) -> None:
        """Invalid for one that is none."""
        if issuer is not None:
            try:
                IdentityService.target(session, issuer)
            except NotFound:
                raise Invalid("issuer", "There is no such institution.") from None

    def _security(self, session: Session, row: CompanyRow, security_id: str) -> str:
        standing = self._securities.standing(session, check_id(security_id, "sec", "security"))
        if standing is None or standing.issuer_id != row.id:
            raise Invalid("security", "The chain has no such security of this company.")
        return security_id

    def _follow(self, group: Group, caller: Principal, row: CompanyRow, step: Step, said: StepRequest) -> Asked | None:
        """Asks the chain for what the step means there."""
        if step.chain is None:
            return None
        if row.security_id is None:
            raise Invalid("security", "Name the security that is registered for this company.")
        act: Said = SetState(security=row.security_id, state=step.chain.name.lower(), documents=said.documents)
        if step.name == "admit":
            act = Admit(security=row.security_id, capital=row.capital, documents=said.documents)
        elif step.name != _EXIT:
            self._follow_with_others(group, caller, row, step, said)
        return self._ask(group, caller.institution_id, act)

    def _follow_with_others(
        self, group: Group, caller: Principal, row: CompanyRow, step: Step, said: StepRequest
    ) -> None:
        """A suspension, and its end, are of all that the company has in custody."""
        for each in repository.further(group.session, row.id):
            if (
                step.chain is not None
                and self._securities.phase(group.session, each.state, each.security_id) in step.sources
            ):
                state = step.chain.name.lower()
                act = SetState(security=each.security_id, state=state, documents=said.documents)
                self._ask(group, caller.institution_id, act)

    def _facts(self, session: Session, row: CompanyRow) -> Facts:
        listed, further = self._lists(session, row.id), repository.further(session, row.id)
        liens = [
            self._securities.liens(session, each) for each in (row.security_id, *(one.security_id for one in further))
        ]
        phases = [self._securities.phase(session, each.state, each.security_id) for each in further]
        return Facts(
            listed_units=listed.units if listed else None,
            confirmed_units=listed.confirmed_units if listed else 0,
            capital=int(row.capital),
            carried_out=bool(listed and listed.carried_out),
            threshold=self._parts.market.confirmation,
            pledges=sum(pledges for pledges, _freezes in liens),
            freezes=sum(freezes for _pledges, freezes in liens),
            others=sum(1 for each in phases if each not in ENDED),
        )

    def _phase(self, session: Session, row: CompanyRow) -> Phase:
        return self._securities.phase(session, row.state, row.security_id)

    def _note(self, group: Group, row: CompanyRow, caller: Principal, noted: Noted) -> None:
        note(self._parts, group, row, caller, noted)

    def _require(self, caller: Principal) -> str:
        with self._parts.database.read() as session:
            return self._parts.require(session, caller, "register.act")

    def _own(self, session: Session, owner: str, company_id: str) -> CompanyRow:
        row = repository.company(session, company_id)
        if row is None or row.owner_id != owner:
            raise _unknown()
        return row

    def _readable(self, session: Session, caller: Principal, company_id: str) -> CompanyRow:
        row = repository.company(session, company_id)
        own = row is not None and row.issuer_id == caller.institution_id
        if row is None or not (
            own or policy.allowed(caller, "register.read", IdentityService.target(session, row.owner_id))
        ):
            policy.require(caller, "register.read")
            raise _unknown()
        return row

    def _once(
        self, caller: Principal, once: Once | None, make: Callable[[Group], tuple[str, CompanyView]]
    ) -> Future[CompanyView]:
        def unit(group: Group) -> CompanyView:
            return do_once(
                group,
                caller.institution_id,
                once,
                kind="register-company",
                make=lambda: make(group),
                again=lambda made: self.require(group.session, made),
            )

        return self._parts.submit(unit)

    def _view(self, session: Session, row: CompanyRow, asked: Asked | None = None) -> CompanyView:
        phase = self._phase(session, row)
        view = CompanyView(
            id=row.id,
            code=row.code,
            layer=parse_company_code(row.code).layer,
            name=row.name,
            usci=row.usci,
            region=row.region,
            form=row.form,
            capital=row.capital,
            phase=phase,
            steps=[each.name for each in STEPS.values() if phase in each.sources],
            issuer=row.issuer_id,
            pre_emption=row.pre_emption,
            security=row.security_id,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        return view if asked is None else replace(view, operation_id=asked.operation_id)


def _shown(days: int | None) -> str:
    return "" if days is None else str(days)


def _days(pre_emption: int | None) -> int | None:
    if pre_emption is not None and not 0 <= pre_emption <= _DAYS_MAX:
        raise Invalid("pre_emption", f"Expected 0 to {_DAYS_MAX} days.")
    return pre_emption


_PARTICULARS = ("code", "name", "usci", "region", "form", "capital", "pre_emption")


def _unknown() -> NotFound:
    return NotFound("There is no such company.")
