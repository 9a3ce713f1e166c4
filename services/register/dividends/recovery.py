"""Dividends as the facts of a recovered log tell them. Who gets what is calculated again, and its digest compared."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject, canonical
from chain.proof.encoding import from_hex, parse_time
from chain.proof.hashing import sha256
from services.days import number
from services.evidence.recovery.plan import Told
from services.register import told as records
from services.register.book.liens_repository import liens_after
from services.register.book.reader import Reader, Seen
from services.register.dividends import repository
from services.register.dividends.entitled import held_at, late_freezes
from services.register.dividends.models import DividendEventRow, DividendRow
from services.register.dividends.rules import Stage, end_of, entitlement, fen, per_unit
from services.register.dividends.views import line_json

__all__ = ["rebuild", "settle"]

_PREFIX = "dividend-"
_RESOLVED, _RECORD_DATE, _CALCULATED, _RELEASED = "resolved", "record-date", "calculated", "released"
_BESIDE = ("fact", "dividend", "security", "checked")


def rebuild(session: Session, told: Sequence[Told], chain: str) -> list[str]:
    """Rows and steps; what is gone, in words. Again, nothing changes."""
    gone: dict[str, None] = {}
    for name, each in records.facts(told, prefix=_PREFIX):
        dividend_id = records.member(each, "dividend")
        row = repository.dividend(session, chain, dividend_id)
        if row is None and name == _RESOLVED:
            row = _resolved(session, each, chain)
        if row is None:
            gone[f"dividend {dividend_id}: neither backup nor records tell of its resolution"] = None
        elif all(event.record_id != each.record_id for event in repository.events(session, row.id)):
            _follow(session, row, name, each)
    return list(gone)


def settle(session: Session, told: Sequence[Told], chain: str) -> list[str]:
    """Once the book is read again: the lists of those calculated since the backup; those that come out otherwise."""
    reader, gone = Reader(chain), list[str]()
    for _, each in records.facts(told, _PREFIX + _RECORD_DATE):
        row = repository.dividend(session, chain, records.member(each, "dividend"))
        if row is None or row.digest is None or repository.lines(session, row.id, after="", limit=1):
            continue
        if not _listed(session, reader, row, each):
            gone.append(f"dividend {row.id}: its list comes out otherwise; its digest stands in the log")
    return gone


def _resolved(session: Session, told: Told, chain: str) -> DividendRow:
    said = records.body(told)
    row = DividendRow(id=str(said["dividend"]), chain=chain, security_id=str(said["security"]))
    row.company_id, row.amount = records.about(told), str(said["amount"])
    row.record_day = number(date.fromisoformat(str(said["record_date"])))
    row.stage, row.totals, row.digest, row.released = Stage.RESOLVED, None, None, "0"
    row.count, row.created_at = 0, told.leaf.accepted_at
    repository.add(session, row)
    return row


def _follow(session: Session, row: DividendRow, name: str, told: Told) -> None:
    said = {member: value for member, value in records.body(told).items() if member not in _BESIDE}
    if name == _CALCULATED:
        row.stage, row.totals, row.digest = Stage.CALCULATED, said["totals"], from_hex(said["digest"], "digest")
    elif name in (Stage.FUNDED, Stage.PAID):
        row.stage = Stage(name)
    elif name == _RELEASED:
        row.released = str(int(row.released) + fen(str(said["amount"]), "/amount"))
        _release(session, row, said)
    event = DividendEventRow(dividend_id=row.id, seq=row.count, name=name, said=said)
    event.actor_id, event.record_id, event.at = str(told.document["actor"]), told.record_id, told.leaf.accepted_at
    row.count += 1
    repository.add(session, event)


def _listed(session: Session, reader: Reader, row: DividendRow, told: Told) -> bool:
    """The list by the register at the end of the record date and the liens of the block up to which it was read."""
    end, block = end_of(row.record_day), records.number_of(told, "read_up_to_block")
    at = parse_time(records.body(told)["as_of"], "as_of")
    found = reader.register(session, row.security_id, Seen(at, end, block))
    liens = liens_after(session, row.chain, row.security_id, block)
    amount = per_unit(row.amount, "/amount")
    lines = [entitlement(each, amount) for each in held_at(found, late_freezes(liens, end))]
    listed: JsonObject = {"dividend": row.id, "lines": [line_json(each) for each in lines]}
    if sha256(canonical(listed)) != row.digest:
        return False
    repository.add_lines(session, row.id, lines)
    for event in repository.events(session, row.id):
        if event.name == _RELEASED:
            _release(session, row, event.said)
    return True


def _release(session: Session, row: DividendRow, said: JsonObject) -> None:
    line = repository.line(session, row.id, str(said["account"]))
    if line is not None:
        line.released = str(int(line.released) + fen(str(said["amount"]), "/amount"))
        session.flush()
