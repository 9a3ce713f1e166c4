"""A unit inside another: what a door of the register does, done in the unit of a checked act (:mod:`checked`)."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

from chain.proof.canonical import JsonObject
from services.evidence.group import Group

__all__ = ["Within", "current", "done", "within"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Within:
    """``checked``: who checked what is done here, as the facts of it say; none while it is only tried."""

    group: Group
    checked: JsonObject | None


_WITHIN: ContextVar[Within | None] = ContextVar("register_within", default=None)


def current() -> Within | None:
    """The unit in which the register's doors do at once what they are told; None: each in a unit of its own."""
    return _WITHIN.get()


@contextmanager
def within(group: Group, checked: JsonObject | None) -> Iterator[None]:
    """Doors that are told something here, by this thread, do it in this group's unit."""
    token = _WITHIN.set(Within(group, checked))
    try:
        yield
    finally:
        _WITHIN.reset(token)


def done(unit: Callable[[Group], T], group: Group) -> Future[T]:
    """What a unit gives, at once; what it raises is raised."""
    future: Future[T] = Future()
    future.set_result(unit(group))
    return future
