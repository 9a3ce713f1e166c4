"""The leader's side of the intake: takes questions, has them carried out and answers them.

A question is carried out by the very code that answers the leader's own clients, under its ``Idempotency-Key``: each
has one, its client's or one that the follower made. So a leader that falls between an act and its answer does no harm:
the next one carries the question out again, finds what was made, and says so.
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial

from sqlalchemy.orm import Session

from services.platform import metrics
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import LeaseLost
from services.platform.failpoints import hit
from services.platform.logging import get_logger
from services.workers import repository
from services.workers.forms import UNREADABLE, Answer, Question
from services.workers.outbox import KEY_OWNER, answer_aad, question_aad

__all__ = ["Inbox", "Perform"]

Perform = Callable[[Question], "Future[Answer | None]"]
"""Carries a question out; None when this process can no longer: somebody else will."""
_MOST = 512
_LOOK_S = 0.25
_log = get_logger("workers")


class Inbox:
    """``start()`` when leading, ``stop()`` at the end. ``performs`` by the kind of question."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        *,
        fence: Callable[[Session], None],
        performs: dict[str, Perform],
    ) -> None:
        self._database = database
        self._clock = clock
        self._vault = vault
        self._fence = fence
        self._performs = performs
        self._held: set[str] = set()
        self._unreadable: set[str] = set()  # left alone for this leader's life
        self._done: queue.SimpleQueue[tuple[str, str, Answer]] = queue.SimpleQueue()
        self._news = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)

    def start(self) -> None:
        """Begins to work."""
        self._thread.start()

    def stop(self, patience_s: float) -> None:
        """Takes nothing more and waits so long until what was taken is answered. Harmless when not started."""
        self._stopping = True
        self._news.set()
        if self._thread.is_alive():
            self._thread.join(patience_s)

    def ring(self) -> None:
        """There may be questions."""
        self._news.set()

    def _run(self) -> None:
        while not (self._stopping and not self._held):
            self._news.wait(_LOOK_S)
            self._news.clear()
            try:
                self._answer()
                if not self._stopping:
                    self._take()
            except LeaseLost:
                return  # the next leader answers what this one could not
            except Exception as error:  # noqa: BLE001 -- asked again at the next turn
                _log.warning("intake_stalled", reason=type(error).__name__, exc_info=error)
                self._news.wait(_LOOK_S)

    def _take(self) -> None:
        with self._database.read() as session:
            rows = repository.waiting(session, self._held | self._unreadable, _MOST)
            asked = [(row_id, worker, self._open(session, row_id, blob)) for row_id, worker, blob in rows]
        for row_id, worker, question in asked:
            perform = self._performs.get(question.kind) if question else None
            if question is None or perform is None:
                self._unreadable.add(row_id)
                continue
            self._held.add(row_id)
            future = perform(question)
            future.add_done_callback(partial(self._finished, row_id, worker))
        metrics.INTAKE_WAITING.set(len(self._held))

    def _open(self, session: Session, row_id: str, blob: bytes) -> Question | None:
        try:
            return Question.unpack(self._vault.decrypt(session, KEY_OWNER, blob, question_aad(row_id)))
        except UNREADABLE:
            _log.error("intake_unreadable", row=row_id)
            return None

    def _finished(self, row_id: str, worker: str, done: "Future[Answer | None]") -> None:
        answer = None if done.cancelled() or done.exception() else done.result()
        if answer is None:
            self._held.discard(row_id)
        else:
            self._done.put((row_id, worker, answer))
        self._news.set()

    def _answer(self) -> None:
        done: list[tuple[str, str, Answer]] = []
        with suppress(queue.Empty):
            while len(done) < _MOST:
                done.append(self._done.get_nowait())
        if not done:
            return
        hit("intake.before-answer")
        try:
            with self._database.write() as session:
                self._fence(session)
                repository.hurry(session)
                sealed = [
                    (row_id, worker, self._vault.encrypt(session, KEY_OWNER, answer.pack(), answer_aad(row_id)))
                    for row_id, worker, answer in done
                ]
                repository.answer(session, sealed, self._clock.ms())
        except BaseException:
            for each in done:
                self._done.put(each)
            raise
        self._held.difference_update(row_id for row_id, *_ in done)
