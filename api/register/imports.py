"""Imports of holder lists (名册导入): check, report, carrying out."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register import holder_schemas as schemas
from api.register.holder_views import documents, imported
from services.register.imports.views import Execution, FileSaid, ImportRequest

router = APIRouter(prefix="/v1/register/imports", tags=["register"])

First = Annotated[int, Query(ge=0, lt=2**31, description="Number of the first finding")]


@router.post("", status_code=202)
async def check_list(
    request: schemas.ImportRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> schemas.ImportView:
    """Begins to check a list. Nothing of the register is touched; `/findings` names every cell that is wrong."""
    said = ImportRequest(
        company=request.company,
        security=request.security,
        files=tuple(FileSaid(material=each.material, name=each.name) for each in request.files),
        sum_duplicates=request.sum_duplicates,
        confirmed=request.confirmed,
        pledgees=request.pledgees,
    )
    made = await asyncio.wrap_future(services.holders.imports.check(caller, said, once=once))
    response.headers["Location"] = f"/v1/register/imports/{made.id}"
    return imported(made)


@router.get("")
def list_imports(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    company: Annotated[str | None, Query(max_length=64)] = None,
) -> Page[schemas.ImportView]:
    """Imports, oldest first; of one company, if given."""
    page = services.holders.imports.list(caller, company=company, limit=limit, cursor=cursor)
    return Page(items=[imported(each) for each in page.items], next=page.next)


@router.get("/{import_id}")
def get_import(import_id: str, services: ServicesDep, caller: CallerDep) -> schemas.ImportView:
    """One import: its state, what the list adds up to, how many groups are done."""
    return imported(services.holders.imports.get(caller, import_id))


@router.get("/{import_id}/findings")
def get_findings(
    import_id: str, services: ServicesDep, caller: CallerDep, limit: Limit = 100, first: First = 0
) -> schemas.Findings:
    """The report: every cell that is wrong, with rule and source. What a cell says of a person is masked."""
    found, following = services.holders.imports.findings(caller, import_id, first=first, limit=limit)
    return schemas.Findings(items=[schemas.Finding(**each) for each in found], next=following)


@router.post("/{import_id}/execution", status_code=202)
async def execute(
    import_id: str, request: schemas.ExecutionRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.ImportView:
    """Carries a clean list out into an empty security, or goes on with one that stopped. Nothing is done twice."""
    said = Execution(security=request.security, documents=documents(request.documents))
    return imported(await asyncio.wrap_future(services.holders.imports.execute(caller, import_id, said, once=once)))
