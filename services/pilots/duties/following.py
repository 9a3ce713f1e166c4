"""Duties that follow from steps: reports from the launch on, what an exit leaves to do, what a suspension asks for."""

from services.evidence.group import Group
from services.pilots import repository
from services.pilots.books import Books
from services.pilots.duties import rules
from services.pilots.duties.keeping import Duties
from services.pilots.rulebook.model import Rulebook
from services.pilots.steps.commands import CONTRACT
from services.pilots.steps.standing import today_of
from services.platform.ids import from_bytes16
from services.transactions.service import Transactions
from services.transactions.views import ChainEvent

__all__ = ["Following", "exit_of"]

_LAUNCH = "launch"
_ENDINGS = ("normalise", "exit.force")
_IMPLEMENTED = "exit.implement."


class Following:
    """A handler of the lifecycle contract's events, beside the one that moves the project; a repetition is nothing."""

    def __init__(self, books: Books, duties: Duties, *, chain: str) -> None:
        self._books = books
        self._duties = duties
        self._chain = chain

    def register(self, transactions: Transactions) -> None:
        """Asks to be told, with a cursor of its own."""
        transactions.on_event(CONTRACT, "PilotMoved", self.moved, chain=self._chain, listener="pilots.duties")

    def moved(self, group: Group, event: ChainEvent) -> None:
        """What the step leaves to do; the step's own leaf is the evidence of it."""
        project = repository.project(group.session, from_bytes16("prj", event.args["project"]))
        if project is None:
            return
        book, action = self._books.get(group.session, project.rulebook_id), event.args["action"]
        day, seq = today_of(event.block_time * 1000), event.args["seq"]
        for duty in book.rulebook.duties:
            if duty.every_months and action == _LAUNCH:
                self._duties.owe(group, project, book, duty, cause=f"{duty.code}/1", since=day)
            if action in duty.on:
                self._duties.owe(group, project, book, duty, cause=f"step/{seq}/{duty.code}")
        for code in exit_of(book.rulebook, action):
            owed = rules.duty_of(book.rulebook, code)
            if owed is not None:
                self._duties.owe(group, project, book, owed, cause=f"step/{seq}/{code}")
        state = book.table.state_name(event.args["to"]) if event.args["to"] else None
        if state is not None and book.rulebook.states[state].terminal:
            self._duties.lapse(group, project, book, today=day)


def exit_of(book: Rulebook, action: str) -> tuple[str, ...]:
    """The duties (after an exit) that the action's way out leaves, none for an action that ends nothing."""
    if action not in _ENDINGS and not action.startswith(_IMPLEMENTED):
        return ()
    code = action.rsplit(".", maxsplit=1)[-1]
    return next((tuple(way.after) for way in book.exits if way.code == code), ())
