"""The rows of alerts: raised once for each cause, cleared when it has gone, decided by the body that is told."""

from collections.abc import Iterable, Sequence

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.pilots.alerts import repository
from services.pilots.alerts.models import ALERT, AlertRow
from services.pilots.alerts.rules import BY_HAND, CLOSED, KINDS, NEW, Cause
from services.pilots.books import Book
from services.pilots.duties.keeping import Told
from services.pilots.models import ProjectRow
from services.pilots.steps.standing import day_name
from services.pilots.steps.waits import waiting_body
from services.pilots.stream import Entry, Stream
from services.platform.ids import new_id

__all__ = ["Alerts", "differs"]


class Alerts:
    """In units of the sequencer."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def tell(self, group: Group, project: ProjectRow, book: Book, found: Sequence[Cause]) -> None:
        """What is found now is told once; what is not found any more has gone."""
        rows = {row.cause: row for row in repository.of_projects(group.session, [project.id])}
        for cause in found:
            row = rows.pop(cause.key, None)
            if row is None:
                self.raise_one(group, project, book, cause)
            elif _returned(row):
                row.cleared_at, row.updated_at = None, group.now_ms
        for row in rows.values():
            if _watched(row):
                row.cleared_at = row.updated_at = group.now_ms
                if KINDS[row.kind].reminds:
                    row.state, row.closed = CLOSED, True

    def raise_one(self, group: Group, project: ProjectRow, book: Book, cause: Cause) -> AlertRow:
        """A new alert."""
        kind, rule = KINDS[cause.kind], book.rulebook.rule(cause.rule)
        row = AlertRow(id=new_id("alt", group.now_ms), project_id=project.id, region=project.region)
        row.number = repository.last_number(group.session, project.id) + 1
        row.code, row.kind, row.cause = kind.code, cause.kind, cause.key
        row.rule, row.source = rule.id, rule.cited
        row.body, row.told = cause.body, waiting_body(book.rulebook.bodies[cause.body], project)
        row.subject, row.day, row.proposal = cause.subject, cause.day, cause.proposal
        row.state, row.closed, row.last_seq, row.cleared_at = NEW, False, None, None
        row.since = row.updated_at = group.now_ms
        repository.add(group.session, row)
        return row

    def decide(self, group: Group, project: ProjectRow, row: AlertRow, *, move: str, to: str, told: Told) -> None:
        """A decision about an alert, with its leaf in the project's stream."""
        name = f"{ALERT}{move}"
        said: JsonObject = {"kind": name, "number": row.number, "code": row.code, "about": row.kind, "cause": row.cause}
        said |= {
            "body": told.body,
            "rule": row.rule,
            "subject": row.subject,
            "day": day_name(row.day),
            "from": row.state,
            "to": to,
        }
        said["content"] = dict(told.content)
        entry = Entry(
            name=name,
            actor=told.actor,
            content=said,
            value=row.number,
            body=told.body,
            rule=row.rule,
            source=row.source,
            evidence=told.evidence,
        )
        event, _ = self._stream.append(group, project, entry)
        row.state, row.closed, row.last_seq = to, to == CLOSED, event.seq
        row.updated_at = project.updated_at = group.now_ms


def differs(found: Iterable[Cause], rows: Iterable[AlertRow]) -> bool:
    """Whether :meth:`Alerts.tell` would write something."""
    wanted, known = {cause.key for cause in found}, {row.cause: row for row in rows}
    gone = any(_watched(row) and cause not in wanted for cause, row in known.items())
    return gone or not wanted <= known.keys() or any(_returned(known[cause]) for cause in wanted)


def _watched(row: AlertRow) -> bool:
    """Whether the alert's cause stands, as far as the watch can see causes come and go."""
    return row.cleared_at is None and row.kind != BY_HAND


def _returned(row: AlertRow) -> bool:
    return row.cleared_at is not None and not row.closed
