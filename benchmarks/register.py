"""A company's register as of a date among a million positions: holders, buckets, liens, and where each line stands."""

from __future__ import annotations

import os
import random
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path

import services.evidence.models as tables
import services.platform.models  # noqa: F401 (the data keys' table)
from benchmarks.measure import Figure
from benchmarks.submission import postgres
from services.platform.database import Base, Database
from services.platform.ids import from_bytes16
from services.register.book import repository
from services.register.book.models import OPEN_END, EventRow, EvidenceRow, LienRow, SecurityRow
from services.register.book.reader import Reader, Seen
from services.register.rules.positions import Position

POSITIONS = 1_000_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 100_000
HOLDERS, VERSIONS = 200, 5
LARGE, LARGE_VERSIONS = 3_000, 8
ASKED = 300
CHAIN, LOG = "business", "log_" + "0" * 32
BEGIN, DAY = 1_700_000_000_000, 86_400_000
SPAN = 1_000 * DAY
_CHUNK = 50_000


def run() -> Iterator[Figure]:
    """The 95th percentiles, each database in turn."""
    with tempfile.TemporaryDirectory() as folder:
        yield from _measured("SQLite", f"sqlite:///{Path(folder) / 'regseal.sqlite'}")
    with postgres() as url:
        yield from _measured("PostgreSQL", url)


def _measured(name: str, url: str) -> Iterator[Figure]:
    with _filled(url) as database:
        reader, chance = Reader(CHAIN), random.Random(1)  # noqa: S311 (the same ones each time)
        count = _companies()
        usual = [_security(chance.randrange(1, count + 1)) for _ in range(ASKED)]
        moments = [BEGIN + chance.randrange(SPAN // 20, SPAN) for _ in range(ASKED)]

        def ask(security: str, at: int | None) -> None:
            with database.read() as session:
                found = reader.register(session, security, Seen(at, BEGIN + SPAN, 1))
            assert found.lines, (security, at)
            assert all(line.place.anchored for line in found.lines)

        for text, securities, when in (
            (f"{name}: register of {HOLDERS} holders as of a date, p95", usual, moments),
            (f"{name}: register of {HOLDERS} holders now, p95", usual, [None] * ASKED),
            (f"{name}: register of {LARGE:,} holders as of a date, p95", [_security(0)] * 40, moments[:40]),
        ):
            taken = [_timed(partial(ask, one, at)) for one, at in zip(securities, when, strict=True)]
            yield Figure(text, _p95([wall for wall, _ in taken]), "ms", target=Decimal(100))
            yield Figure(f"{text.removesuffix(', p95')}, own time, p95", _p95([own for _, own in taken]), "ms")


@contextmanager
def _filled(url: str) -> Iterator[Database]:
    database = Database(url)
    try:
        Base.metadata.create_all(database.writer)
        rows = _Rows(database)
        rows.company(0, LARGE, LARGE_VERSIONS)
        for number in range(1, _companies() + 1):
            rows.company(number, HOLDERS, VERSIONS)
        rows.write()
        rows.head()
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        yield database
    finally:
        database.close()


class _Rows:
    """Positions of companies, each change with an act of its own, a tenth of the holders with a pledge in a lot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._pending: dict[object, list[dict[str, object]]] = {}
        self._waiting = self._leaves = 0

    def company(self, number: int, holders: int, versions: int) -> None:
        security = _security(number)
        opened = {"chain": CHAIN, "security_id": security, "issuer_id": "cmp_" + "1" * 32, "issuer_region": 440300}
        opened |= {"form": 0, "kinds": 254, "cap": 200, "grandfathered": 0, "interval": 5, "subscription_counts": False}
        opened |= {"basis": "REM-04", "state": 2, "issued": 0, "count": holders, "liens": holders // 10}
        self._put(SecurityRow.__table__, {**opened, "opened_at": BEGIN})
        act = {"chain": CHAIN, "block_number": number, "log_index": 0, "name": "SecurityOpened"}
        act |= {"security_id": security, "account_id": None, "other_id": None, "number": None, "subject_to": None}
        act |= {"args": {"terms": [0, 254, 200, 0, 5, False, "0x" + "00" * 16]}, "commitment": bytes(32)}
        self._put(EventRow.__table__, {**act, "leaf": bytes(32), "tx_hash": bytes(32), "block_time": BEGIN})
        for holder in range(holders):
            self._holder(security, number * 10_000 + holder, holder, versions)

    def head(self) -> None:
        """One log whose newest anchored head covers every leaf."""
        with self._database.write() as session:
            log = tables.LogRow(
                id=LOG, origin="bench.example/house", owner_id="ins_", state="open", house=True, suite=1
            )
            log.size, log.frontier, log.stream_key, log.predecessor_id = self._leaves, b"", b"", None
            log.created_at, log.opened_at, log.frozen_at = BEGIN, BEGIN, None
            session.add(log)
            session.flush()
            session.add(
                tables.CheckpointRow(log_id=LOG, size=self._leaves, root=bytes(32), note="", grade=0, created_at=BEGIN)
            )
            session.flush()
            anchor = tables.AnchorRow(log_id=LOG, size=self._leaves, chain="supervision", tx_id="tx_", state="anchored")
            anchor.requested_at, anchor.attempts, anchor.reason = BEGIN, 1, None
            session.add(anchor)

    def write(self) -> None:
        with self._database.write() as session:
            for table, rows in self._pending.items():
                repository.insert(session, table, rows)
        self._pending, self._waiting = {}, 0

    def _holder(self, security: str, account: int, place: int, versions: int) -> None:
        account_id = from_bytes16("acc", account.to_bytes(16))
        moments = [BEGIN, *sorted(secrets.randbelow(SPAN) + BEGIN for _ in range(versions - 1)), OPEN_END]
        for seq in range(1, versions + 1):
            leaf = self._evidence()
            shared = {"tx_hash": leaf, "leaf": leaf, "block_number": moments[seq - 1] // 1000, "log_index": place}
            valid = {"chain": CHAIN, "security_id": security, "valid_from": moments[seq - 1], "valid_to": moments[seq]}
            word = Position(units=1_000 + seq, encumbered=10 if place % 10 == 0 else 0, seq=seq).word.to_bytes(32)
            self._put(
                repository.POSITIONS,
                {**valid, **shared, "account_id": account_id, "seq": seq, "held": 1, "word": word},
            )
        if place % 10 == 0:
            self._pledge(security, account_id, place // 10 + 1)

    def _pledge(self, security: str, account_id: str, number: int) -> None:
        leaf, at = self._evidence(), {"chain": CHAIN, "security_id": security}
        shared = {"tx_hash": leaf, "leaf": leaf, "block_number": number, "log_index": 0}
        so = {**at, **shared, "valid_from": BEGIN, "valid_to": OPEN_END}
        self._put(repository.LOTS, {**so, "account_id": account_id, "lots": [("10", [number])]})
        self._put(repository.LIENS, {**so, "number": number, "units": 10, "until": 0})
        lien = {**at, **shared, "number": number, "account_id": account_id, "kind": 1, "since": BEGIN // 1000}
        lien |= {"secured": None, "opened_units": 10, "opened_at": BEGIN, "lien_id": None}
        self._put(LienRow.__table__, {**lien, "received_at": None})

    def _evidence(self) -> bytes:
        leaf = secrets.token_bytes(32)
        said = {"leaf": leaf, "log_id": LOG, "request_record": "rec_", "request_index": self._leaves}
        self._put(EvidenceRow.__table__, {**said, "outcome_record": "rec_", "outcome_index": self._leaves + 1})
        self._leaves += 2
        return leaf

    def _put(self, table: object, row: dict[str, object]) -> None:
        self._pending.setdefault(table, []).append(row)
        self._waiting += 1
        if self._waiting == _CHUNK:
            self.write()


def _companies() -> int:
    return (POSITIONS - LARGE * LARGE_VERSIONS) // (HOLDERS * VERSIONS)


def _security(number: int) -> str:
    return from_bytes16("sec", (number + 1).to_bytes(16))


def _timed(act: Callable[[], object]) -> tuple[Decimal, Decimal]:
    """Milliseconds that passed, and those of them that this process worked."""
    began, worked = time.perf_counter_ns(), time.process_time_ns()
    act()
    passed, own = time.perf_counter_ns() - began, time.process_time_ns() - worked
    return Decimal(passed) / 1_000_000, Decimal(own) / 1_000_000


def _p95(taken: list[Decimal]) -> Decimal:
    return sorted(taken)[len(taken) * 95 // 100].quantize(Decimal("0.001"))
