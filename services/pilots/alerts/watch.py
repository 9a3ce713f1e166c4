"""The job that watches every deadline (期限): it owes the next reports, raises alerts, and sees their causes go.

It computes from rows and today's date alone, so that a missed run, a restart or a clock that jumped change nothing but
when it is told; one cause is one alert by a unique key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial

from sqlalchemy.orm import Session

from services import days
from services.evidence.group import Group
from services.pilots import repository as projects
from services.pilots.alerts import repository
from services.pilots.alerts.keeping import Alerts, differs
from services.pilots.alerts.models import AlertRow
from services.pilots.alerts.rules import KINDS, Extension, Owed, Seen, Signature, causes, past_end
from services.pilots.books import Book
from services.pilots.duties import repository as duties
from services.pilots.duties.keeping import Duties, behind
from services.pilots.duties.rules import NEVER
from services.pilots.models import EventRow, ProjectRow
from services.pilots.parts import Parts
from services.pilots.steps.names import CORRECTION
from services.pilots.steps.standing import today_of
from services.pilots.steps.waits import waits_of
from services.platform import metrics

__all__ = ["Watch"]

_PAGE = 200
_UNSIGNED, _RUNNING = "needs_authorisation", "RUNNING"
_EXTEND, _LAUNCH, _ASKED = "exit.implement.extend", "launch", "correction.request"


class Watch:
    """Opens its own transactions. ``run`` looks at every project; what it writes is a unit of the sequencer."""

    def __init__(self, parts: Parts, duties: Duties, alerts: Alerts) -> None:
        self._parts = parts
        self._duties = duties
        self._alerts = alerts

    def run(self) -> None:
        """One round over all projects, page by page."""
        after = ""
        while True:
            with self._parts.database.read() as session:
                page = repository.opened(session, after=after, limit=_PAGE)
                stale = self._stale(session, page)
            if stale:
                self._parts.evidence.sequencer.submit(partial(self._bring_up, ids=stale)).result()
            if len(page) < _PAGE:
                break
            after = page[-1]
        self._count()

    def _stale(self, session: Session, ids: Sequence[str]) -> list[str]:
        """The projects of which something is to be written."""
        told: dict[str, list[AlertRow]] = {each: [] for each in ids}
        for alert in repository.of_projects(session, ids):
            told[alert.project_id].append(alert)
        found = []
        for row, book, seen in self._seen(session, ids):
            if differs(causes(book.rulebook, seen), told[row.id]) or self._behind(session, row, book, seen):
                found.append(row.id)
        return found

    @staticmethod
    def _behind(session: Session, row: ProjectRow, book: Book, seen: Seen) -> bool:
        """Whether a report of a series is to be owed; the rows are asked when none is open and still to come."""
        series = {duty.code for duty in book.rulebook.duties if duty.every_months}
        ahead = {one.code for one in seen.duties if one.due > seen.today and one.due < NEVER}
        return _runs(book, row) and not series <= ahead and behind(session, row, book, today=seen.today)

    def _bring_up(self, group: Group, *, ids: Sequence[str]) -> None:
        session, today = group.session, today_of(group.now_ms)
        for row in repository.projects(session, ids):
            book = self._parts.book(session, row)
            projects.put_waits(session, row.id, waits_of(book, row, today))
            if _runs(book, row):
                self._duties.keep_up(group, row, book, today=today)
        for row, book, seen in self._seen(session, ids):
            self._alerts.tell(group, row, book, tuple(causes(book.rulebook, seen)))

    def _seen(self, session: Session, ids: Sequence[str]) -> Iterable[tuple[ProjectRow, Book, Seen]]:
        """Each project with what there is to see of it; what many share is asked once."""
        owed: dict[str, list[Owed]] = {each: [] for each in ids}
        for duty in duties.open_of(session, ids):
            owed[duty.project_id].append(Owed(duty.number, duty.code, duty.state, duty.due))
        waiting: dict[str, list[EventRow]] = {each: [] for each in ids}
        for event in repository.undecided(session, ids):
            waiting[event.project_id].append(event)
        for row in repository.projects(session, ids):
            book = self._parts.book(session, row)
            yield row, book, self._one(session, row, book, owed[row.id], waiting[row.id])

    def _one(
        self, session: Session, row: ProjectRow, book: Book, owed: Sequence[Owed], waiting: Sequence[EventRow]
    ) -> Seen:
        now_ms = self._parts.clock.ms()
        running = not book.rulebook.states[row.state].terminal
        seen = Seen(
            state=row.state,
            notice_from=row.notice_from,
            ends_on=row.ends_on if running else 0,
            today=today_of(now_ms),
            now_s=now_ms // 1000,
            counted=self._counted(row, book, today_of(now_ms)),
            duties=owed,
            signatures=self._signatures(session, waiting),
            correction=self._correction(session, row),
        )
        if not seen.ends_on or not (past_end(seen) or "extended" in book.table.flag_names(row.flags)):
            return seen
        settled, extensions = _history(session, row, book)
        return replace(seen, settled=settled, extensions=extensions)

    def _counted(self, row: ProjectRow, book: Book, today: int) -> int | None:
        """The working days of a running notice that are over."""
        notices = (one for one in book.rulebook.deadlines if one.unit == "working-days")
        if not any(book.rulebook.transition(row.state, one.ends_with) for one in notices):
            return None
        return self._parts.calendar(row).working_days_after(row.notice_from, today - 1)

    def _signatures(self, session: Session, waiting: Sequence[EventRow]) -> list[Signature]:
        found = []
        for event in waiting:
            operation = self._parts.transactions.get_operation(session, str(event.operation_id))
            if operation.state == _UNSIGNED and operation.deadline and event.body and event.rule:
                found.append(Signature(event.seq, event.body, event.rule, operation.deadline))
        return found

    def _correction(self, session: Session, row: ProjectRow) -> tuple[int, int] | None:
        """Until when the working group asked for a correction, if it said so (``due`` of its request)."""
        if row.state != CORRECTION:
            return None
        asked = [each for each in projects.events_named(session, row.id, (_ASKED,)) if each.outcome == "registered"]
        said: Mapping[str, object] = self._parts.checking.content(asked[-1].record_id) if asked else {}
        content = said.get("content")
        try:
            due = date.fromisoformat(str(content["due"])) if isinstance(content, dict) and "due" in content else None
        except ValueError:
            due = None
        return (asked[-1].seq, days.number(due)) if due else None

    def _count(self) -> None:
        with self._parts.database.read() as session:
            found = repository.counts(session)
        for kind, each in KINDS.items():
            metrics.PILOT_ALERTS.labels(each.code, kind).set(found.get((each.code, kind), 0))


def _runs(book: Book, row: ProjectRow) -> bool:
    return bool(row.ends_on) and not book.rulebook.states[row.state].terminal


def _history(session: Session, row: ProjectRow, book: Book) -> tuple[bool, tuple[Extension, ...]]:
    """Whether the end was answered by the step that the rulebook names, and the extensions that stand."""
    ends = {one.ends_with for one in book.rulebook.deadlines if one.unit == "day"}
    settled, last, found = False, 0, []
    for event in projects.events_named(session, row.id, {_LAUNCH, _EXTEND, *ends}):
        if event.outcome != "registered":
            continue
        if event.name == _EXTEND:
            found.append(Extension(event.seq, last, event.value))
        settled = event.name in ends
        last = event.value or last
    return settled and row.state != _RUNNING, tuple(found)
