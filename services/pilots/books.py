"""Rulebooks (规则手册): those that come with the software, and those that a region has put in force."""

import threading
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.pilots import repository
from services.pilots.models import RulebookRow
from services.pilots.rulebook.compile import Table, compile_table
from services.pilots.rulebook.decisions import MissingSettings
from services.pilots.rulebook.loader import BOOKS, book_text, load, require_settings
from services.pilots.rulebook.model import Rulebook
from services.platform.errors import Invalid, NotFound, RuleRefused
from services.strict import StrictError

__all__ = ["Book", "Books", "prepare"]


@dataclass(frozen=True, slots=True)
class Book:
    """A rulebook under its settings, with the table that the chain holds of it."""

    rulebook: Rulebook
    table: Table

    @property
    def document(self) -> bytes:
        """What the chain pins."""
        return self.table.document


class Books:
    """Loads each rulebook once: they never change. Safe for threads."""

    def __init__(self) -> None:
        self._known: dict[str, Book] = {}
        self._lock = threading.Lock()

    def of(self, row: RulebookRow) -> Book:
        """The rulebook of a row."""
        with self._lock:
            found = self._known.get(row.id)
        if found is None:
            found = prepare(row.book, row.settings, row.settings_name)
            with self._lock:
                self._known[row.id] = found
        return found

    def get(self, session: Session, rulebook_id: str) -> Book:
        """The rulebook of the chain's id. NotFound."""
        with self._lock:
            found = self._known.get(rulebook_id)
        return found or self.of(require_row(session, rulebook_id))


def require_row(session: Session, rulebook_id: str) -> RulebookRow:
    """The row. NotFound."""
    row = repository.rulebook(session, rulebook_id)
    if row is None:
        raise NotFound("There is no such rulebook.")
    return row


def text_of(version: str) -> str:
    """The rulebook of this version that comes with the software. Invalid."""
    if version not in BOOKS:
        raise Invalid("/version", f"Expected one of {', '.join(BOOKS)}.")
    return book_text(version)


def prepare(book: str, settings: str, settings_name: str) -> Book:
    """A rulebook under these settings.

    Invalid for a settings file that is none; RuleRefused ``PILOT-SETTINGS`` lists what the sources leave open and the
    file does not decide.
    """
    try:
        rulebook = load(book, settings, settings_file=settings_name)
        require_settings(rulebook)
    except StrictError as error:
        raise Invalid("/settings", str(error)) from error
    except MissingSettings as error:
        listed = [{"name": e.name, "term": e.term, "why": e.why, "source": e.source} for e in error.missing]
        raise RuleRefused(
            "PILOT-SETTINGS",
            f"{error.rulebook} leaves points open that these settings do not decide: "
            f"{', '.join(each['name'] for each in listed)}.",
            source=listed[0]["source"] if listed else None,
            extra={"missing": listed},
        ) from error
    return Book(rulebook, compile_table(rulebook))
