"""Between a project's row and its standing under the table."""

from collections.abc import Mapping
from datetime import date

from services import days
from services.pilots.books import Book
from services.pilots.models import ProjectRow
from services.pilots.rulebook.machine import Refused, Standing
from services.pilots.rulebook.model import ItemKind
from services.pilots.steps.names import DRAFT
from services.platform.clock import from_ms
from services.platform.errors import RuleRefused

__all__ = ["day_name", "items_of", "put_standing", "refusal", "standing_of", "today_of"]


def standing_of(row: ProjectRow, book: Book) -> Standing:
    """Where the project stands as far as the chain was followed; a draft stands nowhere yet."""
    return Standing(
        state=None if row.state == DRAFT else row.state,
        flags=book.table.flag_names(row.flags),
        opened=_items(row.items, "opened"),
        closed=_items(row.items, "closed"),
        notice_from=row.notice_from,
        ends_on=row.ends_on,
        count=row.step_count,
        proven_count=row.proven_count,
    )


def put_standing(row: ProjectRow, book: Book, after: Standing) -> None:
    """The project stands there from now on."""
    row.state = DRAFT if after.state is None else after.state
    row.flags = book.table.flag_mask(after.flags)
    row.items = {"opened": _listed(after.opened), "closed": _listed(after.closed)}
    row.notice_from, row.ends_on = after.notice_from, after.ends_on
    row.step_count, row.proven_count = after.count, after.proven_count


def items_of(row: ProjectRow) -> Mapping[str, tuple[int, ...]]:
    """The open items by the name of their kind."""
    opened = sorted(_items(row.items, "opened"))
    return {
        kind.name.lower(): numbers
        for kind in ItemKind
        if (numbers := tuple(number for its, number in opened if its is kind))
    }


def today_of(now_ms: int) -> int:
    """The number of the day in Shanghai."""
    return days.day_of(from_ms(now_ms))


def day_name(number: int) -> str | None:
    """The ISO date of a day; None for 0."""
    return date.isoformat(days.on(number)) if number else None


def refusal(book: Book, error: Refused) -> RuleRefused:
    """The table's no as a problem: rule, source, and the numbers that decided."""
    text = book.rulebook.rule(error.rule_id).text if error.rule_id else "No transition of the rulebook allows this"
    shown = ", ".join(f"{name} {value}" for name, value in error.numbers.items())
    return RuleRefused(
        error.rule_id or book.rulebook.id,
        f"{text} ({error.guard}{': ' if shown else ''}{shown})",
        source=error.source,
        extra={"guard": error.guard, "numbers": error.numbers},
    )


def _items(stored: Mapping[str, list[list[int]]], which: str) -> frozenset[tuple[ItemKind, int]]:
    return frozenset((ItemKind(kind), number) for kind, number in stored.get(which, ()))


def _listed(items: frozenset[tuple[ItemKind, int]]) -> list[list[int]]:
    return sorted([int(kind), number] for kind, number in items)
