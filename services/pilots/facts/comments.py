"""Public comments (公众意见) during the notice: anybody's, acknowledged at once, filed on the chain by the gateway."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from services.evidence.group import Group
from services.evidence.inclusion import acknowledged
from services.evidence.keys import LogKeys
from services.evidence.service import EvidenceService
from services.evidence.submission import Accepted, accepted_before
from services.identity.service import IdentityService
from services.pilots import repository
from services.pilots.books import Book
from services.pilots.models import CommentRow, EventRow, ProjectRow
from services.pilots.rulebook.machine import WorkingDays
from services.pilots.rulebook.model import ItemKind, Transition
from services.pilots.steps.commands import Act, Steps
from services.pilots.steps.standing import today_of
from services.pilots.stream import Entry, Evidence, Stream
from services.platform.errors import Conflict, Invalid, NotFound, RuleRefused

__all__ = ["RECEIVED", "UNFILED", "CommentRequest", "Comments", "Filed", "filing_row", "require_disposed"]

RECEIVED, UNFILED = "received", "unfiled"
_MAX_TEXT, _MAX_WHO = 4_000, 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentRequest:
    """What somebody has to say; who it is, and how to be reached, if they like."""

    text: str
    name: str | None = None
    contact: str | None = None

    def content(self) -> JsonObject:
        """As it stands in the record; Invalid when it is empty or too long."""
        text = self.text.strip()
        if not 1 <= len(unicodedata.normalize("NFC", text)) <= _MAX_TEXT:
            raise Invalid("/text", f"Expected 1 to {_MAX_TEXT} characters.")
        said: JsonObject = {"text": text}
        for field, value in (("name", self.name), ("contact", self.contact)):
            if value and len(value) > _MAX_WHO:
                raise Invalid(f"/{field}", f"Expected at most {_MAX_WHO} characters.")
            if value:
                said[field] = value
        return said


def filing_row(book: Book, state: str) -> Transition | None:
    """How the gateway opens a comment in this state; None when no notice runs there."""
    return next((row for row in book.rulebook.actions_in(state) if row.action.endswith("comment.file")), None)


def require_disposed(
    session: Session, project: ProjectRow, book: Book, row: Transition, content: Mapping[str, Any]
) -> None:
    """RuleRefused while the chain does not know of a comment that must not stand open where this row leads.

    One on its way is waited for. Those that the chain did not take must be named in the step's `unfiled_comments`:
    whoever acts says, in the record, that they were dealt with.
    """
    rule_id = row.none_open.get(ItemKind.COMMENT)
    if rule_id is None:
        return
    standing = repository.comments_standing(session, project.id, (RECEIVED, UNFILED))
    on_the_way, unfiled = standing[RECEIVED], standing[UNFILED]
    source = book.rulebook.rule(rule_id).cited
    if on_the_way:
        detail = f"Comments {on_the_way} are on their way to the chain; ask again when they are filed."
        raise RuleRefused(rule_id, detail, source=source, extra={"received_comments": on_the_way})
    if unfiled and content.get("unfiled_comments") != unfiled:
        detail = f"The chain did not take comments {unfiled}: deal with them and name them in `unfiled_comments`."
        raise RuleRefused(rule_id, detail, source=source, extra={"unfiled_comments": unfiled})


@dataclass(frozen=True, slots=True)
class Filed:
    """An accepted comment: its number, and its leaf with the log's promise."""

    number: int
    accepted: Accepted


class Comments:
    """In units of the sequencer, but for what only reads."""

    def __init__(
        self, evidence: EvidenceService, stream: Stream, steps: Steps, *, keys: LogKeys, anchor_by_ms: int
    ) -> None:
        self._keys = keys
        self._evidence = evidence
        self._anchor_by_ms = anchor_by_ms
        self._stream = stream
        self._steps = steps

    def file(
        self, group: Group, project: ProjectRow, book: Book, request: CommentRequest, calendar: WorkingDays
    ) -> Filed:
        """A leaf for the comment, and a step of the gateway's own that opens it on the chain.

        RuleRefused when no notice runs.
        """
        session, row = group.session, filing_row(book, project.state)
        host = IdentityService.host_id(session)
        if row is None or host is None:
            raise Conflict("The project is not under public notice.", slug="no-notice")
        number = repository.last_comment(session, project.id) + 1
        said = {"number": number, **request.content()}
        rule = book.rulebook.rule(row.rule)
        entry = Entry(name="comment", actor=host, content=said, value=number, rule=rule.id, source=rule.cited)
        event, written = self._stream.append(group, project, entry)
        made = CommentRow(project_id=project.id, number=number, record_id=event.record_id, state=RECEIVED)
        made.received_at = event.accepted_at
        repository.add(session, made)
        self._steps.file(group, project, book, _filing(group, row, host, event), calendar)
        return Filed(number, acknowledged(group, written, anchor_by_ms=self._anchor_by_ms))

    def file_again(self, group: Group, project: ProjectRow, book: Book, number: int, calendar: WorkingDays) -> None:
        """Another step for a comment whose first one the chain refused. RuleRefused when no notice runs any more."""
        session, row = group.session, filing_row(book, project.state)
        host, comment = IdentityService.host_id(session), repository.comment(session, project.id, number)
        if row is None or host is None or comment is None or comment.state != UNFILED:
            return
        events = repository.events_named(session, project.id, ("comment",))
        event = next(each for each in events if each.value == number)
        self._steps.file(group, project, book, _filing(group, row, host, event), calendar)
        comment.state = RECEIVED

    def again(self, group: Group, project: ProjectRow, number: int) -> Filed:
        """What was answered when the comment of this number was taken. NotFound."""
        row = repository.comment(group.session, project.id, number)
        if row is None:
            raise NotFound("There is no such comment.")
        return Filed(number, accepted_before(group, self._keys, row.record_id))

    def content(self, row: CommentRow, *, whole: bool) -> Mapping[str, Any] | None:
        """What was said, ``whole`` with who said it; None when it was erased."""
        document = self._evidence.get_record(row.record_id).document
        if document is None:
            return None
        said: Any = document["body"]
        return {name: said[name] for name in ("text", "name", "contact")[: 3 if whole else 1] if name in said}


def _filing(group: Group, row: Transition, host: str, comment: EventRow) -> Act:
    proof = Evidence("comment", comment.record_id, comment.leaf_hash)
    return Act(row=row, actor=host, today=today_of(group.now_ms), value=comment.value, content={}, evidence=(proof,))
