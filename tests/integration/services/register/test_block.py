"""Blocks of events as rows, on both databases: hand-made events, as a node would have told them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any, cast

import pytest
from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.platform.database import Database
from services.platform.ids import from_bytes16
from services.register.book import repository
from services.register.book.alerts import Alerts
from services.register.book.block import Block
from services.register.book.models import OPEN_END
from services.register.book.reader import Part, Reader, Seen
from services.register.rules.positions import Position
from services.transactions.views import ChainEvent

CHAIN, SECURITY = "business", b"\x5e" * 16
NAME = from_bytes16("sec", SECURITY)
TERMS = (0, 254, 4, 0, 5, False, b"REM-04".ljust(16, b"\0"))
NOW = 1_800_000_000
Take = Callable[..., None]


@dataclass
class Unit:
    session: Session
    now_ms: int


def who(number: int) -> bytes:
    return number.to_bytes(16)


def acc(number: int) -> str:
    return from_bytes16("acc", who(number))


def leaf_of(number: int) -> bytes:
    return b"leaf".rjust(28, b"\0") + number.to_bytes(4)


class Told:
    """Events of blocks, one after the other; a transaction ends with its act."""

    def __init__(self) -> None:
        self._places = count()
        self.seqs: dict[int, int] = {}

    def event(self, name: str, block: int, transaction: int, **args: Any) -> ChainEvent:
        return ChainEvent(
            chain=CHAIN,
            contract="EquityRegister",
            name=name,
            args=args,
            block_number=block,
            block_hash="0x00",
            block_time=NOW + block,
            tx_hash=f"0x{transaction:064x}",
            transaction_index=transaction,
            log_index_in_block=next(self._places),
        )

    def position(self, block: int, transaction: int, holder: int, units: int, **more: Any) -> ChainEvent:
        self.seqs[holder] = seq = more.pop("seq", self.seqs.get(holder, 0) + 1)
        word = Position(units=units, seq=seq, **more).word
        return self.event("PositionChanged", block, transaction, security=SECURITY, investor=who(holder), position=word)

    def act(self, name: str, block: int, transaction: int, **args: Any) -> ChainEvent:
        evidence = {"commitment": b"\1" * 32, "leaf": leaf_of(transaction)}
        return self.event(name, block, transaction, security=SECURITY, **args, **evidence)

    def opening(self) -> ChainEvent:
        return self.act("SecurityOpened", 1, 1, issuer=b"\7" * 16, issuerRegion=440300, terms=TERMS)


@pytest.fixture
def take(database: Database) -> Take:
    def taken(*events: ChainEvent) -> None:
        with database.write() as session:
            unit = cast("Group", Unit(session, NOW * 1000))
            Block(unit, CHAIN, Alerts(CHAIN)).take(events)

    return taken


def held(database: Database, at: int | None = None) -> dict[str, int]:
    with database.read() as session:
        rows = repository.positions(session, CHAIN, NAME, None if at is None else (NOW + at) * 1000, limit=10_000)
    return {row.account_id: Position.of(int.from_bytes(row.word)).units for row in rows}


def told_of(database: Database) -> list[str]:
    with database.read() as session:
        return [row.kind for row in repository.alerts(session, CHAIN, standing=True, limit=100)]


def test_what_was_so_at_each_moment(database: Database, take: Take) -> None:
    told = Told()
    take(told.opening(), told.position(1, 2, 1, 100), told.act("Issued", 1, 2, units=100, issued=100))
    take(told.position(5, 3, 1, 60), told.position(5, 3, 2, 40), told.act("Transferred", 5, 3, units=40, reason=0))
    take(told.position(9, 4, 1, 0), told.position(9, 4, 2, 100), told.act("Transferred", 9, 4, units=60, reason=0))
    assert [held(database, at) for at in (0, 1, 4)] == [{}, {acc(1): 100}, {acc(1): 100}]
    assert [held(database, at) for at in (5, 8)] == [{acc(1): 60, acc(2): 40}] * 2
    assert held(database, 9) == held(database) == {acc(2): 100}, "who holds nothing is in no register"
    with database.read() as session:
        row = repository.security(session, CHAIN, NAME)
        before, after = repository.neighbours(session, CHAIN, NAME, acc(2), (NOW + 7) * 1000)
        moved = repository.outgoing(session, CHAIN, NAME, acc(1), names=("Transferred",), since=0)
    assert row is not None
    assert (row.issued, row.count, row.issuer_id) == (100, 1, from_bytes16("cmp", b"\7" * 16))
    assert before is not None
    assert after is not None
    assert (before.seq, before.leaf, after.seq, after.valid_to) == (1, leaf_of(3), 2, OPEN_END)
    assert [(each.account_id, each.other_id) for each in moved] == [(acc(1), acc(2))] * 2
    assert told_of(database) == []


def test_changes_within_one_block_leave_the_last_one(database: Database, take: Take) -> None:
    told = Told()
    changes: list[ChainEvent] = [told.opening()]
    for number in range(2, 6):
        changes += [told.position(1, number, 1, number), told.act("Issued", 1, number, units=1, issued=number)]
    take(*changes)
    assert held(database, 1) == held(database) == {acc(1): 5}
    with database.read() as session:
        rows = repository.history(session, CHAIN, NAME, acc(1), limit=10)
    assert [(row.seq, row.leaf) for row in rows] == [(seq, leaf_of(seq + 1)) for seq in range(1, 5)]
    assert {row.valid_to - row.valid_from for row in rows[:-1]} == {0}


def test_a_thousand_positions_of_one_block_and_their_pages(database: Database, take: Take) -> None:
    told = Told()
    issued: Iterable[ChainEvent] = (told.position(1, 2, number, number) for number in range(1, 1_001))
    take(told.opening(), *issued, told.act("Issued", 1, 2, units=500_500, issued=500_500))
    take(*(told.position(2, 3, number, 1) for number in range(1, 1_001)), told.act("Issued", 2, 3, units=0, issued=0))
    reader, lines, after = Reader(CHAIN), 0, ""
    while True:
        with database.read() as session:
            page = reader.register(session, NAME, Seen((NOW + 1) * 1000, NOW * 2000, 2), Part(after, 300))
        if not page.lines:
            break
        assert (page.security.issued, page.security.count) == (500_500, 1_000)
        lines, after = lines + len(page.lines), page.lines[-1].account_id
    assert lines == 1_000
    assert sum(held(database).values()) == 1_000
    assert told_of(database) == [], "lawfully so many when it came into custody, as the contract says no word"


@pytest.mark.parametrize("seq", [1, 3, 7])
def test_a_seq_that_does_not_follow_is_told(database: Database, take: Take, seq: int) -> None:
    told = Told()
    take(told.opening(), told.position(1, 2, 1, 5), told.act("Issued", 1, 2, units=5, issued=5))
    if seq == 1:
        with pytest.raises(Exception, match=r"(?i)unique"):
            take(told.position(2, 3, 1, 4, seq=seq), told.act("Issued", 2, 3, units=0, issued=4))
        return
    take(told.position(2, 3, 1, 4, seq=seq), told.act("Issued", 2, 3, units=0, issued=4))
    with database.read() as session:
        (alarm,) = repository.alerts(session, CHAIN, limit=10)
    assert (alarm.kind, alarm.said["expected"], alarm.said["found"]) == ("seq-gap", 2, seq)
    assert held(database) == {acc(1): 4}, "and what came is not lost"


def test_lots_and_liens_at_each_moment(database: Database, take: Take) -> None:
    told, opened = Told(), {"kind": 1, "units": 60, "since": NOW + 3, "until": 0, "secured": "0x" + "11" * 20}
    take(told.opening(), told.position(1, 2, 1, 100), told.act("Issued", 1, 2, units=100, issued=100))
    about = {"security": SECURITY, "investor": who(1)}
    take(
        told.event("LotsChanged", 3, 3, **about, lots=[60 | 1 << 80]),
        told.position(3, 3, 1, 100, encumbered=60, lots=1),
        told.act("LienOpened", 3, 3, investor=who(1), number=1, **opened),
    )
    take(
        told.event("LienChanged", 7, 4, security=SECURITY, number=1, lien=1 | (NOW + 3) << 8 | 20 << 72),
        told.event("LotsChanged", 7, 4, **about, lots=[20 | 1 << 80]),
        told.position(7, 4, 1, 100, encumbered=20, lots=1),
        told.act("Released", 7, 4, investor=who(1), number=1, units=40),
    )
    reader = Reader(CHAIN)
    for at, expected in ((2, (100, 0)), (3, (40, 60)), (6, (40, 60)), (7, (80, 20))):
        with database.read() as session:
            found = reader.register(session, NAME, Seen((NOW + at) * 1000, NOW * 2000, 7))
        (line,) = found.lines
        assert (line.buckets.available, line.buckets.pledged) == expected, at
        assert [lien.units for lien in found.liens] == ([] if at < 3 else [expected[1]])
        if at == 7:
            assert (found.liens[0].opened_units, found.liens[0].place.leaf) == (60, "0x" + leaf_of(4).hex())
            assert found.security.liens == 1
    with pytest.raises(LookupError, match="never opened"):
        take(_of_another(told))


def _of_another(told: Told) -> ChainEvent:
    return told.event("StateSet", 8, 5, security=b"\x01" * 16, before=1, state=2, commitment=bytes(32), leaf=bytes(32))
