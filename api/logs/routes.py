"""Logs: what anyone may read (heads, proofs, hash tiles), what witnesses post, what owners command."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, PublicDep, ServicesDep
from api.logs import schemas
from api.logs.views import log_view
from api.operations.schemas import OperationView
from api.operations.views import accepted
from api.paging import Limit, Page
from chain.proof.encoding import to_hex
from chain.proof.entries import parse_entries_path
from chain.proof.errors import FormatError
from chain.proof.tiles import parse_tile_path
from services.container import Services

router = APIRouter(prefix="/v1/logs", tags=["logs"])

IMMUTABLE = {"Cache-Control": "public, max-age=31536000, immutable"}
PRIVATE = {"Cache-Control": "no-store"}
MAX_NOTE = 65_536
MAX_SIZE = 2**53 - 1


@router.get("", dependencies=[PublicDep])
def list_logs(services: ServicesDep) -> Page[schemas.LogView]:
    """Every log of this service, the oldest first. Public."""
    return Page(items=[log_view(item) for item in services.evidence.public.logs()], next=None)


@router.get("/{log_id}", dependencies=[PublicDep])
def get_log(log_id: str, services: ServicesDep) -> schemas.LogView:
    """One log. Public."""
    return log_view(services.evidence.public.log(log_id))


@router.get("/{log_id}/checkpoint", dependencies=[PublicDep], response_class=PlainTextResponse)
def checkpoint(
    log_id: str, services: ServicesDep, size: Annotated[int | None, Query(ge=0, le=MAX_SIZE)] = None
) -> Response:
    """The latest checkpoint, or the one of `size`, signed by log and witnesses (C2SP tlog-checkpoint). Public."""
    note = services.evidence.public.checkpoint(log_id, size)
    return PlainTextResponse(note, headers={"Cache-Control": "no-cache"})


@router.get("/{log_id}/consistency", dependencies=[PublicDep])
def consistency(
    log_id: str,
    services: ServicesDep,
    from_: Annotated[int, Query(alias="from", ge=0, le=MAX_SIZE)],
    to: Annotated[int, Query(ge=0, le=MAX_SIZE)],
) -> schemas.Proof:
    """The RFC 9162 §2.1.4 proof between two sizes, the larger at most the latest checkpoint's. Public."""
    hashes = services.evidence.public.consistency_proof(log_id, from_, to)
    return schemas.Proof(proof=[to_hex(item) for item in hashes])


@router.get("/{log_id}/inclusion", dependencies=[PublicDep])
def inclusion(
    log_id: str,
    services: ServicesDep,
    index: Annotated[int, Query(ge=0, le=MAX_SIZE)],
    size: Annotated[int, Query(ge=0, le=MAX_SIZE)],
) -> schemas.Proof:
    """The RFC 9162 §2.1.3 proof of the leaf at `index` in the tree of `size`. Public."""
    hashes = services.evidence.public.inclusion_proof(log_id, index, size)
    return schemas.Proof(proof=[to_hex(item) for item in hashes])


@router.get("/{log_id}/tile/entries/{path:path}", response_class=Response)
def entries(log_id: str, path: str, services: ServicesDep, caller: CallerDep) -> Response:
    """An entry bundle (docs/spec/entries.md): `x001/067`, a partial one `000.p/42`. For the auditor role."""
    index, width = parse_entries_path(f"tile/entries/{path}")
    bundle = services.entries.bundle(caller, log_id, index, width)
    return Response(bundle, media_type="application/octet-stream", headers=PRIVATE)


@router.get("/{log_id}/keyring", response_class=Response)
def keyring(log_id: str, services: ServicesDep, caller: CallerDep) -> Response:
    """The log's keys, wrapped by a key that no reader has (docs/spec/entries.md). For the auditor role."""
    found = services.entries.keyring(caller, log_id)
    return Response(found, media_type="application/json", headers=PRIVATE)


@router.get("/{log_id}/erasures")
def erasures(
    log_id: str,
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 500,
    cursor: Annotated[int | None, Query(ge=0, le=MAX_SIZE)] = None,
) -> Page[schemas.ErasedEntry]:
    """Indexes whose records have lost their content: a mirror fetches their bundles anew. For the auditor role."""
    found = services.entries.erased(caller, log_id, after=-1 if cursor is None else cursor, limit=limit + 1)
    items = [schemas.ErasedEntry(index=index) for index in found[:limit]]
    return Page(items=items, next=str(items[-1].index) if len(found) > limit else None)


@router.get("/{log_id}/tile/{path:path}", dependencies=[PublicDep], response_class=Response)
def tile(log_id: str, path: str, services: ServicesDep) -> Response:
    """A hash tile (C2SP tlog-tiles): `0/x001/067`, a partial one `0/000.p/42`. Public."""
    wanted = parse_tile_path(f"tile/{path}")
    hashes = services.evidence.public.tile(log_id, wanted.level, wanted.index, wanted.width)
    return Response(hashes, media_type="application/octet-stream", headers=IMMUTABLE)


@router.get("/{log_id}/challenge", dependencies=[PublicDep])
def challenge(log_id: str, services: ServicesDep) -> schemas.Challenge:
    """What a starting service asks its witnesses to sign; null once the log is checked. Public."""
    log = services.evidence.public.log(log_id)
    checked = services.evidence.gate.check_of(log.id, log.origin).passed
    return schemas.Challenge(nonce=None if checked else services.evidence.challenge())


@router.post("/{log_id}/heads", status_code=204, dependencies=[PublicDep])
async def post_head(log_id: str, request: Request, services: ServicesDep) -> None:
    """A witness's head statement (docs/spec/log.md); its signature is its credential."""
    note = await note_of(request)
    await run_in_threadpool(_of_log, services, log_id, lambda: services.evidence.add_head_statement(note))


@router.post("/{log_id}/cosignatures", status_code=204, dependencies=[PublicDep])
async def post_cosignature(log_id: str, request: Request, services: ServicesDep) -> None:
    """A checkpoint with a witness's cosignature; its signature is its credential. May be repeated."""
    note = await note_of(request)
    await run_in_threadpool(_of_log, services, log_id, lambda: services.evidence.add_cosignature(note))


@router.post("", status_code=202)
async def open_log(
    request: schemas.LogRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> OperationView:
    """Asks for a new log; the owner's authority signs the operation."""
    done = services.records.request_opening(caller, origin=request.origin, once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("/{log_id}/rotation", status_code=202)
async def rotate(
    log_id: str,
    request: schemas.RotationRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks for a new log key (and anchor address); the owner's authority signs."""
    done = services.records.request_rotation(caller, log_id, anchor=request.anchor, reason=request.reason, once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("/{log_id}/freeze", status_code=202)
async def freeze(
    log_id: str,
    request: schemas.FreezeRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks to stop the log for good; the owner's authority, or the region's, signs."""
    done = services.records.request_freeze(caller, log_id, reason=request.reason, once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("/{log_id}/successor", status_code=202)
async def succeed(
    log_id: str,
    request: schemas.SuccessorRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks for the one successor of a frozen log; the owner's authority signs."""
    done = services.records.request_successor(caller, log_id, origin=request.origin, reason=request.reason, once=once)
    return accepted(await asyncio.wrap_future(done), response)


def _of_log(services: Services, log_id: str, act: Callable[[], object]) -> None:
    """Does ``act`` when there is such a log; which log a note is about, the note itself says. NotFound."""
    services.evidence.public.log(log_id)
    act()


async def note_of(request: Request) -> str:
    """The body as a note's text. FormatError unless it is UTF-8 of at most 64 KiB."""
    body = await request.body()
    if len(body) > MAX_NOTE:
        raise FormatError("", f"a note has at most {MAX_NOTE} bytes")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise FormatError("", "a note is UTF-8 text") from None
