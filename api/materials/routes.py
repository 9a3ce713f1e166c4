"""Materials: announce a file, send its parts, complete it, read it. An institution sees its own and nothing else.

    POST  /v1/materials                  {name, media_type, size}          -> 201, Upload-Offset: 0
    PATCH /v1/materials/{id}/content     Upload-Offset: N, bytes           -> 204, Upload-Offset: N'   (repeat)
    POST  /v1/materials/{id}/completion  {size, sha256, sm3}               -> 200, stored

A part that was cut off is continued at the ``Upload-Offset`` of ``GET /v1/materials/{id}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Final
from urllib.parse import quote

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.deps import CallerDep, OnceDep, ServicesDep
from api.materials.schemas import Announcement, Completion, MaterialView
from api.paging import Cursor, Limit, Page
from chain.proof.digest import FileDigest
from chain.proof.encoding import from_hex, to_hex
from services.evidence.materials import service
from services.evidence.materials.rules import CHUNK
from services.evidence.materials.spool import Upload
from services.platform.clock import rfc3339
from services.platform.errors import Invalid

router = APIRouter(prefix="/v1/materials", tags=["materials"])

STREAMED: Final = re.compile(r"PATCH /v1/materials/[^/]+/content")
"""Bodies that are taken piece by piece, for the middleware that limits all others."""
_BYTES: Final[dict[str, Any]] = {
    "requestBody": {"required": True, "content": {"application/octet-stream": {"schema": {"type": "string"}}}}
}
FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}},
    206: {"description": "The range that was asked for"},
}


@router.post("", status_code=201)
def announce(
    said: Announcement, response: Response, services: ServicesDep, caller: CallerDep, once: OnceDep = None
) -> MaterialView:
    """Begins the upload of a file of known size."""
    wanted = service.Announced(name=said.name, media_type=said.media_type, size=said.size)
    made = services.materials.announce(caller, wanted, once=once)
    response.headers.update({"Location": f"/v1/materials/{made.id}", "Upload-Offset": str(made.offset)})
    return _view(made)


@router.get("")
def list_materials(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[MaterialView]:
    """The caller's own materials and uploads, oldest first."""
    page = services.materials.list(caller, limit=limit, cursor=cursor)
    return Page(items=[_view(item) for item in page.items], next=page.next)


@router.get("/{material_id}")
def get_material(material_id: str, response: Response, services: ServicesDep, caller: CallerDep) -> MaterialView:
    """One material: how much of it stands, and its digests once it is stored."""
    found = services.materials.get(caller, material_id)
    response.headers["Upload-Offset"] = str(found.offset)
    return _view(found)


@router.patch("/{material_id}/content", status_code=204, openapi_extra=_BYTES)
async def receive(
    material_id: str,
    request: Request,
    services: ServicesDep,
    caller: CallerDep,
    upload_offset: Annotated[int, Header(ge=0, le=2**53 - 1, description="Where this part begins")],
    content_length: Annotated[int | None, Header(ge=0)] = None,
) -> Response:
    """Takes a part of the file. All of it that fills whole MiB stands, also when the connection breaks.

    409 `upload-offset` says where to go on; 507 `storage-full`; 409 `upload-busy`.
    """
    opened = services.materials.receive(caller, material_id, offset=upload_offset, length=content_length)
    upload = await run_in_threadpool(opened.__enter__)
    try:
        await _take(request, upload, services.materials.get(caller, material_id).size)
    except ClientDisconnect:
        await run_in_threadpool(opened.__exit__, None, None, None)  # what arrived is kept
        raise
    except BaseException as error:
        await run_in_threadpool(_leave, opened.__exit__, error)
        raise
    await run_in_threadpool(opened.__exit__, None, None, None)
    return Response(status_code=204, headers={"Upload-Offset": str(upload.offset)})


async def _take(request: Request, upload: Upload, size: int) -> None:
    """Cuts the body into chunks. One of them is in memory, and what the connection has buffered."""
    waiting = bytearray()
    async for piece in request.stream():
        waiting += piece
        if upload.offset + len(waiting) > size:
            raise Invalid("body", f"The file was announced with {size} bytes.")
        while len(waiting) >= CHUNK:
            chunk = bytes(memoryview(waiting)[:CHUNK])
            del waiting[:CHUNK]
            await run_in_threadpool(upload.append, chunk)
    if waiting and upload.offset + len(waiting) == size:
        await run_in_threadpool(upload.append, bytes(waiting))


def _leave(exit_: Callable[..., object], error: BaseException) -> None:
    """Closes a context manager that an error leaves; the error itself is the caller's to raise."""
    try:
        exit_(type(error), error, error.__traceback__)
    except BaseException as raised:
        if raised is not error:
            raise


@router.post("/{material_id}/completion")
def complete(material_id: str, said: Completion, services: ServicesDep, caller: CallerDep) -> MaterialView:
    """Makes a complete upload a stored material. Repeating it gives the same answer.

    409 `upload-incomplete` says where to go on; 422 `digest-mismatch` discards the upload.
    """
    meant = FileDigest(said.size, from_hex(said.sha256, "/sha256", 32), from_hex(said.sm3, "/sm3", 32))
    return _view(services.materials.complete(caller, material_id, meant))


@router.get("/{material_id}/content", response_class=StreamingResponse, responses=FILE)
def content(
    material_id: str,
    services: ServicesDep,
    caller: CallerDep,
    range_: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
) -> StreamingResponse:
    """The file, or one range of it. A byte that is not what was stored breaks the connection before it is sent."""
    return streamed(services.materials.content(caller, material_id, wanted=range_))


def streamed(found: service.Content) -> StreamingResponse:
    """A stored file, or a range of it, as an answer; never kept by what is between."""
    whole = (found.start, found.stop) == (0, found.view.size)
    headers = {
        "Content-Length": str(found.stop - found.start),
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.view.name, safe='')}",
        "Accept-Ranges": "bytes",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if not whole:
        headers["Content-Range"] = f"bytes {found.start}-{found.stop - 1}/{found.view.size}"
    return StreamingResponse(found.pieces, 200 if whole else 206, headers=headers, media_type=found.view.media_type)


def _view(found: service.MaterialView) -> MaterialView:
    digest = found.digest
    return MaterialView(
        id=found.id,
        name=found.name,
        media_type=found.media_type,
        size=found.size,
        state="stored" if digest else "uploading",
        offset=found.offset,
        sha256=to_hex(digest.sha256) if digest else None,
        sm3=to_hex(digest.sm3) if digest else None,
        created_at=rfc3339(found.created_at),
        stored_at=rfc3339(found.stored_at) if found.stored_at is not None else None,
    )
