"""Records: submit, look up, fetch receipts. An institution sees its own and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep, WaitDep, asked, caller, once, waiting
from api.direct import DirectRoute
from api.paging import Cursor, Limit, Page
from api.records.schemas import SUBMISSION_SCHEMA, Acknowledged, ErasureRequest, RecordView, RetentionView
from api.records.views import acknowledged, record_view, retention_view
from api.waiting import Wait
from chain.proof.canonical import parse_json
from chain.proof.encoding import from_hex
from chain.proof.errors import FormatError
from services.container import Services
from services.evidence.retention.views import ERASED
from services.platform import metrics
from services.platform.errors import Forbidden, RegsealError, Unavailable

router = APIRouter(prefix="/v1/records", tags=["records"])

MAX_SUBMISSION: Final = 131_072
REACHED: Final = ("accepted", "sealed", "witnessed", "anchored", "final")
_PATH: Final = "Field to show, as docs/spec/record.md writes paths; for `disclosed`"
_BODY: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/json": {"schema": SUBMISSION_SCHEMA}}}
}


async def submit(request: Request) -> Response:
    """Accepts a record: durable, indexed, acknowledged. `Prefer: wait=N` answers when it is final."""
    by = await asked(request)
    with refusals_counted():
        log, record, signature = read_submission(await request.body())
        future = by.services.records.submit(by.caller, record, log_id=log, signature=signature, once=by.once)
        done = await asyncio.wrap_future(future)
    status = await until_final(by.services, done.record_id, by.wait) if by.wait.seconds else "accepted"
    headers = {"Location": f"/v1/records/{done.record_id}", **by.wait.applied}
    if done.replayed:
        headers["Idempotency-Replayed"] = "true"
    return Response(acknowledged(done, status).model_dump_json(), 201, headers, "application/json")


router.add_api_route(
    "",
    submit,
    methods=["POST"],
    status_code=201,
    response_model=Acknowledged,
    dependencies=[Depends(caller), Depends(once), Depends(waiting)],
    openapi_extra=_BODY,
    route_class_override=DirectRoute,
)


@contextmanager
def refusals_counted() -> Iterator[None]:
    """Counts what a submission of a known caller fails of; strangers and hurried callers are counted elsewhere."""
    try:
        yield
    except Exception as error:
        known = isinstance(error, RegsealError | FormatError) and not isinstance(error, Unavailable)
        reason = "forbidden" if isinstance(error, Forbidden) else "invalid" if known else "unavailable"
        metrics.RECORDS_REFUSED.labels(reason).inc()
        raise


def read_submission(body: bytes) -> tuple[str, dict[str, Any], bytes | None]:
    """``(log id, record, signature or None)``. FormatError names the member."""
    given = parse_json(body, max_bytes=MAX_SUBMISSION, max_depth=17)
    if not isinstance(given, dict):
        raise FormatError("", "an object {log, record, signature?} is expected")
    for name in given.keys() - {"log", "record", "signature"}:
        raise FormatError(f"/{name}", "unknown member")
    log, record, signature = given.get("log"), given.get("record"), given.get("signature")
    if not isinstance(log, str):
        raise FormatError("/log", "the id of a log is expected")
    if not isinstance(record, dict):
        raise FormatError("/record", "an object is expected")
    return log, record, None if signature is None else from_hex(signature, "/signature", 64)


@router.get("")
def list_records(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    log: Annotated[str | None, Query(max_length=40)] = None,
) -> Page[RecordView]:
    """The caller's own records, oldest first, without their contents."""
    page = services.records.list_records(caller, log_id=log, limit=limit, cursor=cursor)
    return Page(items=[record_view(item) for item in page.items], next=page.next)


@router.get("/{record_id}")
async def get_record(record_id: str, services: ServicesDep, caller: CallerDep, wait: WaitDep) -> RecordView:
    """One of the caller's own records and how far it has come. `Prefer: wait=N` answers when it is final."""
    found = await run_in_threadpool(services.records.get_record, caller, record_id)
    if wait.seconds:
        await until_final(services, record_id, wait)
        found = await run_in_threadpool(services.records.get_record, caller, record_id)
    return record_view(found)


@router.get("/{record_id}/receipt", response_class=Response)
def get_receipt(
    record_id: str,
    services: ServicesDep,
    caller: CallerDep,
    form: Literal["public", "private", "disclosed", "tlog-proof"] = "public",
    path: Annotated[list[str] | None, Query(max_length=1_024, examples=[["/body/units"]], description=_PATH)] = None,
) -> Response:
    """The receipt as far as it goes now (docs/spec/receipt.md). `private` holds the record and its secret.

    `disclosed` shows the fields at `path` and nothing else of the record; `tlog-proof` is a C2SP tlog-proof
    (docs/spec/exports.md).
    """
    if form == "tlog-proof":
        return _file(services.records.tlog_proof(caller, record_id), f"{record_id}.tlog-proof", "text/plain")
    if form == "disclosed":
        receipt = services.records.disclosure(caller, record_id, path or [])
        return _file(receipt, f"{record_id}.disclosed.regseal.json", "application/json")
    receipt = services.records.receipt(caller, record_id, private=form == "private")
    return _file(receipt, f"{record_id}.regseal.json", "application/json")


def _file(content: bytes, name: str, media_type: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type=media_type, headers=headers)


@router.post("/{record_id}/erasure")
async def erase(
    record_id: str,
    request: ErasureRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> RetentionView:
    """Erases an own record's content, or restricts it until its retention term is over (202): then a job erases it.

    Leaf, index and public receipt stay and verify. Asked again, it says what has become of the record.
    """
    asked_for = await run_in_threadpool(services.retention.erase, caller, record_id, reason=request.reason, once=once)
    held = await asyncio.wrap_future(asked_for)
    response.status_code = 200 if held.state == ERASED else 202
    return retention_view(held)


async def until_final(services: Services, record_id: str, wait: Wait) -> str:
    """The record's status when it is final, or when the wait is over."""
    look = partial(run_in_threadpool, services.records.status, record_id)
    return await wait.until(look, lambda status: status == REACHED[-1])
