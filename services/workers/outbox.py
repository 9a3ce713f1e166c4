"""A follower's side of the intake: puts questions in, fetches answers, many of both in one transaction."""

import queue
import threading
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.platform import metrics
from services.platform.atrest import Vault, aad
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Unavailable
from services.platform.ids import new_id
from services.platform.logging import get_logger
from services.workers import repository
from services.workers.forms import UNREADABLE, Answer, Question

__all__ = ["KEY_OWNER", "Outbox", "answer_aad", "question_aad"]

KEY_OWNER = "intake"
"""Whose data key encrypts the intake: the service's own, for what passes has many owners."""
_MOST = 1_024
_LOOK_S = 0.25
_log = get_logger("workers")


def question_aad(row_id: str) -> bytes:
    """What binds a question to its row."""
    return aad("intake-question", row_id)


def answer_aad(row_id: str) -> bytes:
    """What binds an answer to its row."""
    return aad("intake-answer", row_id)


@dataclass(frozen=True, slots=True)
class _Asked:
    row_id: str
    question: Question
    future: Future[Answer]


class Outbox:
    """``start()``, then ``ask()`` from any thread."""

    def __init__(self, database: Database, clock: Clock, vault: Vault, *, worker: str) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._worker = worker
        self._asked: queue.SimpleQueue[_Asked] = queue.SimpleQueue()
        self._open: dict[str, Future[Answer]] = {}
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="outbox", daemon=True)

    def start(self) -> None:
        """Begins to work."""
        with self._database.write(fenced=False) as session:
            self._vault.ensure_key(session, KEY_OWNER)
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Takes nothing more and waits so long for what was asked. Harmless when not started."""
        self._stopping = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def ask(self, question: Question) -> "Future[Answer]":
        """Hands a question over; the future resolves when the leader answered and fails when nobody could be asked.

        Unavailable ``busy`` when too many wait, ``stopping``.
        """
        if self._stopping:
            raise Unavailable("stopping", "The service is starting or stopping.")
        if len(self._open) >= _MOST:
            raise Unavailable("busy", f"{_MOST} requests of this process wait for the leader; try again.")
        asked = _Asked(new_id("ask", self._clock.ms()), question, Future())
        self._open[asked.row_id] = asked.future
        asked.future.add_done_callback(lambda _done: self._open.pop(asked.row_id, None))  # who asked may give up
        self._asked.put(asked)
        self._news.set()
        metrics.HANDED_OVER.inc()
        return asked.future

    def ring(self) -> None:
        """There may be answers."""
        self._news.set()

    def _run(self) -> None:
        while not (self._stopping and not self._open):
            self._news.wait(_LOOK_S)
            self._news.clear()
            if self._open:
                asked = self._gather()
                try:
                    self._exchange(asked)
                except Exception as error:  # noqa: BLE001 -- the futures carry it
                    self._fail(asked, error)

    def _gather(self) -> list[_Asked]:
        asked = []
        with suppress(queue.Empty):
            while True:
                asked.append(self._asked.get_nowait())
        return asked

    def _exchange(self, asked: list[_Asked]) -> None:
        now = self._clock.ms()
        with self._database.write(fenced=False) as session:
            repository.hurry(session)
            if asked:
                sealed = [
                    self._vault.encrypt(session, KEY_OWNER, each.question.pack(), question_aad(each.row_id))
                    for each in asked
                ]
                repository.ask(
                    session,
                    [
                        {"id": each.row_id, "worker": self._worker, "asked_at": now, "question": question}
                        for each, question in zip(asked, sealed, strict=True)
                    ],
                )
            fetched = repository.fetch(session, self._worker)
            answers = [(row_id, self._read(session, row_id, blob)) for row_id, blob in fetched]
        for row_id, answer in answers:
            future = self._open.get(row_id)
            if future is not None and answer is not None and future.set_running_or_notify_cancel():
                future.set_result(answer)

    def _read(self, session: Session, row_id: str, blob: bytes) -> Answer | None:
        """None for what nobody can read: who asked hears nothing and asks again."""
        try:
            return Answer.unpack(self._vault.decrypt(session, KEY_OWNER, blob, answer_aad(row_id)))
        except UNREADABLE:
            _log.error("intake_unreadable", row=row_id)
            return None

    def _fail(self, asked: list[_Asked], error: Exception) -> None:
        _log.error("not_handed_over", requests=len(asked), exc_info=error)
        for each in asked:
            if each.future.set_running_or_notify_cancel():
                each.future.set_exception(
                    Unavailable("not-durable", "The request could not be handed to the leader; try again.")
                )
