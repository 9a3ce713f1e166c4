"""Bulk uploads: NDJSON lines into the log, chunk by chunk. An institution sees its own and nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, Final, Literal, TypeVar

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.problems import TYPE_BASE
from api.uploads.schemas import ChunkView, NewUpload, OutcomeView, UploadView
from services.evidence.bulk import views
from services.evidence.bulk.intake import Intake
from services.platform.clock import rfc3339
from services.platform.errors import Invalid

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

T = TypeVar("T")
STREAMED: Final = re.compile(r"PUT /v1/uploads/[^/]+/lines")
"""Whose body may be longer than another's."""
BLOCK: Final = 1 << 18
_LINES: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/x-ndjson": {
                "schema": {"type": "string"},
                "example": '{"record": {"type": "business.event", …}}\n{"record": {…}, "signature": "0x…"}\n',
            }
        },
    }
}
_OFFSET: Final = "Where these bytes begin: at the upload's `position`, or at a chunk's `start` to send again"


@router.post("", status_code=201)
def create(given: NewUpload, services: ServicesDep, caller: CallerDep, once: OnceDep) -> UploadView:
    """Begins an upload of many records to one log."""
    return _view(services.uploads.create(caller, given.log, atomic=given.atomic, once=once))


@router.get("")
def list_uploads(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[UploadView]:
    """The caller's own uploads, oldest first."""
    page = services.uploads.page(caller, limit=limit, cursor=cursor)
    return Page(items=[_view(item) for item in page.items], next=page.next)


@router.get("/{upload_id}")
def get_upload(upload_id: str, services: ServicesDep, caller: CallerDep) -> UploadView:
    """One of the caller's own uploads, also while it is being sent."""
    return _view(services.uploads.get(caller, upload_id))


@router.put("/{upload_id}/lines", openapi_extra=_LINES)
async def put_lines(
    upload_id: str,
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    offset: Annotated[int, Query(ge=0, le=1 << 50, description=_OFFSET)] = 0,
) -> UploadView:
    """Takes lines of `{"record": {…}, "signature"?: "0x…"}`, as a stream of any length; answers when all are durable.

    Every 1,000 lines or 4 MiB are committed and acknowledged together. A bad line is rejected alone. What was
    committed before is compared and skipped. A body that breaks off is taken as far as its last full chunk; one that
    ends whole ends its last line.
    """
    async with in_threads(services.uploads.receiving(caller, upload_id, offset)) as intake:
        try:
            await _receive(request, intake)
        except ClientDisconnect:
            await run_in_threadpool(intake.keep)
            raise Invalid("body", "It broke off; ask the upload for its position.") from None
    return _view(await run_in_threadpool(services.uploads.get, caller, upload_id))


@router.post("/{upload_id}/complete")
def complete(upload_id: str, services: ServicesDep, caller: CallerDep) -> UploadView:
    """Says that nothing more will come."""
    return _view(services.uploads.end(caller, upload_id, "complete"))


@router.post("/{upload_id}/abort")
def abort(upload_id: str, services: ServicesDep, caller: CallerDep) -> UploadView:
    """Gives the upload up. What was accepted stays in the log: it was acknowledged."""
    return _view(services.uploads.end(caller, upload_id, "aborted"))


@router.get("/{upload_id}/outcomes")
def list_outcomes(
    upload_id: str,
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    status: Annotated[Literal["rejected"] | None, Query(description="Only these")] = None,
) -> Page[OutcomeView]:
    """What became of each line, in order."""
    page = services.uploads.outcomes(caller, upload_id, limit=limit, cursor=cursor, only_rejected=status is not None)
    return Page(items=[_outcome(item) for item in page.items], next=page.next)


@router.get("/{upload_id}/acknowledgements")
def list_acknowledgements(
    upload_id: str, services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[ChunkView]:
    """The committed chunks with their acknowledgements, in order."""
    page = services.uploads.acknowledgements(caller, upload_id, limit=limit, cursor=cursor)
    return Page(items=[ChunkView(**asdict(item)) for item in page.items], next=page.next)


async def _receive(request: Request, intake: Intake) -> None:
    held = bytearray()
    async for piece in request.stream():
        held += piece
        if len(held) >= BLOCK:
            await run_in_threadpool(intake.feed, bytes(held))
            held.clear()
    await run_in_threadpool(intake.feed, bytes(held))
    await run_in_threadpool(intake.finish)


@asynccontextmanager
async def in_threads(manager: AbstractContextManager[T]) -> AsyncIterator[T]:
    """A context manager that blocks, entered and left in a thread of its own."""
    held = await run_in_threadpool(manager.__enter__)
    try:
        yield held
    finally:
        await run_in_threadpool(manager.__exit__, None, None, None)


def _view(found: views.UploadView) -> UploadView:
    return UploadView(
        id=found.id,
        log=found.log_id,
        atomic=found.atomic,
        status=found.status,
        position=found.position,
        lines=found.lines,
        accepted=found.accepted,
        rejected=found.rejected,
        created_at=rfc3339(found.created_at),
        changed_at=rfc3339(found.changed_at),
    )


def _outcome(found: views.Outcome) -> OutcomeView:
    return OutcomeView(
        line=found.line,
        status="rejected" if found.slug else "accepted",
        id=found.record_id,
        index=found.index,
        position=found.start,
        type=TYPE_BASE + found.slug if found.slug else None,
        field=found.field,
        reason=found.reason,
    )
