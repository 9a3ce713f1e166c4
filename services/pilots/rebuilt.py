"""Duties and alerts as the leaves of a recovered log tell them; what no leaf tells comes again of itself.

Steps that are read again owe what they owed, the watch tells again what it sees: both find by its cause what stands
here already.
"""

from datetime import date

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services import days
from services.pilots.alerts import repository as alerts
from services.pilots.alerts.models import ALERT, AlertRow
from services.pilots.alerts.rules import CLOSED, KINDS
from services.pilots.books import Book
from services.pilots.duties import repository as duties
from services.pilots.duties.keeping import expect
from services.pilots.duties.models import DUTY, DutyRow
from services.pilots.duties.rules import NEVER
from services.pilots.models import EventRow, ProjectRow
from services.pilots.steps.waits import waiting_body
from services.platform.ids import new_id

__all__ = ["rebuild_act"]


def rebuild_act(session: Session, project: ProjectRow, book: Book, event: EventRow, said: JsonObject) -> None:
    """What the act of a body about a duty or an alert left; an older act than the row knows changes nothing."""
    rule = book.rulebook.rule(str(said["rule"]))
    event.body, event.rule, event.source = str(said["body"]), rule.id, rule.cited
    if event.name.startswith(DUTY):
        _duty(session, project, book, event, said)
    elif event.name.startswith(ALERT):
        _alert(session, project, book, event, said)


def _duty(session: Session, project: ProjectRow, book: Book, event: EventRow, said: JsonObject) -> None:
    cause = str(said["cause"])
    row = duties.by_cause(session, project.id, cause)
    if row is None:
        row = DutyRow(id=new_id("dty", event.accepted_at), project_id=project.id, number=event.value, cause=cause)
        row.code, row.state, row.awaits, row.due = event.name.removeprefix(DUTY), "", "", NEVER
        row.since, row.round, row.shared = _day(said.get("since"), 0), _int(said.get("round")), False
        row.actor_id = event.actor_id if said.get("move") == "open" else None
        row.last_seq, row.created_at, row.updated_at = -1, event.accepted_at, event.accepted_at
        session.add(row)
    if row.last_seq is not None and row.last_seq >= event.seq:
        return
    row.state, row.due = str(said["to"]), _day(said.get("due_after"), NEVER)
    row.last_seq, row.updated_at = event.seq, event.accepted_at
    expect(project, book, row)
    row.shared = row.shared or event.body == "lead"
    session.flush()


def _alert(session: Session, project: ProjectRow, book: Book, event: EventRow, said: JsonObject) -> None:
    cause, kind = str(said["cause"]), KINDS[str(said["about"])]
    row = alerts.by_cause(session, project.id, cause)
    if row is None:
        row = AlertRow(id=new_id("alt", event.accepted_at), project_id=project.id, number=event.value, cause=cause)
        row.region, row.code, row.kind = project.region, kind.code, str(said["about"])
        row.rule, row.source, row.body = str(event.rule), str(event.source), str(event.body)
        row.told = waiting_body(book.rulebook.bodies[row.body], project)
        row.subject, row.day, row.proposal = _int(said.get("subject")), _day(said.get("day"), 0), ""
        row.last_seq, row.cleared_at, row.since = -1, None, event.accepted_at
        session.add(row)
    if row.last_seq is not None and row.last_seq >= event.seq:
        return
    row.state, row.last_seq, row.updated_at = str(said["to"]), event.seq, event.accepted_at
    row.closed = row.state == CLOSED
    session.flush()


def _day(given: object, otherwise: int) -> int:
    return days.number(date.fromisoformat(given)) if isinstance(given, str) else otherwise


def _int(given: object) -> int:
    return given if isinstance(given, int) else 0
