"""Pilot projects: rulebooks, applications, steps, facts, and what is read of them."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Response
from fastapi import Path as PathParameter
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from api.materials.routes import FILE, streamed
from api.operations.schemas import OperationView
from api.operations.views import accepted
from api.paging import Cursor, Limit, Page
from api.pilots import schemas, views
from chain.proof.encoding import from_hex
from services.pilots.facts.facts import FactRequest
from services.pilots.projects.confirming import ConfirmationRequest
from services.pilots.projects.formats import MaterialDetails, read_as
from services.pilots.projects.materials import MaterialRequest
from services.pilots.views import Item, StepRequest

router = APIRouter(prefix="/v1/pilots", tags=["pilots"])

_ARCHIVE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}, "description": "A ZIP"}
}
Files = Annotated[bool, Query(description="With the stored files of materials that the caller may read")]
Seq = Annotated[int, PathParameter(ge=0, lt=2**53, description="The event's place in the project's stream")]
State = Annotated[list[str] | None, Query(max_length=50, description="Only projects in these states")]


@router.post("/rulebooks", status_code=202)
async def activate_rulebook(
    request: schemas.ActivationRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> OperationView:
    """Asks to put a rulebook in force. Refused with the list of what its settings leave open."""
    done = services.pilots.rulebooks.activate(
        caller, request.version, request.settings.document, request.settings.name, log_id=request.log, once=once
    )
    return accepted(await asyncio.wrap_future(done), response)


@router.get("/rulebooks")
def list_rulebooks(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.RulebookView]:
    """The rulebooks of this installation, each with the settings under which it is in force."""
    page = services.pilots.rulebooks.list(caller, limit=limit, cursor=cursor)
    return Page(items=[views.rulebook(each) for each in page.items], next=page.next)


@router.get("/rulebooks/{rulebook_id}")
def get_rulebook(rulebook_id: str, services: ServicesDep, caller: CallerDep) -> schemas.RulebookView:
    """One rulebook."""
    return views.rulebook(services.pilots.rulebooks.get(caller, rulebook_id))


@router.post("/rulebooks/{rulebook_id}/retirement", status_code=202)
async def retire_rulebook(
    rulebook_id: str,
    request: schemas.RetirementRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks that no more projects be opened under a rulebook; those that there are go on under it."""
    done = services.pilots.rulebooks.retire(caller, rulebook_id, request.reason, once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("", status_code=201)
async def create_project(
    request: schemas.DraftRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.ProjectView:
    """Begins a draft; the caller's institution leads. Nobody but its applicants sees it before it is submitted."""
    done = services.pilots.applications.create(caller, request.rulebook, request.form, once=once)
    return views.project(await asyncio.wrap_future(done))


@router.get("")
def list_projects(
    services: ServicesDep, caller: CallerDep, state: State = None, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.ProjectView]:
    """The own projects, or those of the own region for who supervises it."""
    page = services.pilots.reads.list(caller, states=state or (), limit=limit, cursor=cursor)
    return Page(items=[views.project(each) for each in page.items], next=page.next)


@router.get("/queue")
def queue(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.QueueItem]:
    """What waits for the caller's institution (待办)."""
    page = services.pilots.reads.queue(caller, limit=limit, cursor=cursor)
    return Page(items=[views.queue_item(each) for each in page.items], next=page.next)


@router.get("/{project_id}")
def get_project(project_id: str, services: ServicesDep, caller: CallerDep) -> schemas.ProjectView:
    """One project."""
    return views.project(services.pilots.reads.get(caller, project_id))


@router.post("/{project_id}/application", status_code=201)
async def revise_application(
    project_id: str, request: schemas.FormRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.ProjectView:
    """Another version of the form, in a draft or under correction; earlier versions are kept."""
    done = services.pilots.applications.revise(caller, project_id, request.form, once=once)
    return views.project(await asyncio.wrap_future(done))


@router.get("/{project_id}/application")
def get_application(
    project_id: str,
    services: ServicesDep,
    caller: CallerDep,
    version: Annotated[
        int | None, Query(ge=1, description="Which version of the form; the newest unless given")
    ] = None,
) -> schemas.ApplicationView:
    """The application form and what belongs to it. Not public (不对社会公开)."""
    return views.application(services.pilots.applications.application(caller, project_id, version=version))


@router.post("/{project_id}/materials", status_code=201)
async def add_material(
    project_id: str, request: schemas.MaterialRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.MaterialView:
    """Binds a manifest record to the project as the next version of a material."""
    details = read_as(MaterialDetails, request.details, "/details")
    wanted = MaterialRequest(code=request.code, manifest_id=request.manifest, details=details)
    done = await run_in_threadpool(services.pilots.applications.add_material, caller, project_id, wanted, once=once)
    return views.material(await asyncio.wrap_future(done))


@router.get("/{project_id}/materials/{manifest_id}")
def get_material(project_id: str, manifest_id: str, services: ServicesDep, caller: CallerDep) -> schemas.MaterialFiles:
    """A material with its files, for who may read the application. That another than an applicant looks is noted."""
    return views.material_files(services.pilots.files.material(caller, project_id, manifest_id), project_id)


@router.get("/{project_id}/materials/{manifest_id}/files/{place}", response_class=StreamingResponse, responses=FILE)
def get_material_file(
    project_id: str,
    manifest_id: str,
    place: Annotated[int, PathParameter(ge=1, lt=2**31, description="The file's place in the manifest")],
    services: ServicesDep,
    caller: CallerDep,
    range_: Annotated[str | None, Header(alias="Range", max_length=100)] = None,
) -> StreamingResponse:
    """A stored file of a material, or one range of it; after the material itself was opened."""
    return streamed(services.pilots.files.content(caller, project_id, manifest_id, place, wanted=range_))


@router.post("/{project_id}/confirmations", status_code=201)
async def confirm(
    project_id: str, request: schemas.ConfirmationRequest, services: ServicesDep, caller: CallerDep
) -> schemas.ConfirmationView:
    """Confirms the application as it is now, with a submitter key of the own institution. Twice is once."""
    wanted = ConfirmationRequest(from_hex(request.digest, "/digest", 32), from_hex(request.signature, "/signature", 64))
    done = services.pilots.applications.confirm(caller, project_id, wanted)
    return views.confirmation(await asyncio.wrap_future(done))


@router.get("/{project_id}/completeness")
def completeness(
    project_id: str,
    services: ServicesDep,
    caller: CallerDep,
    action: Annotated[str | None, Query(max_length=64, description="The way of submission")] = None,
) -> schemas.CompletenessView:
    """What is missing before the submission, why, and where the rule says so."""
    return views.completeness(services.pilots.applications.completeness(caller, project_id, action=action))


@router.post("/{project_id}/steps", status_code=202)
async def step(
    project_id: str,
    request: schemas.StepRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks for a step; the body that the rulebook names signs. A refusal names rule, source and value."""
    wanted = StepRequest(
        action=request.action,
        value=request.value,
        content=request.body,
        evidence=_items(request.evidence),
        public=request.public,
    )
    done = await run_in_threadpool(services.pilots.steps.step, caller, project_id, wanted, once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("/{project_id}/facts", status_code=201)
async def add_fact(
    project_id: str, request: schemas.FactRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.EventView:
    """Adds a fact to the project's stream: opinions, declarations, evaluations, minutes."""
    wanted = FactRequest(kind=request.kind, content=request.body, evidence=_items(request.evidence))
    done = await run_in_threadpool(services.pilots.steps.fact, caller, project_id, wanted, once=once)
    return views.event(await asyncio.wrap_future(done), project_id)


@router.get("/{project_id}/timeline")
def timeline(
    project_id: str, services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.EventView]:
    """Every event with actor, rule, evidence, receipt and transaction, in the order of the project's stream."""
    page = services.pilots.reads.timeline(caller, project_id, limit=limit, cursor=cursor)
    return Page(items=[views.event(each, project_id) for each in page.items], next=page.next)


@router.get("/{project_id}/events/{seq}")
def get_event(project_id: str, seq: Seq, services: ServicesDep, caller: CallerDep) -> schemas.EventDetail:
    """One event; what it says only for who may read that."""
    return views.event_detail(services.pilots.reads.event(caller, project_id, seq), project_id)


@router.get("/{project_id}/events/{seq}/receipt", response_class=Response)
def get_event_receipt(project_id: str, seq: Seq, services: ServicesDep, caller: CallerDep) -> Response:
    """The public receipt of an event (docs/spec/receipt.md), for whoever may read the project."""
    headers = {"Content-Disposition": f'attachment; filename="{project_id}-{seq}.regseal.json"'}
    content = services.pilots.reads.receipt(caller, project_id, seq)
    return Response(content, media_type="application/json", headers={**headers, "Cache-Control": "no-store"})


@router.get("/{project_id}/dossier", response_class=StreamingResponse, responses=_ARCHIVE)
def get_dossier(
    project_id: str,
    services: ServicesDep,
    caller: CallerDep,
    files: Files = True,  # noqa: FBT002 -- a query parameter
) -> StreamingResponse:
    """The project's dossier (卷宗): events, receipts, materials, and the chain's word, as the caller may see them.

    `regseal verify FILE --trust TRUST` verifies it offline; docs/spec/dossier.md.
    """
    headers = {"Content-Disposition": f'attachment; filename="{project_id}.dossier.zip"', "Cache-Control": "no-store"}
    pieces = services.pilots.dossiers.open(caller, project_id, files=files)
    return StreamingResponse(pieces, media_type="application/zip", headers=headers)


@router.get("/{project_id}/comments")
def list_comments(
    project_id: str, services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.CommentView]:
    """The public comments on a project and what became of them."""
    page = services.pilots.reads.comments(caller, project_id, limit=limit, cursor=cursor)
    return Page(items=[views.comment(each) for each in page.items], next=page.next)


@router.get("/{project_id}/chain")
def chain_standing(project_id: str, services: ServicesDep, caller: CallerDep) -> schemas.ChainStanding:
    """Where the project stands by the contract's own word."""
    return views.standing(services.pilots.reads.standing(caller, project_id))


@router.post("/{project_id}/seal", status_code=202)
async def seal(project_id: str, services: ServicesDep, caller: CallerDep) -> schemas.SealView:
    """Has the chain told of the project's newest anchored leaf."""
    return schemas.SealView(transaction=await run_in_threadpool(services.pilots.steps.seal, caller, project_id))


def _items(given: list[schemas.Evidence]) -> tuple[Item, ...]:
    return tuple(Item(each.code, each.record) for each in given)
