"""The door of the context: asking for years and closures, and what everybody may read of calendars."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from chain.errors import ChainError
from services.calendar import repository
from services.calendar.models import YearRow
from services.calendar.publishing import CONTRACT, PUBLISHED, Closing, Publishing, of_row
from services.calendar.rules import CalendarFault, Year, count, differences, of_words
from services.calendar.sources import LIBRARY, Announced, from_file, from_library
from services.calendar.views import ClosureView, Comparison, Counted, YearView
from services.days import day_of, number, on
from services.evidence.group import Group
from services.evidence.once import do_once
from services.evidence.service import EvidenceService
from services.identity import policy
from services.identity.policy import Principal, Target
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Invalid, NotFound, Unavailable
from services.platform.idempotency import Once
from services.transactions.service import Transactions
from services.transactions.views import OperationView

__all__ = ["CalendarDesk", "ClosureRequest", "ReadAny", "YearFile", "YearRequest"]

ReadAny = Callable[..., Any]
"""(chain, contract, view, arguments...) -> what a view on that chain says. ChainError."""
_SPAN_YEARS = 30


@dataclass(frozen=True, slots=True)
class YearFile:
    """An announcement written down: the file's name, by which it is shown, and its YAML."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRequest:
    """Which year of which region, by the library unless a file says it. ``chain`` None: the supervision chain."""

    region: int
    year: int
    file: YearFile | None = None
    chain: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosureRequest:
    """Which days ahead, as trading days only or also as working days."""

    region: int
    days: tuple[date, ...]
    working: bool
    reason: str
    document: str
    chain: str | None = None


class CalendarDesk:
    """``chains``: those with a calendar, by name, and what rows call their present epoch; ``default`` is one's name."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        evidence: EvidenceService,
        transactions: Transactions,
        publishing: Publishing,
        chains: Mapping[str, str],
        default: str,
        read: ReadAny,
    ) -> None:
        self._database = database
        self._clock = clock
        self._evidence = evidence
        self._transactions = transactions
        self._publishing = publishing
        self._chains = chains
        self._default = default
        self._read = read

    # --- asking

    def publish(self, caller: Principal, request: YearRequest, *, once: Once | None) -> Future[OperationView]:
        """Asks for a year. Invalid when neither the library nor a file says it, or the file is wrong."""
        policy.require(caller, "calendar.publish", Target("", request.region))
        chain, announced = self._chain(request.chain), _announced(request)
        file = request.file.text if request.file else None

        def ask(group: Group) -> OperationView:
            return self._publishing.publish(
                group, caller.institution_id, announced, chain=chain, region=request.region, file=file
            )

        return self._once(caller, once, ask)

    def close(self, caller: Principal, request: ClosureRequest, *, once: Once | None) -> Future[OperationView]:
        """Asks to close days ahead (临时休市). Invalid for a day that is today or over: running periods only grow."""
        policy.require(caller, "calendar.publish", Target("", request.region))
        days = tuple(sorted({number(day) for day in request.days}))
        if past := [day for day in days if day <= day_of(self._clock.now())]:
            raise Invalid("days", f"{on(past[0])} is not ahead: only days after today can be closed.")
        closing = Closing(
            chain=self._chain(request.chain),
            region=request.region,
            days=days,
            working=request.working,
            reason=request.reason,
            document=request.document,
        )
        return self._once(caller, once, lambda group: self._publishing.close(group, caller.institution_id, closing))

    # --- reading, for everybody

    def library(self, year: int) -> Announced:
        """The year as the library has it. NotFound."""
        announced = from_library(year)
        if announced is None:
            raise NotFound(f"{LIBRARY} does not know {year}; a file has to say it.")
        return announced

    def years(self, *, region: int | None, chain: str | None) -> list[YearView]:
        """All years of a chain, by region and year."""
        name = self._chain(chain)
        with self._database.read() as session:
            return [_view(row) for row in repository.years(session, name, region)]

    def year(self, region: int, year: int, *, chain: str | None) -> tuple[YearView, tuple[ClosureView, ...]]:
        """A year with the closures in it. NotFound."""
        name = self._chain(chain)
        with self._database.read() as session:
            row = repository.year(session, name, region, year)
            if row is None:
                raise NotFound(f"There is no calendar of {year} for {region} on {name}.")
            held = of_row(row)
            closures = tuple(
                ClosureView(tuple(one.days), one.working, one.reason, one.document, one.state, one.record_id)
                for one in repository.closures(session, name, region)
                if any(day in held.days for day in one.days)
            )
            return _view(row), closures

    def count(self, region: int, since: date, until: date, *, chain: str | None) -> Counted:
        """Days in (since, until], by the projection and by the contract. Unavailable ``chain-away``."""
        if abs(until.year - since.year) > _SPAN_YEARS:
            raise Invalid("until", f"At most {_SPAN_YEARS} years are counted at once.")
        name, begin, end = self._chain(chain), number(since), number(until)
        with self._database.read() as session:
            years = _published(session, name, region)
        told = [self._ask(name, view, region, begin, end) for view in ("workingDaysAfter", "tradingDaysAfter")]
        working, trading = (int(found) if known else None for known, found in told)
        return Counted(count(years, begin, end), count(years, begin, end, trading=True), working, trading)

    def compare(self, region: int, year: int, *, chain: str | None) -> Comparison:
        """The chain's year against the announcement and the projection. Unavailable ``chain-away``."""
        name = self._chain(chain)
        on_chain = of_words(year, *self._ask(name, "yearOf", region, year))
        with self._database.read() as session:
            row = repository.year(session, name, region, year)
            closures = repository.closures(session, name, region)
            projected = of_row(row) if row is not None and row.state == PUBLISHED else None
            file = YearFile(row.source, row.file) if row is not None and row.file is not None else None
            closed = [(tuple(one.days), one.working) for one in closures if one.state == "closed"]
        announced = _known(YearRequest(region=region, year=year, file=file))
        expected = announced.year if announced else None
        for days, working in closed:
            expected = expected.closed(days, working=working) if expected else None
        return Comparison(
            chain=name,
            region=region,
            year=year,
            chain_knows=on_chain.working != 0,
            announced_by=announced.source if announced else None,
            against_announced=tuple(differences(expected, on_chain)) if expected and on_chain.working else (),
            against_projection=tuple(differences(projected, on_chain)) if projected else (),
        )

    # --- inside

    def _chain(self, name: str | None) -> str:
        found = self._chains.get(self._default if name is None else name)
        if found is None:
            there = ", ".join(self._chains) or "none yet"
            raise Invalid("chain", f"Expected one of the chains that have a calendar: {there}.")
        return found

    def _ask(self, chain: str, view: str, *arguments: int) -> Any:
        try:
            return self._read(chain, CONTRACT, view, *arguments)
        except ChainError as error:
            raise Unavailable("chain-away", f"The chain {chain} does not answer.") from error

    def _once(
        self, caller: Principal, once: Once | None, ask: Callable[[Group], OperationView]
    ) -> Future[OperationView]:
        def unit(group: Group) -> OperationView:
            def make() -> tuple[str, OperationView]:
                operation = ask(group)
                return operation.id, operation

            def again(found: str) -> OperationView:
                return self._transactions.get_operation(group.session, found)

            return do_once(group, caller.institution_id, once, kind="operation", make=make, again=again)

        return self._evidence.sequencer.submit(unit)


def _announced(request: YearRequest) -> Announced:
    try:
        found = _known(request)
    except CalendarFault as fault:
        raise Invalid("file" if request.file else "year", str(fault)) from None
    if found is None:
        raise Invalid("year", f"{LIBRARY} does not know {request.year}: give its file (国务院办公厅放假通知).")
    return found


def _known(request: YearRequest) -> Announced | None:
    if request.file is not None:
        return from_file(request.file.text, request.file.name, year=request.year)
    return from_library(request.year)


def _published(session: Session, chain: str, region: int) -> dict[int, Year]:
    return {row.year: of_row(row) for row in repository.years(session, chain, region) if row.state == PUBLISHED}


def _view(row: YearRow) -> YearView:
    return YearView(
        chain=row.chain,
        region=row.region,
        year=of_row(row),
        state=row.state,
        source=row.source,
        document=row.document,
        operation_id=row.operation_id,
        record_id=row.record_id,
        created_at=row.created_at,
        decided_at=row.decided_at,
    )
