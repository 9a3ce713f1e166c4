"""Erasure of records (删除): asked for, evidenced, refused before the term is over, done by a job when it is.

What is destroyed is the content: secret, values and submitter's signature, in the one ciphertext that holds them, and
the stored files that only this record names. Row, leaf and index stay, so every proof of every record still verifies;
without the secret nothing can be guessed from the commitment.
"""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.types import Phase
from services.evidence import repository as evidence_rows
from services.evidence.group import Group
from services.evidence.materials.uses import Files
from services.evidence.models import RecordRow
from services.evidence.retention import repository, rules
from services.evidence.retention.own import note
from services.evidence.retention.rules import Term, Verdict
from services.evidence.retention.views import ERASED, RESTRICTED, RetentionView
from services.evidence.service import EvidenceService
from services.platform import idempotency
from services.platform.clock import Clock, rfc3339
from services.platform.database import Database
from services.platform.errors import NotFound, RuleRefused, StartRefused
from services.platform.idempotency import Once
from services.platform.logging import get_logger
from services.platform.settings import Settings

__all__ = ["Retention"]

_BATCH = 256
_log = get_logger("retention")


class Retention:
    """Requests and the job. ``fence(session)`` raises when this process is no longer the writer."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        evidence: EvidenceService,
        files: Files,
        fence: Callable[[Session], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._evidence = evidence
        self._files = files
        self._fence = fence
        given = {name: Term(each.months, each.source) for name, each in settings.retention.items()}
        try:
            self._terms = rules.terms_of(given)
        except rules.BadTerm as error:
            raise StartRefused(f"Setting {error}") from None

    def request(self, record_id: str, *, reason: str, token_id: str, once: Once | None = None) -> Future[RetentionView]:
        """Erases the record, or restricts it until its term is over; asked again, it says what has become of it.

        The request and its outcome become leaves of the house log. Through the future: NotFound, RuleRefused RET-03 for
        a record of the service itself, IdempotencyKeyReused, Unavailable.
        """
        return self._evidence.sequencer.submit(
            partial(self._asked, record_id=record_id, reason=reason, token_id=token_id, once=once)
        )

    def run(self) -> None:
        """Erases what was restricted until now, in the write-ahead log too, and removes the files of the erased."""
        with self._database.read() as session:
            due = repository.due(session, self._clock.ms(), classes=list(self._terms), limit=_BATCH)
        for record_id in due:
            self._evidence.sequencer.run(partial(self._settle, record_id=record_id))
        self._scrub()
        self._files.destroy()

    def _asked(self, group: Group, *, record_id: str, reason: str, token_id: str, once: Once | None) -> RetentionView:
        row = self._row(group, record_id)
        if once is not None:
            idempotency.begin(
                group.session,
                row.institution_id,
                once.key,
                once.digest,
                resource_type="erasure",
                resource_id=record_id,
                now_ms=group.now_ms,
            )
        before = repository.erasure(group.session, record_id)
        if before is not None:
            return before if before.state == ERASED else self._settle(group, record_id=record_id)
        verdict = self._judge(row, group.now_ms)
        if verdict.rule == rules.OWN:
            raise RuleRefused(rules.OWN, verdict.detail, source=verdict.source)
        request_id = self._write(group, row, Phase.REQUESTED, {"reason": reason, "token": token_id})
        repository.add(
            group.session,
            record_id=record_id,
            state=RESTRICTED,
            class_name=verdict.class_name,
            rule=verdict.rule,
            source=verdict.source,
            due_at=verdict.due_at,
            requested_at=group.now_ms,
            request_id=request_id,
        )
        if verdict.rule is not None:
            refused: JsonObject = {"rule": verdict.rule, "source": verdict.source, "class": verdict.class_name}
            refused["erasable_at"] = rfc3339(verdict.due_at) if verdict.due_at is not None else None
            outcome_id = self._write(group, row, Phase.REFUSED, refused)
            repository.change(group.session, record_id, outcome_id=outcome_id)
        else:
            self._erase(group, row, verdict)
        return self._view(group, record_id)

    def _settle(self, group: Group, *, record_id: str) -> RetentionView:
        """Erases a restricted record if its term is over by today's terms; else notes when it will be."""
        row = self._row(group, record_id)
        verdict = self._judge(row, group.now_ms)
        if verdict.rule is None:
            self._erase(group, row, verdict)
        else:
            repository.change(group.session, record_id, rule=verdict.rule, source=verdict.source, due_at=verdict.due_at)
        return self._view(group, record_id)

    def _erase(self, group: Group, row: RecordRow, verdict: Verdict) -> None:
        body: JsonObject = {"class": verdict.class_name, "source": verdict.source}
        files = self._files.erase(group.session, row.id)
        if files.destroyed or files.kept:
            body["materials"] = {"destroyed": list(files.destroyed), "kept": list(files.kept)}
        outcome_id = self._write(group, row, Phase.REGISTERED, body)
        repository.destroy(group.session, row.id)
        repository.change(
            group.session, row.id, state=ERASED, due_at=verdict.due_at, erased_at=group.now_ms, outcome_id=outcome_id
        )
        _log.info("record_erased", record=row.id, institution=row.institution_id, evidence=outcome_id)

    def _write(self, group: Group, row: RecordRow, phase: Phase, said: JsonObject) -> str:
        return note(group, self._evidence, row, phase, said)

    def _judge(self, row: RecordRow, now_ms: int) -> Verdict:
        return rules.judge(row.type_code, row.accepted_at, terms=self._terms, now_ms=now_ms)

    def _row(self, group: Group, record_id: str) -> RecordRow:
        row = evidence_rows.record(group.session, record_id)
        if row is None:
            raise NotFound("There is no such record.")
        return row

    def _view(self, group: Group, record_id: str) -> RetentionView:
        found = repository.erasure(group.session, record_id)
        if found is None:
            raise NotFound("There is no such record.")
        return found

    def _scrub(self) -> None:
        with self._database.read() as session:
            left = repository.unscrubbed(session)
        if left and self._database.scrub():
            with self._database.write() as session:
                self._fence(session)
                repository.note_scrubbed(session, left, self._clock.ms())
