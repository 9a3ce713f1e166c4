"""Bulk uploads as an institution meets them: the policy table in front of :class:`BulkService`."""

from collections.abc import Iterator
from contextlib import contextmanager

from services.evidence.bulk.intake import Intake
from services.evidence.bulk.service import BulkService
from services.evidence.bulk.views import AcknowledgedChunk, Outcome, UploadView
from services.identity import policy
from services.identity.policy import Principal
from services.identity.views import Page
from services.platform.errors import Invalid
from services.platform.idempotency import Once

__all__ = ["UploadDesk"]


class UploadDesk:
    """An upload is a way to submit records: who may submit writes it, who may read reads it, its own alone."""

    def __init__(self, bulk: BulkService) -> None:
        self._bulk = bulk

    def stop(self) -> None:
        """Ends what the uploads' work was done in."""
        self._bulk.stop()

    def create(self, caller: Principal, log_id: str, *, atomic: bool, once: Once | None) -> UploadView:
        """Begins an upload. NotFound, Conflict ``log-closed``."""
        policy.require(caller, "record.submit")
        return self._bulk.create(caller.institution_id, log_id, atomic=atomic, once=once)

    @contextmanager
    def receiving(self, caller: Principal, upload_id: str, offset: int) -> Iterator[Intake]:
        """What takes the bytes of the upload from ``offset`` on."""
        policy.require(caller, "record.submit")
        with self._bulk.receiving(caller.institution_id, upload_id, offset) as intake:
            yield intake

    def end(self, caller: Principal, upload_id: str, status: str) -> UploadView:
        """Completes or aborts the upload."""
        policy.require(caller, "record.submit")
        return self._bulk.end(caller.institution_id, upload_id, status)

    def get(self, caller: Principal, upload_id: str) -> UploadView:
        """Where the upload stands."""
        policy.require(caller, "record.read")
        return self._bulk.get(caller.institution_id, upload_id)

    def page(self, caller: Principal, *, limit: int, cursor: str | None) -> Page[UploadView]:
        """The uploads of the caller's institution, oldest first."""
        policy.require(caller, "record.read")
        found = self._bulk.page(caller.institution_id, after=cursor, limit=limit + 1)
        items = tuple(found[:limit])
        return Page(items, items[-1].id if len(found) > limit else None)

    def outcomes(
        self, caller: Principal, upload_id: str, *, limit: int, cursor: str | None, only_rejected: bool
    ) -> Page[Outcome]:
        """What became of each line, in order."""
        policy.require(caller, "record.read")
        found = self._bulk.outcomes(
            caller.institution_id, upload_id, after=_line(cursor), limit=limit + 1, only_rejected=only_rejected
        )
        items = tuple(found[:limit])
        return Page(items, str(items[-1].line) if len(found) > limit else None)

    def acknowledgements(
        self, caller: Principal, upload_id: str, *, limit: int, cursor: str | None
    ) -> Page[AcknowledgedChunk]:
        """The chunks and their acknowledgements, in order."""
        policy.require(caller, "record.read")
        found = self._bulk.acknowledgements(caller.institution_id, upload_id, after=_line(cursor), limit=limit + 1)
        items = tuple(found[:limit])
        return Page(items, str(items[-1].first_line + items[-1].lines - 1) if len(found) > limit else None)


def _line(cursor: str | None) -> int:
    if cursor is None:
        return 0
    if not cursor.isdecimal() or len(cursor) > 18:
        raise Invalid("cursor", "Expected the `next` of a page before.")
    return int(cursor)
