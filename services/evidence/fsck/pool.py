"""Ranges in several processes, each with a connection and a snapshot of its own; whoever asks works too."""

import multiprocessing
import os
import threading
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy.orm import Session

from services.evidence.fsck import repository
from services.evidence.fsck.ranges import RangeResult, Task, examine
from services.platform.atrest import Vault
from services.platform.database import Database

__all__ = ["Pool", "workers"]

_AHEAD = 2  # tasks that each of the others has before it: one in hand, one waiting
_HELD = 8  # results that wait for an earlier one, for each of the others
_Source = tuple[str, Path]
_opened: dict[str, tuple[Session, Vault]] = {}
_stack = ExitStack()  # a process of the others ends with its connection


class Pool:
    """Runs tasks and gives their results in order. Without ``others`` here; ``helps``: here as well."""

    def __init__(self, others: Executor | None, count: int, *, helps: bool) -> None:
        self._others = others
        self._ahead = _AHEAD * count
        self._held = _HELD * count
        self._helps = helps

    def map(self, tasks: Iterator[Task]) -> Iterator[RangeResult]:
        """The tasks' results, of which only a few are held at a time."""
        if self._others is None:
            yield from map(_examine, tasks)
            return
        if self._helps:
            yield from self._meanwhile(self._others.submit(_ready), tasks)
        waiting: deque[Future[RangeResult]] = deque()
        for task in tasks:
            busy = sum(not each.done() for each in waiting) >= self._ahead
            waiting.append(_done(task) if busy and self._helps else self._others.submit(_examine, task))
            while waiting and (waiting[0].done() or len(waiting) > (self._held if self._helps else self._ahead)):
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def _meanwhile(self, ready: Future[None], tasks: Iterator[Task]) -> Iterator[RangeResult]:
        """While the others start, which takes as long as some thousand records, this process does not wait."""
        while not ready.done():
            task = next(tasks, None)
            if task is None:
                return
            yield _examine(task)


@contextmanager
def workers(source: _Source, jobs: int, *, apart: bool) -> Iterator[Pool]:
    """So many processes in all, of which this one is one unless they work ``apart``."""
    others = jobs if apart else jobs - 1
    with ExitStack() as stack:
        if not apart:
            _open(source, stack)
            stack.callback(_opened.clear)
        if not others:
            yield Pool(None, 0, helps=True)
            return
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(others, mp_context=context, initializer=_begin, initargs=(source,))
        yield Pool(stack.enter_context(executor), others, helps=not apart)


def _begin(source: _Source) -> None:
    """In one of the others: ends with whoever started it, also when that was killed and could not say so."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _open(source)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _open(source: _Source, stack: ExitStack = _stack) -> None:
    database = Database(source[0], pool_size=1)
    stack.callback(database.close)
    session = stack.enter_context(database.read())
    repository.patient(session)
    _opened["here"] = session, Vault(source[1])


def _ready() -> None:
    """Done by one of the others once it has started."""


def _examine(task: Task) -> RangeResult:
    session, vault = _opened["here"]
    try:
        return examine(session, vault, task)
    finally:
        session.expunge_all()


def _done(task: Task) -> Future[RangeResult]:
    """Done here, in the shape of what others do."""
    future: Future[RangeResult] = Future()
    future.set_result(_examine(task))
    return future
