"""Puts the book together (登记簿)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.register.book.comparing import ReadMany
from services.register.book.projection import OnRegistered, Projection
from services.register.book.reconcile import Reconciler
from services.register.parts import RegisterParts

__all__ = ["Book", "open_book"]


@dataclass(frozen=True, slots=True)
class Book:
    """The doors of the book, and what it does by itself: name -> (seconds between runs, job)."""

    reconciler: Reconciler
    jobs: Mapping[str, tuple[float, Callable[[], None]]]


def open_book(parts: RegisterParts, read_many: ReadMany, *, on_registered: OnRegistered) -> Book:
    """The book, its handler subscribed: before the indexer starts."""
    Projection(parts.chain, on_registered).register(parts.transactions)
    reconciler = Reconciler(parts, read_many)
    jobs: Mapping[str, tuple[float, Callable[[], None]]] = {
        "register.reconcile": (3_600.0, reconciler.run_when_due),
        "register.tell": (60.0, reconciler.tell),
    }
    return Book(reconciler, jobs)
