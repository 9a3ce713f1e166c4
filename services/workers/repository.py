"""All SQL of the workers. PostgreSQL only, but for the tables' existence."""

from collections.abc import Collection, Sequence
from typing import Any

import psycopg
from sqlalchemy import ARRAY, LargeBinary, Table, Text, bindparam, column, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from services.platform.repository import CHANNEL, notify
from services.platform.rows_repository import insert_rows
from services.workers.models import IntakeRow, WorkerRow

__all__ = [
    "answer",
    "ask",
    "fetch",
    "forget_worker",
    "hurry",
    "listen",
    "purge",
    "put_worker",
    "waiting",
    "workers",
]

_INTAKE: Table = IntakeRow.metadata.tables["intake"]


def hurry(session: Session) -> None:
    """This transaction need not be on the disk when it has committed: losing it is made good by asking again."""
    session.execute(select(func.set_config("synchronous_commit", "off", True)))


def ask(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Puts questions in and tells the leader: (id, worker, asked_at, question)."""
    insert_rows(session, _INTAKE, [{**row, "answered_at": None, "answer": None} for row in rows])
    notify(session, "asked")


def fetch(session: Session, worker: str) -> list[tuple[str, bytes]]:
    """Takes out what was answered to this worker: (id, answer)."""
    answered = delete(IntakeRow).where(IntakeRow.worker == worker, IntakeRow.answered_at.is_not(None))
    return [(row[0], row[1] or b"") for row in session.execute(answered.returning(IntakeRow.id, IntakeRow.answer))]


def waiting(session: Session, held: Collection[str], limit: int) -> list[tuple[str, str, bytes]]:
    """The oldest unanswered questions that are not ``held``: (id, worker, question)."""
    row = IntakeRow
    query = select(row.id, row.worker, row.question).where(row.answered_at.is_(None)).order_by(row.id).limit(limit)
    if held:
        query = query.where(row.id != func.all(bindparam("held", list(held), type_=ARRAY(Text))))
    return [(found[0], found[1], found[2] or b"") for found in session.execute(query)]


def answer(session: Session, answers: Sequence[tuple[str, str, bytes]], now_ms: int) -> None:
    """Answers questions, forgets what they asked and tells their workers: (id, worker, answer)."""
    pairs = func.unnest(
        bindparam("asked", [asked for asked, *_ in answers], type_=ARRAY(Text)),
        bindparam("said", [said for *_, said in answers], type_=ARRAY(LargeBinary)),
    )
    given = pairs.table_valued(column("asked", Text), column("said", LargeBinary)).render_derived()
    move = update(IntakeRow).where(IntakeRow.id == given.c.asked)
    moved = {"question": None, "answered_at": now_ms, "answer": given.c.said}
    session.execute(move.values(moved), execution_options={"synchronize_session": False})
    for worker in {worker for _, worker, _ in answers}:
        notify(session, f"answered {worker}")


def purge(session: Session, *, answered_ms: int, asked_ms: int) -> None:
    """Forgets answers that nobody fetched, old ones and those of workers that are gone, and what nobody could read."""
    row = IntakeRow
    gone = row.answered_at.is_not(None) & row.worker.not_in(select(WorkerRow.id))
    session.execute(delete(row).where((row.answered_at < answered_ms) | (row.asked_at < asked_ms) | gone))


def put_worker(session: Session, worker: str, *, holder: str, fence: int, now_ms: int) -> None:
    """The worker lives."""
    said = {"holder": holder, "fence": fence, "seen_at": now_ms}
    statement = insert(WorkerRow).values(id=worker, **said)
    session.execute(statement.on_conflict_do_update(index_elements=["id"], set_=said))


def forget_worker(session: Session, worker: str, *, before_ms: int) -> None:
    """It has ended, and whoever was not seen since ``before_ms``."""
    session.execute(delete(WorkerRow).where((WorkerRow.id == worker) | (WorkerRow.seen_at < before_ms)))


def workers(session: Session, since_ms: int) -> Sequence[WorkerRow]:
    """Who was seen since then, the leader first."""
    query = select(WorkerRow).where(WorkerRow.seen_at >= since_ms)
    return session.scalars(query.order_by(WorkerRow.fence.desc(), WorkerRow.holder)).all()


def listen(connection: "psycopg.Connection[Any]") -> None:
    """Hears from now on what :func:`notify <services.platform.repository.notify>` says."""
    connection.execute(f"LISTEN {CHANNEL}")
