"""Pilot projects for everybody: what notices and launches made public, and comments. No token; limited by address."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.concurrency import run_in_threadpool

from api.deps import OnceDep, PublicDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.pilots import schemas, views
from services.pilots.facts.comments import CommentRequest

router = APIRouter(prefix="/v1/public/pilots", tags=["pilots"], dependencies=[PublicDep])


@router.get("")
def public_projects(services: ServicesDep, limit: Limit = 100, cursor: Cursor = None) -> Page[schemas.PublicProject]:
    """The projects that a notice or a launch made public, for everybody."""
    page = services.pilots.reads.public_list(limit=limit, cursor=cursor)
    return Page(items=[views.public(each) for each in page.items], next=page.next)


@router.get("/{project_id}")
def public_project(project_id: str, services: ServicesDep) -> schemas.PublicProject:
    """One of them."""
    return views.public(services.pilots.reads.public(project_id))


@router.post("/{project_id}/comments", status_code=201)
async def comment(
    project_id: str, request: schemas.CommentRequest, services: ServicesDep, once: OnceDep
) -> schemas.CommentReceipt:
    """Takes a public comment while the notice runs. Keep the answer: its acknowledgement is signed."""
    wanted = CommentRequest(**request.model_dump())
    return views.comment_receipt(await run_in_threadpool(services.pilots.steps.comment, project_id, wanted, once=once))
