"""Puts the book together (登记簿)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.register.book.comparing import ReadMany
from services.register.book.desk import BookDesk, Names
from services.register.book.gaps import Gaps
from services.register.book.projection import OnRegistered, Projection
from services.register.book.reader import Reader
from services.register.book.reconcile import Reconciler
from services.register.book.statements import ReadEnd, StatementDesk
from services.register.parts import RegisterParts

__all__ = ["Book", "open_book"]


@dataclass(frozen=True, slots=True)
class Book:
    """The doors of the book, and what it does by itself: name -> (seconds between runs, job)."""

    desk: BookDesk
    statements: StatementDesk
    reconciler: Reconciler
    jobs: Mapping[str, tuple[float, Callable[[], None]]]


def open_book(
    parts: RegisterParts,
    read_many: ReadMany,
    *,
    contract: str,
    on_registered: OnRegistered,
    names: Names,
    read_end: ReadEnd,
) -> Book:
    """The book, its handler subscribed: before the indexer starts. ``contract``: the register's address."""
    Projection(parts.chain, on_registered).register(parts.transactions)
    reconciler = Reconciler(parts, read_many)
    jobs: Mapping[str, tuple[float, Callable[[], None]]] = {
        "register.reconcile": (3_600.0, reconciler.run_when_due),
        "register.tell": (60.0, reconciler.tell),
        "register.gaps": (60.0, Gaps(parts).run),
    }
    reader = Reader(parts.chain)
    statements = StatementDesk(parts, reader, names, contract=contract, read_end=read_end)
    return Book(BookDesk(parts, reader, names), statements, reconciler, jobs)
