"""For whom a project waits (待办): the bodies whose next step the table foresees, their standing powers left out."""

import re
from collections.abc import Iterable
from functools import cache

from services.identity.commands import role_hash
from services.pilots.books import Book
from services.pilots.models import ProjectRow
from services.pilots.rulebook.model import Body, Guard, Transition
from services.pilots.steps.names import DRAFT, own_name, role_name

__all__ = ["foreseen", "waiting_body", "waits_of"]

_POWERS = re.compile(
    r"withdraw|disqualify|suspend|stop|normalise|stage\.open|plan\.revise|extension\.exception|tutoring\.(reuse|revoke)"
    r"|(danger|ground)\.raise|rectification\.open|exit\.(apply|abandon|force|initiate\..*)"
)
"""What a body may do when it sees reason to, so that nobody waits for it."""


_hash = cache(role_hash)


def foreseen(book: Book, row: ProjectRow, today: int) -> Iterable[Transition]:
    """The rows of the project's state that somebody waits for, flags, open items and the pilot's end considered."""
    state = None if row.state == DRAFT else row.state
    flags = book.table.flag_names(row.flags)
    opened = {kind for kind, _ in row.items.get("opened", ())}
    for each in book.rulebook.actions_in(state):
        possible = flags.issuperset(each.requires) and not flags.intersection(each.forbids)
        blocked = opened.intersection(each.none_open) or (each.some_open and not opened.intersection(each.some_open))
        closing = each.kind_a is None or each.kind_a in opened
        done = each.to is None and bool(each.sets) and flags.issuperset(each.sets)
        early = Guard.END_REACHED in each.guards and not today > row.ends_on > 0
        due = not _POWERS.fullmatch(each.action) and not book.rulebook.bodies[each.body].by_sender
        if due and not done and not early and possible and closing and not blocked:
            yield each


def waiting_body(body: Body, row: ProjectRow) -> str:
    """The name under which a project waits for a body."""
    if body.role is None:
        return own_name(row.lead_id)
    return role_name(_hash(body.role), 0 if body.national else row.region)


def waits_of(book: Book, row: ProjectRow, today: int) -> list[str]:
    """The bodies that the project waits for."""
    return [waiting_body(book.rulebook.bodies[each.body], row) for each in foreseen(book, row, today)]
