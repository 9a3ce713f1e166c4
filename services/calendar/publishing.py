"""Publishing a year (公布工作日历) and closing days of it: asked for here, signed by the region's authority."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.types import Phase
from services.calendar import repository
from services.calendar.models import ClosureRow, YearRow
from services.calendar.rules import Year, of_words
from services.calendar.sources import Announced
from services.days import on
from services.evidence.commands import Written
from services.evidence.group import Group
from services.evidence.service import EvidenceService
from services.identity.service import IdentityService
from services.platform.errors import Conflict
from services.platform.ids import new_id
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent, OperationView, TxView

__all__ = ["CLOSURE", "CONTRACT", "PUBLICATION", "Closing", "Publishing", "of_row"]

CONTRACT = "Calendar"
PUBLICATION, CLOSURE = "calendar.publication", "calendar.closure"
PENDING, PUBLISHED, CLOSED, REFUSED = "pending", "published", "closed", "refused"
ELSEWHERE = "published without this service"
_DAY_S = 86_400
_BYTES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Closing:
    """Which days ahead are closed, why, and by which document; ``working``: not only as trading days."""

    chain: str
    region: int
    days: tuple[int, ...]
    working: bool
    reason: str
    document: str


@dataclass(frozen=True, slots=True)
class _Whose:
    """A command's kind, whose it is, and the region whose calendar it is about."""

    kind: str
    actor: str
    region: int


@dataclass(frozen=True, slots=True)
class _Act:
    """One act on the contract: what is signed is what it is given, beside the evidence."""

    kind: str
    struct: str
    function: str
    chain: str
    region: int
    said: Mapping[str, Any]
    reference: str


def of_row(row: YearRow) -> Year:
    """The year that a row holds."""
    return Year(row.year, int.from_bytes(row.working, "big"), int.from_bytes(row.trading, "big"))


class Publishing:
    """The two commands and their projections. ``days``: how long the authority has to sign."""

    def __init__(self, evidence: EvidenceService, transactions: Transactions, *, days: int) -> None:
        self._evidence = evidence
        self._transactions = transactions
        self._days = days

    def register(self) -> None:
        """Asks to be told what any chain decided."""
        self._transactions.on_event(CONTRACT, "CalendarPublished", self.published)
        self._transactions.on_event(CONTRACT, "DaysClosed", self.closed)
        self._transactions.on_refused(PUBLICATION, self.publication_refused)
        self._transactions.on_refused(CLOSURE, self.closure_refused)

    def publish(
        self, group: Group, actor: str, announced: Announced, *, chain: str, region: int, file: str | None
    ) -> OperationView:
        """An operation for the region's authority. Conflict ``calendar-known`` when it is published or asked for."""
        year = announced.year
        known = repository.year(group.session, chain, region, year.year)
        if known is not None and known.state != REFUSED:
            raise Conflict(f"The year {year.year} of {region} is {known.state} on {chain}.", slug="calendar-known")
        body: JsonObject = {
            "chain": chain,
            "region": region,
            "year": year.year,
            "source": announced.source,
            "document": announced.document,
            "working": [hex(word) for word in year.words()],
            "trading": [hex(word) for word in year.words(trading=True)],
        }
        written = self._write(group, _Whose(PUBLICATION, actor, region), Phase.REQUESTED, body)
        said = {
            "region": region,
            "year": year.year,
            "working": year.words(),
            "trading": year.words(trading=True),
        }
        act = _Act(PUBLICATION, "PublishCalendarYear", "publishYear", chain, region, said, f"{region}/{year.year}")
        operation = self._operation(group, act, written, actor)
        row = known or YearRow(chain=chain, region=region, year=year.year)
        _put(row, year)
        row.source, row.document, row.file, row.state = announced.source, announced.document, file, PENDING
        row.actor_id, row.record_id, row.leaf_hash = actor, written.record_id, written.leaf.leaf_hash
        row.operation_id, row.created_at, row.decided_at = operation.id, group.now_ms, None
        repository.add(group.session, row)
        return operation

    def close(self, group: Group, actor: str, closing: Closing) -> OperationView:
        """An operation for the region's authority. Conflict ``calendar-unknown`` for a year that is not published."""
        for year in sorted({on(day).year for day in closing.days}):
            row = repository.year(group.session, closing.chain, closing.region, year)
            if row is None or row.state != PUBLISHED:
                raise Conflict(f"The year {year} of {closing.region} is not published.", slug="calendar-unknown")
        body: JsonObject = {
            "chain": closing.chain,
            "region": closing.region,
            "days": [on(day).isoformat() for day in closing.days],
            "as": "working and trading days" if closing.working else "trading days",
            "reason": closing.reason,
            "document": closing.document,
        }
        written = self._write(group, _Whose(CLOSURE, actor, closing.region), Phase.REQUESTED, body)
        said = {"region": closing.region, "numbers": list(closing.days), "working": closing.working, "trading": True}
        act = _Act(CLOSURE, "CloseCalendarDays", "closeDays", closing.chain, closing.region, said, str(closing.region))
        operation = self._operation(group, act, written, actor)
        closure = ClosureRow(id=new_id("cls", group.now_ms), chain=closing.chain, region=closing.region)
        closure.days, closure.working, closure.state = list(closing.days), closing.working, PENDING
        closure.reason, closure.document, closure.actor_id = closing.reason, closing.document, actor
        closure.record_id, closure.leaf_hash = written.record_id, written.leaf.leaf_hash
        closure.created_at, closure.decided_at = group.now_ms, None
        repository.add(group.session, closure)
        return operation

    # --- what the chain decided

    def published(self, group: Group, event: ChainEvent) -> None:
        """The chain has the year, whoever asked for it."""
        region, number = int(event.args["region"]), int(event.args["year"])
        row = repository.year(group.session, event.chain, region, number)
        if row is not None and row.state == PUBLISHED:
            return
        ours = row is not None and row.leaf_hash == event.args["leaf"]
        if row is None:
            row = YearRow(chain=event.chain, region=region, year=number, created_at=group.now_ms)
        if not ours:
            row.source, row.document, row.file = ELSEWHERE, "", None
        _put(row, of_words(number, event.args["working"], event.args["trading"]))
        row.state, row.decided_at = PUBLISHED, group.now_ms
        repository.add(group.session, row)
        if ours and row.leaf_hash is not None:
            self._outcome(group, _Whose(PUBLICATION, row.actor_id or "", region), row.leaf_hash, _where(event))

    def closed(self, group: Group, event: ChainEvent) -> None:
        """Days are closed: every period that runs over them has become longer."""
        region, numbers = int(event.args["region"]), [int(day) for day in event.args["numbers"]]
        for number in sorted({on(day).year for day in numbers}):
            year = repository.year(group.session, event.chain, region, number)
            if year is not None:
                _put(year, of_row(year).closed(numbers, working=bool(event.args["working"])))
        row = repository.closure_of_leaf(group.session, event.args["leaf"])
        if row is not None and row.state == PENDING:
            row.state, row.decided_at = CLOSED, group.now_ms
            self._outcome(group, _Whose(CLOSURE, row.actor_id, region), row.leaf_hash, _where(event))

    def publication_refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The year may be asked for again."""
        row = repository.year_of_record(group.session, transaction.record_id or "")
        if row is not None and row.state == PENDING and row.leaf_hash is not None:
            row.state, row.decided_at = REFUSED, group.now_ms
            whose = _Whose(PUBLICATION, row.actor_id or "", row.region)
            self._outcome(group, whose, row.leaf_hash, {"reason": reason or "refused"})

    def closure_refused(self, group: Group, transaction: TxView, reason: str) -> None:
        """The days stay what they are."""
        row = repository.closure_of_record(group.session, transaction.record_id or "")
        if row is not None and row.state == PENDING:
            row.state, row.decided_at = REFUSED, group.now_ms
            whose = _Whose(CLOSURE, row.actor_id, row.region)
            self._outcome(group, whose, row.leaf_hash, {"reason": reason or "refused"})

    # --- inside

    def _operation(self, group: Group, act: _Act, written: Written, actor: str) -> OperationView:
        said = {**act.said, "commitment": written.commitment, "leaf": written.leaf.leaf_hash}
        deadline = group.now_ms // 1000 + self._days * _DAY_S
        return self._transactions.create_operation(
            group.session,
            kind=act.kind,
            chain=act.chain,
            contract=CONTRACT,
            function=act.function,
            args=said,
            queue=f"calendar/{act.region}",
            typed_data=self._transactions.typed_data(act.struct, said, act.chain, deadline=deadline),
            signer_hint=IdentityService.authority_of_region(group.session, act.region),
            institution_id=actor,
            record_id=written.record_id,
            reference=act.reference,
        )

    def _outcome(self, group: Group, whose: _Whose, request: bytes, said: JsonObject) -> None:
        phase = Phase.REFUSED if "reason" in said else Phase.REGISTERED
        self._write(group, whose, phase, {"request": to_hex(request), **said})

    def _write(self, group: Group, whose: _Whose, phase: Phase, body: JsonObject) -> Written:
        return self._evidence.write_command(
            group,
            type_name=whose.kind,
            phase=phase,
            subject=f"calendar {whose.region}",
            actor=whose.actor,
            body=body,
            stream_key=f"calendar/{whose.region}",
        )


def _put(row: YearRow, year: Year) -> None:
    row.working, row.trading = (bits.to_bytes(_BYTES, "big") for bits in (year.working, year.trading))


def _where(event: ChainEvent) -> JsonObject:
    return {"chain": event.chain, "block": event.block_number, "transaction": event.tx_hash}
