"""The door of bulk uploads (批量报送)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import fields
from functools import partial
from typing import Protocol, TypeVar

from sqlalchemy.orm import Session

from services.evidence import repository as evidence
from services.evidence.bulk import repository
from services.evidence.bulk.intake import Intake, Stations, rejection_aad
from services.evidence.bulk.models import RejectionRow, UploadChunkRow, UploadRow
from services.evidence.bulk.outcomes import outcomes_of
from services.evidence.bulk.preparing import Basis
from services.evidence.bulk.replay import Replay
from services.evidence.bulk.unit import ChunkUnit, moved_on
from services.evidence.bulk.views import AcknowledgedChunk, Outcome, UploadView
from services.evidence.bulk.workers import Workers
from services.evidence.ports import Ports
from services.platform import idempotency, metrics
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict, IdempotencyKeyReused, NotFound, Unavailable
from services.platform.idempotency import Once
from services.platform.ids import check_id, new_id
from services.platform.settings import Settings

__all__ = ["BulkService"]

T = TypeVar("T")
RESOURCE = "upload"
_REPLAYED = 500  # chunks whose digests are read at once
_INTAKES = 8


class Units(Protocol):
    """Where chunks go to be sequenced."""

    def submit(self, unit: ChunkUnit) -> Future[str]: ...


class BulkService:
    """Uploads of institutions. ``stop()`` at the end; it has nothing to start."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        clock: Clock,
        *,
        vault: Vault,
        ports: Ports,
        units: Units,
    ) -> None:
        self._settings = settings
        self._database = database
        self._clock = clock
        self._vault = vault
        self._sequencer = units
        self._submitter_keys = ports.submitter_keys
        self._fence = ports.fence
        self._workers = Workers(settings.bulk_workers)
        self._room = threading.Semaphore(_INTAKES)

    def stop(self) -> None:
        """Ends the workers."""
        self._workers.stop()

    # an upload

    def create(self, institution_id: str, log_id: str, *, atomic: bool, once: Once | None = None) -> UploadView:
        """A new upload to a log of the institution or the house's.

        NotFound, Conflict ``log-closed``, IdempotencyKeyReused.
        """
        now = self._clock.ms()
        row = UploadRow(id=new_id("upl"), institution_id=institution_id, log_id=check_id(log_id, "log", "/log"))
        row.atomic, row.status, row.created_at, row.changed_at = atomic, "open", now, now
        row.position = row.lines = row.accepted = row.rejected = 0
        with self._database.write() as session:
            self._fence(session)
            known = once and idempotency.begin(
                session, institution_id, once.key, once.digest, resource_type=RESOURCE, resource_id=row.id, now_ms=now
            )
            if known:
                if known.resource_type != RESOURCE:
                    raise IdempotencyKeyReused
                return _view(self._require(session, institution_id, known.resource_id))
            log = evidence.log_by_id(session, row.log_id)
            if log is None or (log.owner_id != institution_id and not log.house):
                raise NotFound("There is no such log.")
            if log.state != "open":
                raise Conflict(f"The log {log.origin} is {log.state}; it takes no submissions.", slug="log-closed")
            self._vault.ensure_key(session, institution_id)
            repository.add(session, row)
            return _view(row)

    def get(self, institution_id: str, upload_id: str) -> UploadView:
        """Where it stands. NotFound."""
        return self._read(lambda session: _view(self._require(session, institution_id, upload_id)))

    def page(self, institution_id: str, *, after: str | None, limit: int) -> list[UploadView]:
        """The institution's uploads, the oldest first."""
        return self._read(
            lambda session: [_view(row) for row in repository.uploads(session, institution_id, after, limit)]
        )

    def end(self, institution_id: str, upload_id: str, status: str) -> UploadView:
        """Completes or aborts an upload; what it committed stays in the log. The same again changes nothing.

        NotFound, Conflict ``upload-moved`` when it has ended the other way.
        """
        with self._database.write() as session:
            self._fence(session)
            row = self._require(session, institution_id, upload_id)
            if not repository.close(session, upload_id, status, self._clock.ms()) and row.status != status:
                raise moved_on(row.position)
            return _view(self._require(session, institution_id, upload_id))

    # its lines

    @contextmanager
    def receiving(self, institution_id: str, upload_id: str, offset: int) -> Iterator[Intake]:
        """What takes the bytes from ``offset`` on: where the upload stands, or where one of its chunks begins.

        NotFound, Conflict ``upload-moved`` when the upload is not that far, Unavailable ``busy``.
        """
        if not self._room.acquire(blocking=False):
            raise Unavailable("busy", f"{_INTAKES} uploads are being received; try again.")
        try:
            intake = self._intake(institution_id, upload_id, offset)
            try:
                yield intake
            finally:
                intake.close()
        finally:
            self._room.release()

    def _intake(self, institution_id: str, upload_id: str, offset: int) -> Intake:
        with self._database.read() as session:
            row = self._require(session, institution_id, upload_id)
            log = evidence.log_by_id(session, row.log_id)
            keys = self._submitter_keys(session, institution_id, self._clock.ms())
        if offset > row.position or (offset == row.position and row.status != "open"):
            raise moved_on(row.position)
        basis = Basis(institution_id, log.origin if log else "", tuple(keys))
        stations = Stations(
            prepare=partial(self._workers.prepare, basis),
            seal=partial(self._seal, institution_id),
            sequence=self._sequence,
            anchor_by_ms=self._settings.anchor_by_ms,
            max_bytes=self._settings.max_upload_bytes,
        )
        replay = None
        if offset < row.position:
            replay = Replay(offset, row.position, partial(self._chunks_from, upload_id))
        return Intake(row, stations, replay)

    def _chunks_from(self, upload_id: str, start: int) -> list[UploadChunkRow]:
        return self._read(lambda session: list(repository.chunks_from_byte(session, upload_id, start, _REPLAYED)))

    def _seal(self, institution_id: str, plain: list[tuple[bytes, bytes]]) -> list[bytes]:
        return self._read(
            lambda session: [self._vault.encrypt(session, institution_id, text, bound) for text, bound in plain]
        )

    def _sequence(self, unit: ChunkUnit) -> Future[str]:
        future = self._sequencer.submit(unit)
        future.add_done_callback(partial(_count, unit))
        return future

    # what became of them

    def outcomes(
        self, institution_id: str, upload_id: str, *, after: int, limit: int, only_rejected: bool
    ) -> list[Outcome]:
        """Of the lines beyond number ``after``, in order. NotFound."""

        def query(session: Session) -> list[Outcome]:
            row = self._require(session, institution_id, upload_id)
            if only_rejected or (row.atomic and row.status == "aborted"):
                found = repository.rejections(session, upload_id, after, limit)
                return [self._rejected(session, row, each) for each in found]
            return outcomes_of(session, row, after=after, limit=limit, rejected=partial(self._rejected, session, row))

        return self._read(query)

    def acknowledgements(
        self, institution_id: str, upload_id: str, *, after: int, limit: int
    ) -> list[AcknowledgedChunk]:
        """Of the chunks with lines beyond number ``after``, in order. NotFound."""

        def query(session: Session) -> list[AcknowledgedChunk]:
            self._require(session, institution_id, upload_id)
            names = [each.name for each in fields(AcknowledgedChunk)]
            return [
                AcknowledgedChunk(**{name: getattr(row, name) for name in names})
                for row in repository.chunks_over(session, upload_id, after, limit)
            ]

        return self._read(query)

    def _rejected(self, session: Session, upload: UploadRow, row: RejectionRow) -> Outcome:
        bound = rejection_aad(upload.id, row.line)
        plain = self._vault.decrypt(session, upload.institution_id, row.ciphertext, bound).decode()
        field, _, reason = plain.partition("\n")
        return Outcome(row.line, start=row.start, slug=row.slug, field=field, reason=reason)

    @staticmethod
    def _require(session: Session, institution_id: str, upload_id: str) -> UploadRow:
        row = repository.upload(session, upload_id)
        if row is None or row.institution_id != institution_id:
            raise NotFound("There is no such upload.")
        return row

    def _read(self, query: Callable[[Session], T]) -> T:
        with self._database.read() as session:
            return query(session)


def _view(row: UploadRow) -> UploadView:
    return UploadView(**{each.name: getattr(row, each.name) for each in fields(UploadView)})


def _count(unit: ChunkUnit, done: Future[str]) -> None:
    if done.cancelled() or done.exception() is not None:
        return
    if not (unit.upload.atomic and unit.rejected):
        metrics.RECORDS_ACCEPTED.labels(done.result()).inc(len(unit.drafts))
    metrics.RECORDS_REFUSED.labels("invalid").inc(len(unit.rejected))
