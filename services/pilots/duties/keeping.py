"""The rows of duties: opened by bodies, by steps and by time, moved by who must, each act a leaf of the project."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.pilots.books import Book
from services.pilots.duties import repository, rules
from services.pilots.duties.models import DUTY, DutyRow
from services.pilots.models import EventRow, ProjectRow
from services.pilots.rulebook.model import Duty
from services.pilots.steps.standing import day_name
from services.pilots.steps.waits import waiting_body
from services.pilots.stream import Entry, Evidence, Stream
from services.platform.ids import new_id

__all__ = ["Duties", "Told", "behind", "expect", "follows", "require_duty"]

_LEAD = "lead"
_MOST_ROUNDS = 240
"""At most so many reports are made up at once, however far a clock jumps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a body says when it opens or moves a duty."""

    actor: str
    body: str
    content: Mapping[str, Any]
    evidence: Sequence[Evidence] = ()


class Duties:
    """In units of the sequencer."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def open(self, group: Group, project: ProjectRow, book: Book, duty: Duty, *, due: int, told: Told) -> DutyRow:
        """A duty that a body opens, with its leaf."""
        number = repository.last_number(group.session, project.id) + 1
        row = self._row(group, project, book, duty, number=number, cause=f"opened/{number}")
        row.due, row.actor_id = due, told.actor
        row.shared = row.shared or told.body == _LEAD
        said: JsonObject = {"move": "open", "to": row.state, "due_after": rules.day_text(due)}
        row.last_seq = self._tell(group, project, book, row, told=told, said=said).seq
        repository.add(group.session, row)
        return row

    def move(
        self, group: Group, project: ProjectRow, book: Book, row: DutyRow, *, made: rules.Moved, told: Told
    ) -> EventRow:
        """A move that was judged, with its leaf. The next report of a series is owed when one is filed."""
        said: JsonObject = {"move": made.move.name, "from": row.state, "to": made.state}
        said |= {"due": rules.day_text(row.due), "late": made.late, "due_after": rules.day_text(made.due)}
        event = self._tell(group, project, book, row, told=told, said=said)
        row.state, row.due, row.last_seq = made.state, made.due, event.seq
        expect(project, book, row)
        row.shared = row.shared or told.body == _LEAD
        row.updated_at = project.updated_at = group.now_ms
        return event

    def owe(
        self, group: Group, project: ProjectRow, book: Book, duty: Duty, *, cause: str, since: int = 0
    ) -> DutyRow | None:
        """A duty that follows from a step or from time, once for each cause; periodic from the day ``since`` on."""
        session = group.session
        if repository.by_cause(session, project.id, cause) is not None:
            return None
        number = repository.last_number(session, project.id) + 1
        row = self._row(group, project, book, duty, number=number, cause=cause)
        if since:
            row.since, row.round = since, 1
            row.due = rules.round_due(duty, since, 1)
        repository.add(session, row)
        return row

    def keep_up(self, group: Group, project: ProjectRow, book: Book, *, today: int) -> int:
        """The reports that time has come to owe since; how many."""
        made = 0
        for duty in book.rulebook.duties:
            last = repository.latest(group.session, project.id, duty.code) if duty.every_months else None
            while last is not None and last.since and made < _MOST_ROUNDS and follows(book, last, duty, today=today):
                number = repository.last_number(group.session, project.id) + 1
                row = self._row(group, project, book, duty, number=number, cause=f"{duty.code}/{last.round + 1}")
                row.since, row.round = last.since, last.round + 1
                row.due = rules.round_due(duty, row.since, row.round)
                repository.add(group.session, row)
                last, made = row, made + 1
        return made

    def lapse(self, group: Group, project: ProjectRow, book: Book, *, today: int) -> None:
        """The project has ended: what had not come due by then is not owed any more, what had still is."""
        for row in repository.open_of(group.session, [project.id]):
            duty = require_duty(book, row)
            first = book.rulebook.courses[duty.course].opens
            if duty.every_months and row.state == first and row.due >= today:
                row.state, row.awaits, row.due, row.updated_at = rules.LAPSED, "", rules.NEVER, group.now_ms

    def _row(self, group: Group, project: ProjectRow, book: Book, duty: Duty, *, number: int, cause: str) -> DutyRow:
        row = DutyRow(id=new_id("dty", group.now_ms), project_id=project.id, number=number, code=duty.code)
        row.cause, row.state = cause, book.rulebook.courses[duty.course].opens
        row.due, row.since, row.round, row.shared = rules.NEVER, 0, 0, False
        row.actor_id = row.last_seq = None
        row.created_at = row.updated_at = group.now_ms
        expect(project, book, row)
        return row

    def _tell(
        self, group: Group, project: ProjectRow, book: Book, row: DutyRow, *, told: Told, said: JsonObject
    ) -> EventRow:
        duty = require_duty(book, row)
        rule = book.rulebook.rule(duty.rule)
        name = f"{DUTY}{duty.code}"
        content: JsonObject = {"kind": name, "number": row.number, "cause": row.cause, "body": told.body}
        content |= {"rule": rule.id, "round": row.round, "since": day_name(row.since), **said}
        if told.content:
            content["content"] = dict(told.content)
        entry = Entry(
            name=name,
            actor=told.actor,
            content=content,
            value=row.number,
            body=told.body,
            rule=rule.id,
            source=rule.cited,
            evidence=told.evidence,
        )
        event, _ = self._stream.append(group, project, entry)
        return event


def expect(project: ProjectRow, book: Book, row: DutyRow) -> None:
    """Whose move comes next, as the row's state has it."""
    duty = require_duty(book, row)
    body = rules.expected(duty, book.rulebook.courses[duty.course], row.state)
    row.awaits = "" if body is None else waiting_body(book.rulebook.bodies[body], project)
    row.shared = row.shared or body == _LEAD
    row.due = rules.NEVER if body is None else row.due


def follows(book: Book, last: DutyRow, duty: Duty, *, today: int) -> bool:
    """Whether the next of a series is owed: the last one was filed, or its day has come."""
    if last.state == rules.LAPSED:
        return False
    filed = last.state != book.rulebook.courses[duty.course].opens
    return filed or rules.round_due(duty, last.since, last.round) <= today


def behind(session: Session, project: ProjectRow, book: Book, *, today: int) -> bool:
    """Whether :meth:`Duties.keep_up` would have something to do."""
    for duty in book.rulebook.duties:
        last = repository.latest(session, project.id, duty.code) if duty.every_months else None
        if last is not None and last.since and follows(book, last, duty, today=today):
            return True
    return False


def require_duty(book: Book, row: DutyRow) -> Duty:
    """The duty of a row, as its project's rulebook has it."""
    found = rules.duty_of(book.rulebook, row.code)
    if found is None:  # rows are made from this very rulebook
        raise LookupError(row.code)
    return found
