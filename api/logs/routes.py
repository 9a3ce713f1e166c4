"""Logs: what anyone may read (heads, proofs, hash tiles), what witnesses post, what owners command."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, KeyDep, PublicDep, ServicesDep
from api.logs import schemas
from api.logs.views import log_view
from api.operations.schemas import OperationView
from api.operations.views import accepted
from api.paging import Cursor, Limit, Page

router = APIRouter(prefix="/v1/logs", tags=["logs"])

IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
Size = Annotated[int, Query(ge=0, le=2**63 - 1)]


@router.get("", dependencies=[PublicDep])
def list_logs(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Page[schemas.LogView]:
    """Every log of this service. Public."""
    page = services.evidence.logs(limit=limit, cursor=cursor)
    return Page(items=[log_view(item) for item in page.items], next=page.next)


@router.get("/{log_id}", dependencies=[PublicDep])
def get_log(log_id: str, services: ServicesDep) -> schemas.LogView:
    """One log. Public."""
    return log_view(services.evidence.log(log_id))


@router.get("/{log_id}/checkpoint", dependencies=[PublicDep], response_class=PlainTextResponse)
def checkpoint(
    log_id: str, services: ServicesDep, size: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None
) -> Response:
    """The latest checkpoint, or the one of `size`, signed by log and witnesses (C2SP tlog-checkpoint). Public."""
    note = services.evidence.checkpoint(log_id, size)
    return PlainTextResponse(note, headers={"Cache-Control": "no-cache"})


@router.get("/{log_id}/consistency", dependencies=[PublicDep])
def consistency(
    log_id: str, services: ServicesDep, from_: Annotated[int, Query(alias="from", ge=0)], to: Size
) -> schemas.Proof:
    """The RFC 9162 §2.1.4 proof between two sizes, the larger at most the latest checkpoint's. Public."""
    hashes = services.evidence.consistency_proof(log_id, from_, to)
    return schemas.Proof(proof=["0x" + item.hex() for item in hashes])


@router.get("/{log_id}/tile/{path:path}", dependencies=[PublicDep], response_class=Response)
def tile(log_id: str, path: str, services: ServicesDep) -> Response:
    """A hash tile (C2SP tlog-tiles): `0/x001/067`, a partial one `0/000.p/42`. Public."""
    hashes = services.evidence.tile(log_id, path)
    return Response(hashes, media_type="application/octet-stream", headers=IMMUTABLE)


@router.get("/{log_id}/challenge", dependencies=[PublicDep])
def challenge(log_id: str, services: ServicesDep) -> schemas.Challenge:
    """What a starting service asks its witnesses to sign. Public."""
    return schemas.Challenge(nonce=services.evidence.challenge(log_id))


@router.post("/{log_id}/heads", status_code=204, dependencies=[PublicDep])
async def post_head(log_id: str, request: Request, services: ServicesDep) -> None:
    """A witness's head statement (docs/spec/log.md); its signature is its credential."""
    await run_in_threadpool(services.evidence.add_head_statement, log_id, await note_of(request))


@router.post("/{log_id}/cosignatures", status_code=204, dependencies=[PublicDep])
async def post_cosignature(log_id: str, request: Request, services: ServicesDep) -> None:
    """A checkpoint with a witness's cosignature; its signature is its credential. May be repeated."""
    await run_in_threadpool(services.evidence.add_cosignature, log_id, await note_of(request))


@router.post("", status_code=202)
def open_log(
    request: schemas.LogRequest, services: ServicesDep, caller: CallerDep, key: KeyDep, response: Response
) -> OperationView:
    """Asks for a new log; the owner's authority signs the operation."""
    operation = services.evidence.request_opening(
        caller, origin=request.origin, owner_id=request.owner_id, idempotency_key=key
    )
    return accepted(operation, response)


@router.post("/{log_id}/rotation", status_code=202)
def rotate(
    log_id: str,
    request: schemas.RotationRequest,
    services: ServicesDep,
    caller: CallerDep,
    key: KeyDep,
    response: Response,
) -> OperationView:
    """Asks for a new log key (and anchor address); the owner's authority signs."""
    operation = services.evidence.request_rotation(
        caller, log_id, anchor=request.anchor, reason=request.reason, idempotency_key=key
    )
    return accepted(operation, response)


@router.post("/{log_id}/freeze", status_code=202)
def freeze(
    log_id: str,
    request: schemas.FreezeRequest,
    services: ServicesDep,
    caller: CallerDep,
    key: KeyDep,
    response: Response,
) -> OperationView:
    """Asks to stop the log for good; the owner's authority signs."""
    return accepted(
        services.evidence.request_freeze(caller, log_id, reason=request.reason, idempotency_key=key), response
    )


@router.post("/{log_id}/successor", status_code=202)
def succeed(
    log_id: str,
    request: schemas.SuccessorRequest,
    services: ServicesDep,
    caller: CallerDep,
    key: KeyDep,
    response: Response,
) -> OperationView:
    """Asks for the one successor of a frozen log; the owner's authority signs."""
    operation = services.evidence.request_successor(
        caller, log_id, origin=request.origin, reason=request.reason, idempotency_key=key
    )
    return accepted(operation, response)


async def note_of(request: Request) -> bytes:
    """The body of a signed note; its form is the service's to judge."""
    return await request.body()
