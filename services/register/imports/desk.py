"""The door of the imports: check a list, read its report, carry it out."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject, canonical, parse_json
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.errors import Conflict, Invalid, LeaseLost, NotFound, Unavailable
from services.platform.idempotency import Once
from services.platform.ids import check_id, new_id
from services.platform.logging import get_logger
from services.register.book.holdings import standing_of
from services.register.companies.desk import Companies, Listed
from services.register.companies.further import Further
from services.register.companies.rules import Phase
from services.register.companies.views import CompanyView
from services.register.imports import repository
from services.register.imports.carrying import DONE, EXECUTION, GROUP_REFUSED, RUNNING, STOPPED, Carrying, note, resumed
from services.register.imports.examining import CHECKED, CHECKING, Examining, findings_aad, pledgees_aad
from services.register.imports.models import ImportRow
from services.register.imports.views import Execution, ImportRequest, ImportView
from services.register.parts import RegisterParts
from services.register.rules.days import day_of
from services.register.rules.values import State

__all__ = ["Custody", "Imports", "listed"]

_MOST_FILES, _MOST_REFUSALS = 20, 20
_log = get_logger("register.imports")
_CLEAN = (CHECKED, RUNNING, STOPPED, DONE)


def listed(session: Session, company_id: str) -> Listed | None:
    """What the newest clean list of a company's first security adds up to; None without one."""
    row = repository.newest_of(session, company_id, _CLEAN)
    if row is None:
        return None
    return Listed(int(row.summary["units"]), int(row.summary["confirmed_units"]), row.state == DONE)


class Custody(NamedTuple):
    """Whose holders are listed: companies and their further securities."""

    companies: Companies
    further: Further


class Imports:
    """Requests are answered at once; the jobs do the work (:meth:`run`)."""

    def __init__(self, parts: RegisterParts, custody: Custody, examining: Examining, carrying: Carrying) -> None:
        self._parts = parts
        self._companies, self._further = custody
        self._examining = examining
        self._carrying = carrying

    def check(self, caller: Principal, said: ImportRequest, *, once: Once | None) -> Future[ImportView]:
        """Begins to check a list. NotFound for a company that is none."""
        owner = self._require(caller, "register.act")
        if not 1 <= len(said.files) <= _MOST_FILES:
            raise Invalid("files", f"Expected 1 to {_MOST_FILES} files.")
        for place, each in enumerate(said.files):
            check_id(each.material, "mat", f"files/{place}/material")

        def make(group: Group) -> tuple[str, ImportView]:
            company = self._companies.require(group.session, said.company)
            row = ImportRow(id=new_id("imp", group.now_ms), owner_id=owner, company_id=company.id, security_id=None)
            row.further_id = said.security
            row.state, row.actor_id, row.record_id = CHECKING, caller.institution_id, None
            row.files = [{"material": each.material, "name": each.name} for each in said.files]
            row.demands = {
                "capital": self._expected(group.session, company, said.security),
                "sum_duplicates": said.sum_duplicates,
                "confirmed": said.confirmed,
                "pledgees": self._sealed(group.session, row, said.pledgees),
            }
            row.documents, row.summary, row.findings, row.groups = [], {}, 0, 0
            row.created_at = row.updated_at = group.now_ms
            repository.add(group.session, row)
            return row.id, _view(group.session, row)

        return self._once(caller, once, make)

    def execute(self, caller: Principal, import_id: str, said: Execution, *, once: Once | None) -> Future[ImportView]:
        """Begins to carry out a clean list, or goes on with one that stopped. Conflict when it cannot be."""
        owner = self._require(caller, "register.act")

        def make(group: Group) -> tuple[str, ImportView]:
            row = self._own(group.session, owner, import_id)
            if row.state == STOPPED and row.security_id == said.security:
                self._again(group.session, row)
            else:
                self._require_new(group.session, row, said)
            row.security_id, row.state, row.updated_at = said.security, RUNNING, group.now_ms
            row.documents = [{"code": each.code, "record": each.record} for each in said.documents]
            note(self._parts.stream, group, row, EXECUTION, {"security": said.security, "documents": row.documents})
            return row.id, _view(group.session, row)

        return self._once(caller, once, make)

    def list(self, caller: Principal, *, company: str | None, limit: int, cursor: str | None) -> Page[ImportView]:
        """Imports, of one company if given, the oldest first."""
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.read")
            rows = repository.imports(session, owner, company, after=cursor, limit=limit + 1)
            items = tuple(_view(session, row) for row in rows[:limit])
        return Page(items, items[-1].id if len(rows) > limit else None)

    def get(self, caller: Principal, import_id: str) -> ImportView:
        """One import. NotFound."""
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.read")
            return _view(session, self._own(session, owner, import_id))

    def findings(
        self, caller: Principal, import_id: str, *, first: int, limit: int
    ) -> tuple[tuple[Mapping[str, Any], ...], int | None]:
        """The report from finding number ``first`` on, and the number to go on with. Values are masked. NotFound."""
        with self._parts.database.read() as session:
            owner = self._parts.require(session, caller, "register.personal")
            row = self._own(session, owner, import_id)
            found: list[Any] = []
            for part in repository.findings(session, import_id, first):
                place = findings_aad(import_id, part.first)
                content: Any = parse_json(
                    self._parts.vault.decrypt(session, row.owner_id, part.content, place), max_bytes=1 << 20
                )
                found += content["findings"][max(0, first - part.first) :]
        taken = tuple(found[:limit])
        following = first + len(taken)
        return taken, following if following < row.findings and taken else None

    def run(self) -> bool:
        """The job: checks what is to be checked, and carries out what runs; whether something of that moved."""
        with self._parts.database.read() as session:
            checking = repository.imports_in(session, (CHECKING,))
            running = repository.imports_in(session, (RUNNING,))
        moved = [import_id for import_id in running if _tried(self._carrying.run, import_id)]
        for import_id in checking:
            if _tried(self._examining.run, import_id):
                return True
        return bool(moved)

    # --- inside

    def _require_new(self, session: Session, row: ImportRow, said: Execution) -> None:
        """A clean list for a company that is being confirmed, into its new and empty security."""
        if row.state != CHECKED:
            raise Conflict(f"The import is {row.state}.", slug="import-state", extra={"state": row.state})
        company = self._companies.require(session, row.company_id)
        if row.further_id is not None:
            if said.security != row.further_id:
                raise Invalid("security", "The list is for another security.")
            self._further.listed_for(session, company.id, row.further_id)
        elif company.phase is not Phase.CONFIRMING:
            detail = f"The company is {company.phase}; its list is carried out while it is {Phase.CONFIRMING}."
            raise Conflict(detail, slug="company-phase", extra={"phase": company.phase})
        today = day_of(self._parts.clock.ms() // 1000)
        standing = standing_of(session, self._parts.chain, check_id(said.security, "sec", "security"), today)
        if standing is None or standing.issuer_id != company.id:
            raise Invalid("security", "The chain has no such security of this company.")
        if standing.state != State.REGISTERING or standing.issued:
            raise Conflict("The security has units already, or is in custody.", slug="security-not-empty")
        if repository.of_security(session, said.security) is not None:
            raise Conflict("Another import is carried out into this security.", slug="import-running")

    def _expected(self, session: Session, company: CompanyView, further: str | None) -> str:
        """The units to which a list must add up: the registered capital, or those of a further security."""
        return company.capital if further is None else str(self._further.listed_for(session, company.id, further))

    @staticmethod
    def _again(session: Session, row: ImportRow) -> None:
        """What was refused is asked for anew; accounts that there are stay, units that are entered too."""
        for group in repository.groups(session, row.id, (GROUP_REFUSED,), 1 << 20):
            group.state, group.reason, group.acts = resumed(group), None, []

    def _sealed(self, session: Session, row: ImportRow, pledgees: Mapping[str, str]) -> str:
        """Names are nobody's business: encrypted, as hexadecimal digits."""
        return self._parts.vault.encrypt(session, row.owner_id, canonical({**pledgees}), pledgees_aad(row.id)).hex()

    def _require(self, caller: Principal, action: str) -> str:
        with self._parts.database.read() as session:
            return self._parts.require(session, caller, action)

    @staticmethod
    def _own(session: Session, owner: str, import_id: str) -> ImportRow:
        row = repository.one(session, import_id)
        if row is None or row.owner_id != owner:
            raise NotFound("There is no such import.")
        return row

    def _once(
        self, caller: Principal, once: Once | None, make: Callable[[Group], tuple[str, ImportView]]
    ) -> Future[ImportView]:
        def again(session: Session, import_id: str) -> ImportView:
            row = repository.one(session, import_id)
            if row is None:
                raise NotFound("There is no such import.")
            return _view(session, row)

        def unit(group: Group) -> ImportView:
            return do_once(
                group,
                caller.institution_id,
                once,
                kind="register-import",
                make=lambda: make(group),
                again=lambda made: again(group.session, made),
            )

        return self._parts.evidence.sequencer.submit(unit)


def _tried(work: Callable[[str], bool], import_id: str) -> bool:
    """Whether anything was done. What is not available to one import now holds no other up."""
    try:
        return work(import_id)
    except LeaseLost:
        raise
    except Unavailable as error:
        _log.warning("import_waits", register_import=import_id, reason=error.slug)
        return False


def _view(session: Session, row: ImportRow) -> ImportView:
    summary: JsonObject = row.summary
    return ImportView(
        id=row.id,
        company=row.company_id,
        security=row.security_id or row.further_id,
        state=row.state,
        files=row.files,
        summary=summary,
        findings=row.findings,
        groups=row.groups,
        progress=repository.states(session, row.id) or row.demands.get("progress", {}),
        refusals=[
            f"group {each.number}: {each.reason}"
            for each in repository.groups(session, row.id, (GROUP_REFUSED,), _MOST_REFUSALS)
        ],
        record_id=row.record_id,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
