"""All SQL of the register's projection."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, func, select, update
from sqlalchemy.orm import Session

from services.platform.rows_repository import insert_rows
from services.register.book.models import (
    OPEN_END,
    AlertRow,
    EventRow,
    EvidenceRow,
    InvestorRow,
    LegalWordRow,
    LienRow,
    LienVersionRow,
    LockupRow,
    LotsRow,
    PositionRow,
    ReconciliationRow,
    SecurityRow,
    StatementRow,
)
from services.register.rules.positions import Position

__all__ = [
    "EVENTS",
    "INVESTORS",
    "LIENS",
    "LOCKUPS",
    "LOTS",
    "POSITIONS",
    "add",
    "alert",
    "alerts",
    "current_words",
    "end",
    "evidence_of",
    "evidence_of_positions",
    "history",
    "insert",
    "investor",
    "investors",
    "investors_of",
    "last_whole_reconciliation",
    "legal_words",
    "lien",
    "liens",
    "lockups",
    "lots",
    "neighbours",
    "newest_act",
    "newest_time",
    "open_alerts",
    "outgoing",
    "positions",
    "positions_of_account",
    "reconciliations",
    "securities",
    "securities_of",
    "security",
    "seqs",
    "standing_alerts",
    "statement",
    "statement_numbers",
    "statements",
    "words_at",
]

EVENTS: Any = EventRow.__table__
EVIDENCE: Any = EvidenceRow.__table__
INVESTORS: Any = InvestorRow.__table__
POSITIONS: Any = PositionRow.__table__
LOTS: Any = LotsRow.__table__
LIENS: Any = LienVersionRow.__table__
LOCKUPS: Any = LockupRow.__table__
_CHUNK = 500


def _plain(session: Session, query: Select[Any]) -> Any:
    """Rows of one table, to be read and not changed: they cost a fifth of mapped ones, which counts by the thousand."""
    return session.execute(query).all()


def add(session: Session, row: Any) -> None:
    """A new row, written now."""
    session.add(row)
    session.flush()


def insert(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Many rows of one table."""
    insert_rows(session, table, rows)


def end(session: Session, table: Any, by: str, ends: Sequence[tuple[str, str, Any, int]]) -> None:
    """Ends what is so now: (chain, security, account or number, moment) each; ``by`` names the third's column."""
    if ends:
        column = table.c[by]
        wanted = (table.c.chain == bindparam("c")) & (table.c.security_id == bindparam("s"))
        wanted = wanted & (table.c.valid_to == OPEN_END) & (column == bindparam("k"))
        statement = update(table).where(wanted).values(valid_to=bindparam("t"))
        session.connection().execute(statement, [dict(zip("cskt", each, strict=True)) for each in ends])


def current_words(
    session: Session, chain: str, security_id: str, accounts: Iterable[str]
) -> Iterator[tuple[str, int, bytes]]:
    """(account, seq, word) of the newest row of each position that there is."""
    table, rest = PositionRow, iter(accounts)
    while some := list(islice(rest, _CHUNK)):
        yield from session.execute(
            select(table.account_id, table.seq, table.word)
            .where(table.chain == chain, table.security_id == security_id, table.valid_to == OPEN_END)
            .where(table.account_id.in_(some))
        )


# --- securities, investors


def security(session: Session, chain: str, security_id: str) -> SecurityRow | None:
    """A security."""
    return session.get(SecurityRow, (chain, security_id))


def securities(
    session: Session, chain: str, *, issuers: Collection[str] | None = None, after: str | None = None, limit: int
) -> list[SecurityRow]:
    """Securities by id, of these companies if given."""
    query = select(SecurityRow).where(SecurityRow.chain == chain, SecurityRow.security_id > (after or ""))
    if issuers is not None:
        query = query.where(SecurityRow.issuer_id.in_(issuers))
    return list(session.scalars(query.order_by(SecurityRow.security_id).limit(limit)))


def securities_of(session: Session, chain: str, issuers: Collection[str]) -> list[str]:
    """The ids of these companies' securities."""
    row = SecurityRow
    return list(session.scalars(select(row.security_id).where(row.chain == chain, row.issuer_id.in_(issuers))))


def investor(session: Session, chain: str, account_id: str) -> InvestorRow | None:
    """An investor."""
    return session.get(InvestorRow, (chain, account_id))


def investors_of(session: Session, chain: str, accounts: Iterable[str]) -> Iterator[InvestorRow]:
    """Those of these investors that there are, to be read and not changed."""
    query, rest = select(INVESTORS).where(INVESTORS.c.chain == chain), iter(dict.fromkeys(accounts))
    while some := list(islice(rest, _CHUNK)):
        yield from _plain(session, query.where(INVESTORS.c.account_id.in_(some)))


def investors(session: Session, chain: str, *, after: str, limit: int) -> list[InvestorRow]:
    """Investors by id."""
    query = select(InvestorRow).where(InvestorRow.chain == chain, InvestorRow.account_id > after)
    return list(session.scalars(query.order_by(InvestorRow.account_id).limit(limit)))


# --- what was so at a moment


def _so(query: Select[Any], table: Any, chain: str, security_id: str, at: int | None) -> Select[Any]:
    """What was so of a security at a moment; now for None."""
    query = query.where(table.c.chain == chain, table.c.security_id == security_id)
    if at is None:
        return query.where(table.c.valid_to == OPEN_END)
    return query.where(table.c.valid_to > at, table.c.valid_from <= at)


def positions(
    session: Session, chain: str, security_id: str, at: int | None, *, held: bool = True, after: str = "", limit: int
) -> list[PositionRow]:
    """The positions of a security at a moment by account; ``held``: only those with units."""
    query = _so(select(POSITIONS), POSITIONS, chain, security_id, at).where(POSITIONS.c.account_id > after)
    if held:
        query = query.where(POSITIONS.c.held == 1)
    found: list[PositionRow] = _plain(session, query.order_by(POSITIONS.c.account_id).limit(limit))
    return found


def evidence_of_positions(
    session: Session, chain: str, security_id: str, at: int | None, *, after: str = "", limit: int
) -> dict[bytes, EvidenceRow]:
    """:func:`evidence_of` for what :func:`positions` finds with units: one join instead of a list of leaves."""
    query = _so(
        select(EVIDENCE).join(POSITIONS, POSITIONS.c.leaf == EVIDENCE.c.leaf), POSITIONS, chain, security_id, at
    )
    query = query.where(POSITIONS.c.account_id > after, POSITIONS.c.held == 1)
    return {row.leaf: row for row in _plain(session, query.order_by(POSITIONS.c.account_id).limit(limit))}


def words_at(session: Session, chain: str, security_id: str, at: int) -> list[bytes]:
    """The words alone of all positions with units at a moment."""
    query = _so(select(POSITIONS.c.word), POSITIONS, chain, security_id, at)
    return list(session.scalars(query.where(POSITIONS.c.held == 1)))


def positions_of_account(session: Session, chain: str, account_id: str, at: int | None) -> list[PositionRow]:
    """What an investor holds or held at a moment, by security."""
    row = PositionRow
    query = select(row).where(row.chain == chain, row.account_id == account_id, row.held == 1)
    query = (
        query.where(row.valid_to == OPEN_END) if at is None else query.where(row.valid_to > at, row.valid_from <= at)
    )
    return list(session.scalars(query.order_by(row.security_id)))


def history(
    session: Session, chain: str, security_id: str, account_id: str, *, after: int = 0, limit: int
) -> list[PositionRow]:
    """A position's changes by seq."""
    row = PositionRow
    query = select(row).where(row.chain == chain, row.security_id == security_id, row.account_id == account_id)
    return list(session.scalars(query.where(row.seq > after).order_by(row.seq).limit(limit)))


def seqs(session: Session, chain: str, security_id: str, account_id: str, numbers: range) -> set[int]:
    """Which of a position's changes with these numbers there are; a word that has another number is none of them."""
    row = PositionRow
    query = select(row.word).where(row.chain == chain, row.security_id == security_id, row.account_id == account_id)
    words = session.scalars(query.where(row.seq >= numbers.start, row.seq < numbers.stop))
    return {Position.of(int.from_bytes(word)).seq for word in words}


def neighbours(
    session: Session, chain: str, security_id: str, account_id: str, at: int
) -> tuple[PositionRow | None, PositionRow | None]:
    """The newest change of a position up to a moment, and the first one after it."""
    row = PositionRow
    query = select(row).where(row.chain == chain, row.security_id == security_id, row.account_id == account_id)
    before = session.scalar(query.where(row.valid_from <= at).order_by(row.seq.desc()).limit(1))
    return before, session.scalar(query.where(row.valid_from > at).order_by(row.seq).limit(1))


def lots(
    session: Session, chain: str, security_id: str, at: int | None, accounts: Collection[str] | None = None
) -> list[LotsRow]:
    """The lots of a security's positions at a moment; of these accounts, if given."""
    query = _so(select(LOTS), LOTS, chain, security_id, at)
    found: list[LotsRow] = _plain(session, query if accounts is None else query.where(LOTS.c.account_id.in_(accounts)))
    return found


def lockups(session: Session, chain: str, security_id: str, accounts: Collection[str] | None = None) -> list[LockupRow]:
    """What officers of a security's issuer may sell now; of these accounts, if given."""
    query = _so(select(LOCKUPS), LOCKUPS, chain, security_id, None)
    found: list[LockupRow] = _plain(
        session, query if accounts is None else query.where(LOCKUPS.c.account_id.in_(accounts))
    )
    return found


# --- liens


def lien(session: Session, chain: str, security_id: str, number: int) -> LienRow | None:
    """A lien by its number."""
    return session.get(LienRow, (chain, security_id, number))


def liens(session: Session, chain: str, security_id: str, at: int | None) -> list[tuple[LienRow, LienVersionRow]]:
    """A security's liens with what they covered at a moment, those that are over included, by number."""
    versions = _plain(session, _so(select(LIENS), LIENS, chain, security_id, at))
    opened = LienRow.__table__.c
    known = select(LienRow.__table__).where(opened.chain == chain, opened.security_id == security_id)
    rows = {row.number: row for row in _plain(session, known)}
    return [(rows[each.number], each) for each in sorted(versions, key=lambda one: one.number)]


def legal_words(
    session: Session, chain: str, security_id: str, *, number: int | None = None, at: int | None = None
) -> dict[int, list[LegalWordRow]]:
    """What was told of a security's liens, or of one, by its number, in the order of the moments since when it is so.

    Of two words for one moment the later told comes last. ``at``: without what is so only after that moment.
    """
    row = LegalWordRow
    query = select(row).where(row.chain == chain, row.security_id == security_id)
    if number is not None:
        query = query.where(row.number == number)
    if at is not None:
        query = query.where(row.at <= at)
    found: dict[int, list[LegalWordRow]] = {}
    for each in session.scalars(query.order_by(row.number, row.at, row.seq)):
        found.setdefault(each.number, []).append(each)
    return found


# --- acts and evidence


def newest_act(session: Session, chain: str, security_id: str, *, names: Collection[str], at: int) -> EventRow | None:
    """The newest of these acts about a security up to a moment."""
    row = EventRow
    query = select(row).where(row.chain == chain, row.security_id == security_id, row.name.in_(names))
    return session.scalar(
        query.where(row.block_time <= at).order_by(row.block_number.desc(), row.log_index.desc()).limit(1)
    )


def newest_time(session: Session, chain: str) -> int:
    """The time of the newest block that told of an act; 0 before there is one."""
    query = select(EventRow.block_time).where(EventRow.chain == chain)
    return session.scalar(query.order_by(EventRow.block_number.desc()).limit(1)) or 0


def outgoing(
    session: Session, chain: str, security_id: str, account_id: str, *, names: Collection[str], since: int
) -> list[EventRow]:
    """What left a position from a moment on."""
    row = EventRow
    query = select(row).where(row.chain == chain, row.security_id == security_id, row.account_id == account_id)
    query = query.where(row.name.in_(names), row.block_time >= since)
    return list(session.scalars(query.order_by(row.block_number, row.log_index)))


def evidence_of(session: Session, leaves: Iterable[bytes]) -> dict[bytes, EvidenceRow]:
    """Where leaves stand, of those that this service wrote."""
    found: dict[bytes, EvidenceRow] = {}
    rest = iter(dict.fromkeys(leaves))
    while some := list(islice(rest, _CHUNK)):
        query = select(EVIDENCE).where(EVIDENCE.c.leaf.in_(some))
        found |= {row.leaf: row for row in _plain(session, query)}
    return found


# --- alerts, statements


def alert(session: Session, chain: str, cause: str) -> AlertRow | None:
    """An alert by its cause."""
    return session.scalar(select(AlertRow).where(AlertRow.chain == chain, AlertRow.cause == cause))


def alerts(
    session: Session, chain: str, *, kinds: Collection[str] = (), standing: bool = False, after: str = "", limit: int
) -> list[AlertRow]:
    """Alerts by id, the oldest first; ``standing``: only those whose cause is still there."""
    query = select(AlertRow).where(AlertRow.chain == chain, AlertRow.id > after)
    if kinds:
        query = query.where(AlertRow.kind.in_(kinds))
    if standing:
        query = query.where(AlertRow.cleared_at.is_(None))
    return list(session.scalars(query.order_by(AlertRow.id).limit(limit)))


def standing_alerts(session: Session, chain: str, kind: str, *, security_id: str | None = None) -> list[AlertRow]:
    """Those of a kind that stand; of one security, if given."""
    query = select(AlertRow).where(AlertRow.chain == chain, AlertRow.kind == kind, AlertRow.cleared_at.is_(None))
    if security_id is not None:
        query = query.where(AlertRow.security_id == security_id)
    return list(session.scalars(query.order_by(AlertRow.id)))


def open_alerts(session: Session, chain: str) -> Mapping[str, int]:
    """How many alerts stand, by kind."""
    query = select(AlertRow.kind, func.count()).where(AlertRow.chain == chain, AlertRow.cleared_at.is_(None))
    return dict(session.execute(query.group_by(AlertRow.kind)).all())


def reconciliations(session: Session, chain: str, *, before: str | None = None, limit: int) -> list[ReconciliationRow]:
    """Reconciliations, the newest first."""
    query = select(ReconciliationRow).where(ReconciliationRow.chain == chain)
    if before is not None:
        query = query.where(ReconciliationRow.id < before)
    return list(session.scalars(query.order_by(ReconciliationRow.id.desc()).limit(limit)))


def last_whole_reconciliation(session: Session, chain: str) -> int | None:
    """When the whole register was last compared, in UTC milliseconds."""
    row = ReconciliationRow
    return session.scalar(select(func.max(row.at)).where(row.chain == chain, row.security_id.is_(None)))


def statement(session: Session, statement_id: str) -> StatementRow | None:
    """A statement."""
    return session.get(StatementRow, statement_id)


def statements(
    session: Session, chain: str, securities: Collection[str] | None, *, after: str = "", limit: int
) -> list[StatementRow]:
    """Statements by id, the oldest first, of these securities if given."""
    query = select(StatementRow).where(StatementRow.chain == chain, StatementRow.id > after)
    if securities is not None:
        query = query.where(StatementRow.security_id.in_(securities))
    return list(session.scalars(query.order_by(StatementRow.id).limit(limit)))


def statement_numbers(session: Session, prefix: str) -> int:
    """How many statements have a number that begins so."""
    query = (
        select(func.count()).select_from(StatementRow).where(StatementRow.number.startswith(prefix, autoescape=True))
    )
    return session.scalar(query) or 0
