"""Pilot projects in great number: any timeline, a body's work queue, and the lists, each database in turn."""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import services.identity.models as identity
from benchmarks.measure import Figure
from benchmarks.submission import postgres
from chain.proof.types import Phase
from services.identity.commands import role_hash
from services.identity.policy import Principal
from services.pilots.books import Books, prepare, text_of
from services.pilots.models import ApplicantRow, EventRow, ProjectRow, RulebookRow, WaitRow
from services.pilots.projects.forms import Forms
from services.pilots.reading import ReadDesk
from services.pilots.reads import Reads
from services.pilots.steps.names import own_name
from services.pilots.steps.waits import waits_of
from services.pilots.stream import Stream
from services.platform.atrest import Vault, aad
from services.platform.clock import SystemClock
from services.platform.database import Base, Database
from services.platform.ids import from_bytes16
from services.platform.rows_repository import insert_rows
from services.transactions import repository as transactions

PROJECTS = 10_000 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 1_000
EVENTS, LEADS, ASKED, PAGE = 50, 40, 200, 100
REGION, BEGIN, TODAY = 440300, 1_800_000_000_000, 20_833
BOOK, LOG, GROUP = "0x" + "0" * 64, "log_" + "0" * 32, "ins_" + "f" * 32
ROLE = "pilot.working-group"
SETTINGS = Path(__file__).parents[1] / "samples" / "pilots" / "settings" / "SZ-2023.11.yaml"
STATES = ("SUBMITTED", "CORRECTION", "UNDER_SELECTION", "PUBLIC_NOTICE", "LAUNCH_APPROVED", "RUNNING", "NORMALISED")
_CHUNK = 500


def run() -> Iterator[Figure]:
    """The 95th percentiles of what a reader waits for in the service, without HTTP; PROJECTS projects."""
    with tempfile.TemporaryDirectory() as folder:
        key = Path(folder) / "master.key"
        yield from _measured("SQLite", f"sqlite:///{Path(folder) / 'regseal.sqlite'}", Vault.create(key))
        with postgres() as url:
            yield from _measured("PostgreSQL", url, Vault(key))


def _measured(name: str, url: str, vault: Vault) -> Iterator[Figure]:
    with _filled(url, vault) as database:
        desk, chance = _desk(database, vault), random.Random(1)  # noqa: S311 (the same ones each time)
        group, lead = _caller(GROUP, "working-group", "supervisor"), _caller(_lead(3), "applicant", "reader")
        numbers = [chance.randrange(PROJECTS) for _ in range(ASKED)]
        projects = [_project(number) for number in numbers]

        def timeline(project: str) -> None:
            assert len(desk.timeline(group, project, limit=PAGE, cursor=None).items) == EVENTS

        def queue(caller: Principal, cursor: str | None) -> None:
            assert all(item.actions for item in desk.queue(caller, limit=PAGE, cursor=cursor).items)

        def listed(caller: Principal, states: tuple[str, ...], cursor: str | None) -> None:
            assert desk.list(caller, states=states, limit=PAGE, cursor=cursor).items is not None

        cases: tuple[tuple[str, list[Callable[[], None]]], ...] = (
            (f"a timeline of {EVENTS} events", [partial(timeline, each) for each in projects]),
            ("a page of a body's queue", [partial(queue, group, each) for each in projects]),
            ("the first page of it", [partial(queue, group, None)] * ASKED),
            ("an applicant's queue", [partial(queue, lead, None)] * ASKED),
            ("a page of a region's projects", [partial(listed, group, (), each) for each in projects]),
            ("those in one state", [partial(listed, group, ("RUNNING",), each) for each in projects]),
            ("an applicant's projects", [partial(listed, lead, (), None)] * ASKED),
        )
        for text, asks in cases:
            yield Figure(
                f"{name}, {PROJECTS:,}: {text}, p95", _p95([_timed(ask) for ask in asks]), "ms", target=Decimal(100)
            )


def _desk(database: Database, vault: Vault) -> ReadDesk:
    """The door that the API asks, with as much behind it as reading takes."""
    stream: Any = Stream(None)  # type: ignore[arg-type]
    reads = Reads(Books(), Forms(vault, stream))
    chains: Any = SimpleNamespace(chains_of=transactions.chains_of)
    parts: Any = SimpleNamespace(
        database=database, reads=reads, clock=SystemClock(), transactions=chains, chain="supervision"
    )
    return ReadDesk(parts, lambda *_: None)


@contextmanager
def _filled(url: str, vault: Vault) -> Iterator[Database]:
    database = Database(url)
    try:
        Base.metadata.create_all(database.writer)
        with database.write() as session:
            session.add(_rulebook())
            role = identity.ChainRoleRow(role=role_hash(ROLE), region=REGION, account="0x" + "a" * 40, epoch=1)
            role.institution_id, role.expires_at, role.revoked = GROUP, BEGIN, False
            session.add(role)
            for number in range(LEADS):
                vault.ensure_key(session, _lead(number))
        for first in range(0, PROJECTS, _CHUNK):
            _fill(database, vault, range(first, min(first + _CHUNK, PROJECTS)))
        with database.writer.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")
        yield database
    finally:
        database.close()


def _rulebook() -> RulebookRow:
    row = RulebookRow(id=BOOK, version="SZ-2023.11", region=REGION, log_id=LOG, book=text_of("SZ-2023.11"))
    row.settings, row.settings_name, row.document = SETTINGS.read_text("utf-8"), SETTINGS.name, bytes(32)
    row.state, row.actor_id, row.record_id, row.leaf_hash = "active", GROUP, "rec_", bytes(32)
    row.operation_id, row.created_at, row.decided_at = "op_", BEGIN, BEGIN
    return row


def _fill(database: Database, vault: Vault, numbers: range) -> None:
    """Projects in every state, each with two applicants and its events, and with those who wait for it."""
    made: dict[Any, list[dict[str, Any]]] = {row.__table__: [] for row in (ProjectRow, ApplicantRow, WaitRow, EventRow)}
    book = prepare(text_of("SZ-2023.11"), SETTINGS.read_text("utf-8"), SETTINGS.name)
    waiting = [set(waits_of(book, _standing(state), TODAY)) for state in STATES]
    with database.write() as session:
        for number in numbers:
            project, lead, partner = _project(number), _lead(number), _lead(number + 1)
            title = vault.encrypt(session, lead, f"份额转让链上登记 {number}".encode(), aad("pilot-title", project))
            made[ProjectRow.__table__].append(_row(number, title))
            for place, each in enumerate((lead, partner)):
                said = {"project_id": project, "institution_id": each, "position": place}
                made[ApplicantRow.__table__].append(said)
            for body in sorted(waiting[number % len(STATES)]):
                who = own_name(lead) if body == own_name("") else body
                made[WaitRow.__table__].append({"project_id": project, "body": who})
            made[EventRow.__table__] += [_event(number, seq) for seq in range(EVENTS)]
        for table, rows in made.items():
            insert_rows(session, table, rows)


def _standing(state: str) -> ProjectRow:
    """As far as it matters for whom a project waits."""
    return ProjectRow(state=state, lead_id="", region=REGION, flags=0, items={}, notice_from=TODAY, ends_on=TODAY)


def _row(number: int, title: bytes) -> dict[str, Any]:
    said = {"id": _project(number), "rulebook_id": BOOK, "region": REGION, "track": "pilot", "lead_id": _lead(number)}
    said |= {"log_id": LOG, "title": title, "state": STATES[number % len(STATES)], "flags": 0, "items": {}}
    said |= {"notice_from": TODAY, "ends_on": TODAY, "count": EVENTS, "step_count": EVENTS, "proven_count": 0}
    said |= {"last_leaf": bytes(32), "stream": number.to_bytes(16), "draft_version": 2, "visible": True}
    return {**said, "published": {}, "created_at": BEGIN, "updated_at": BEGIN + number}


def _event(number: int, seq: int) -> dict[str, Any]:
    """Requests and their outcomes in turn; of the last step the outcome is still awaited."""
    asked, last = seq % 2 == 0, seq == EVENTS - 2
    said = {"project_id": _project(number), "seq": seq, "phase": int(Phase.REQUESTED if asked else Phase.REGISTERED)}
    said |= {"name": "comment.dismiss", "actor_id": GROUP, "record_id": f"rec_{number:016x}{seq:016x}", "value": 0}
    said |= {"leaf_hash": (number * EVENTS + seq).to_bytes(32), "body": "working_group", "rule": "SZ-56"}
    said |= {"source": "深圳工作指南 五(一)3", "evidence": [{"code": "disposal", "record": "rec_" + "0" * 32}]}
    said |= {"public": None, "operation_id": f"op_{number:016x}{seq:016x}" if asked else None, "reason": None}
    said |= {"outcome": "registered" if asked and not last else None, "request": None if asked else seq - 1}
    said |= {"signer": "0x" + "a" * 40, "state": "PUBLIC_NOTICE", "tx_hash": "0x" + "0" * 64, "block_number": seq}
    return {**said, "accepted_at": BEGIN + seq}


def _caller(institution: str, kind: str, role: str) -> Principal:
    return Principal(institution, "tok_", None, frozenset({role}), REGION, kind, "active", host=False)


def _project(number: int) -> str:
    return from_bytes16("prj", (number + 1).to_bytes(16))


def _lead(number: int) -> str:
    return from_bytes16("ins", (number % LEADS + 1).to_bytes(16))


def _timed(act: Callable[[], object]) -> Decimal:
    """Milliseconds."""
    began = time.perf_counter_ns()
    act()
    return Decimal(time.perf_counter_ns() - began) / 1_000_000


def _p95(taken: list[Decimal]) -> Decimal:
    return sorted(taken)[len(taken) * 95 // 100].quantize(Decimal("0.001"))
