"""The door of the dividends: resolution, calculation from the book, funding, payment, release of what was withheld."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject, canonical
from chain.proof.encoding import to_hex
from chain.proof.hashing import sha256
from services.days import number, on
from services.evidence.group import Group
from services.evidence.once import do_once
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.clock import rfc3339
from services.platform.errors import Conflict, NotFound
from services.platform.idempotency import Once
from services.platform.ids import check_id, new_id
from services.register.acts.asking import Asking
from services.register.acts.said import Document
from services.register.book import repository as book
from services.register.book.desk import Names, certified
from services.register.book.reader import Reader
from services.register.book.views import Register
from services.register.dividends import repository
from services.register.dividends.entitled import held_at, late_freezes
from services.register.dividends.models import DividendEventRow, DividendRow
from services.register.dividends.rules import (
    Stage,
    check_over,
    check_release,
    check_resolution,
    check_stage,
    end_of,
    entitlement,
    fen,
    per_unit,
    stage_of,
    totals_of,
    yuan,
)
from services.register.dividends.views import (
    DividendEvent,
    DividendView,
    Release,
    Resolution,
    csv_of,
    line_json,
    stored,
    totals_json,
)
from services.register.parts import RegisterParts
from services.register.sight import Sight, sight_of
from services.register.sources import refusal
from services.register.stream import Entry

__all__ = ["Dividends", "IsRead"]

IsRead = Callable[[int, int], bool]
"""Whether everything up to a moment (milliseconds) was read, once a block was. ChainError."""
_RESOLUTION, _RULING = "resolution", "court-ruling"
"""股东会决议、法院裁定: what a resolution and a release rest on."""


class Dividends:
    """The operator acts; whoever reads the register reads them, an issuer its own."""

    def __init__(self, parts: RegisterParts, reader: Reader, names: Names, is_read: IsRead) -> None:
        self._parts = parts
        self._reader = reader
        self._names = names
        self._is_read = is_read
        self._asking = Asking(parts)

    # --- writing

    def resolve(self, caller: Principal, said: Resolution, *, once: Once | None) -> Future[DividendView]:
        """A resolved dividend. Invalid; RuleRefused DOC-01 without the resolution; Conflict ``security-state``."""
        host = self._host(caller)
        check_id(said.security, "sec", "/security")
        per_unit(said.amount, "/amount")
        rests_on, day = self._rests_on(host, "dividend", _RESOLUTION, said.documents), number(said.record_date)

        def make(group: Group) -> DividendRow:
            found = self._reader.security(group.session, said.security)
            check_resolution(found.form, found.state, day, group.now_ms)
            row = DividendRow(id=new_id("div", group.now_ms), chain=self._parts.chain, security_id=said.security)
            row.company_id, row.amount, row.record_day = found.issuer_id, said.amount, day
            row.stage, row.totals, row.digest, row.released = Stage.RESOLVED, None, None, "0"
            row.count, row.created_at = 0, group.now_ms
            repository.add(group.session, row)
            about: JsonObject = {"amount": said.amount, "record_date": said.record_date.isoformat()}
            self._note(group, host, row, "resolved", {**about, "documents": [*rests_on]})
            return row

        return self._once(host, once, make)

    def calculate(self, caller: Principal, dividend_id: str, *, once: Once | None) -> Future[DividendView]:
        """From the register at the end of the record date. RuleRefused DIV-02 before; Conflict ``dividend-stage``.

        Conflict ``register-unread`` while the chain is not read until then.
        """
        host = self._host(caller)
        with self._parts.database.read() as session:
            row = self._row(session, dividend_id)
            check_over(row.record_day, self._parts.clock.ms())
            end, block = end_of(row.record_day), certified(session, self._parts, None).block
        if not self._is_read(block, end):
            raise Conflict("The chain is not read up to the end of the record date yet.", slug="register-unread")

        def make(group: Group) -> DividendRow:
            row = self._at(group, dividend_id, Stage.RECORD_DATE)
            found = self._reader.register(group.session, row.security_id, certified(group.session, self._parts, end))
            self._fix(group, host, row, found)
            return row

        return self._once(host, once, make)

    def fund(self, caller: Principal, dividend_id: str, reference: str, *, once: Once | None) -> Future[DividendView]:
        """The company's money has come: under which reference, and nothing more. Conflict ``dividend-stage``."""
        return self._step(caller, dividend_id, (Stage.CALCULATED, Stage.FUNDED), reference, once)

    def pay(self, caller: Principal, dividend_id: str, reference: str, *, once: Once | None) -> Future[DividendView]:
        """All but what is withheld was paid, under this reference. Conflict ``dividend-stage``."""
        return self._step(caller, dividend_id, (Stage.FUNDED, Stage.PAID), reference, once)

    def release(self, caller: Principal, dividend_id: str, said: Release, *, once: Once | None) -> Future[DividendView]:
        """Some of what was withheld goes where the court says. RuleRefused DOC-01, DIV-03; NotFound; Conflict."""
        host = self._host(caller)
        wanted = fen(said.amount, "/amount")
        rests_on = self._rests_on(host, "dividend-release", _RULING, said.documents)

        def make(group: Group) -> DividendRow:
            row = self._at(group, dividend_id, Stage.FUNDED, Stage.PAID)
            line = repository.line(group.session, row.id, check_id(said.account, "acc", "/account"))
            if line is None:
                raise NotFound("This account has no part in the dividend.")
            check_release(int(line.withheld), int(line.released), wanted)
            line.released, row.released = str(int(line.released) + wanted), str(int(row.released) + wanted)
            about: JsonObject = {"account": said.account, "amount": yuan(wanted), "to": said.to}
            self._note(group, host, row, "released", {**about, "reference": said.reference, "documents": [*rests_on]})
            return row

        return self._once(host, once, make)

    # --- reading

    def list(self, caller: Principal, *, security_id: str | None, limit: int, cursor: str | None) -> Page[DividendView]:
        """Dividends, the oldest first, of one security if given."""
        with self._parts.database.read() as session:
            own = sight_of(self._parts, session, caller).companies
            found = repository.dividends(
                session, self._parts.chain, security_id, companies=own, after=cursor, limit=limit + 1
            )
            items = tuple(self._view(session, row) for row in found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def get(self, caller: Principal, dividend_id: str) -> DividendView:
        """One dividend. NotFound."""
        with self._parts.database.read() as session:
            row, _sight = self._shown(session, caller, dividend_id)
            return self._view(session, row)

    def lines(self, caller: Principal, dividend_id: str, *, limit: int, cursor: str | None) -> Page[JsonObject]:
        """What each holder gets, by account; names for whom identity data are. NotFound."""
        with self._parts.database.read() as session:
            row, sight = self._shown(session, caller, dividend_id)
            items = self._lines(session, sight, row, cursor or "", limit + 1)
        return Page(tuple(items[:limit]), str(items[limit - 1]["account"]) if len(items) > limit else None)

    def sheet(self, caller: Principal, dividend_id: str) -> bytes:
        """The whole list as CSV. NotFound."""
        with self._parts.database.read() as session:
            row, sight = self._shown(session, caller, dividend_id)
            return csv_of(self._view(session, row), self._lines(session, sight, row, "", None))

    # --- inside

    def _fix(self, group: Group, host: str, row: DividendRow, found: Register) -> None:
        """Who is entitled, and what they get: two facts, for a list can be made again, the holders cannot."""
        liens = book.liens(group.session, self._parts.chain, row.security_id, None)
        amount, late = per_unit(row.amount, "/amount"), late_freezes(liens, end_of(row.record_day))
        lines = [entitlement(each, amount) for each in held_at(found, late)]
        totals = totals_json(totals_of(lines))
        listed: JsonObject = {"dividend": row.id, "lines": [line_json(each) for each in lines]}
        row.stage, row.totals, row.digest = Stage.CALCULATED, totals, sha256(canonical(listed))
        about: JsonObject = {"as_of": rfc3339(found.at), "read_up_to_block": found.block}
        self._note(group, host, row, "record-date", {**about, "holders": len(lines)})
        repository.add_lines(group.session, row.id, lines)
        self._note(group, host, row, "calculated", {"totals": totals, "digest": to_hex(row.digest)})

    def _step(
        self, caller: Principal, dividend_id: str, way: tuple[Stage, Stage], reference: str, once: Once | None
    ) -> Future[DividendView]:
        host, (source, target) = self._host(caller), way

        def make(group: Group) -> DividendRow:
            row = self._at(group, dividend_id, source)
            row.stage = target
            self._note(group, host, row, target, {"reference": reference, "totals": row.totals})
            return row

        return self._once(host, once, make)

    def _once(self, host: str, once: Once | None, make: Callable[[Group], DividendRow]) -> Future[DividendView]:
        def unit(group: Group) -> DividendView:
            def made() -> tuple[str, DividendView]:
                row = make(group)
                group.session.flush()
                return row.id, self._view(group.session, row, group.now_ms)

            def again(found: str) -> DividendView:
                return self._view(group.session, self._row(group.session, found), group.now_ms)

            return do_once(group, host, once, kind="register-dividend", make=made, again=again)

        return self._parts.submit(unit)

    def _note(self, group: Group, host: str, row: DividendRow, name: str, said: JsonObject) -> None:
        """A leaf in the company's stream, and the row's own event."""
        body: JsonObject = {"dividend": row.id, "security": row.security_id, **said}
        entry = Entry(name=f"dividend-{name}", about=row.company_id, actor=host, body=body)
        written = self._parts.stream.fact(group, entry)
        event = DividendEventRow(dividend_id=row.id, seq=row.count, name=str(name), said=said, actor_id=host)
        event.record_id, event.at = written.record_id, group.now_ms
        row.count += 1
        repository.add(group.session, event)

    def _host(self, caller: Principal) -> str:
        with self._parts.database.read() as session:
            return self._parts.require(session, caller, "register.dividend")

    def _rests_on(self, host: str, act: str, wanted: str, documents: Sequence[Document]) -> Sequence[JsonObject]:
        if wanted not in (each.code for each in documents):
            raise refusal("ServiceDocument", {"act": act, "document": wanted})
        return self._asking.rests_on(host, documents)

    def _row(self, session: Session, dividend_id: str) -> DividendRow:
        row = repository.dividend(session, self._parts.chain, check_id(dividend_id, "div", "dividend"))
        if row is None:
            raise NotFound("There is no such dividend.")
        return row

    def _at(self, group: Group, dividend_id: str, *wanted: Stage) -> DividendRow:
        row = self._row(group.session, dividend_id)
        check_stage(stage_of(Stage(row.stage), row.record_day, group.now_ms), *wanted)
        return row

    def _shown(self, session: Session, caller: Principal, dividend_id: str) -> tuple[DividendRow, Sight]:
        sight = sight_of(self._parts, session, caller)
        row = self._row(session, dividend_id)
        sight.require(row.company_id, "dividend")
        return row, sight

    def _lines(
        self, session: Session, sight: Sight, row: DividendRow, after: str, limit: int | None
    ) -> Sequence[JsonObject]:
        found = repository.lines(session, row.id, after=after, limit=limit)
        names = self._names(session, [each.account_id for each in found]) if sight.names else {}
        return [stored(each, names) for each in found]

    def _view(self, session: Session, row: DividendRow, now_ms: int | None = None) -> DividendView:
        now = self._parts.clock.ms() if now_ms is None else now_ms
        return DividendView(
            id=row.id,
            security_id=row.security_id,
            company_id=row.company_id,
            amount=row.amount,
            record_date=on(row.record_day),
            stage=stage_of(Stage(row.stage), row.record_day, now),
            totals=row.totals,
            digest=row.digest,
            released=yuan(int(row.released)),
            events=[DividendEvent(each.name, each.record_id, each.at) for each in repository.events(session, row.id)],
            created_at=row.created_at,
        )
