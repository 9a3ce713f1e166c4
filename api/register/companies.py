"""Companies in custody (托管企业): application, custody cycle, codes and layers."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register import holder_schemas as schemas
from api.register.checking import Desk, OperationView, checked
from api.register.holder_views import company, documents
from services.platform.clock import rfc3339
from services.register.companies.views import Application, StepRequest

router = APIRouter(prefix="/v1/register/companies", tags=["register"])
DeskDep = Annotated[Desk, Depends()]


@router.post("", status_code=201)
async def apply(
    request: schemas.ApplicationRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> schemas.CompanyView:
    """Takes a company's application (托管申请). Refused with the rule for a wrong code, region or missing document."""
    said = Application(
        code=request.code,
        name=request.name,
        usci=request.usci,
        region=request.region,
        form=request.form,
        capital=request.capital,
        issuer=request.issuer,
        pre_emption=request.pre_emption,
        documents=documents(request.documents),
    )
    made = await asyncio.wrap_future(services.holders.companies.apply(caller, said, once=once))
    response.headers["Location"] = f"/v1/register/companies/{made.id}"
    return company(made)


@router.get("")
def list_companies(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.CompanyView]:
    """The market's companies, or an issuer's own, oldest first."""
    page = services.holders.companies.list(caller, limit=limit, cursor=cursor)
    return Page(items=[company(each) for each in page.items], next=page.next)


@router.get("/{company_id}")
def get_company(company_id: str, services: ServicesDep, caller: CallerDep) -> schemas.CompanyView:
    """One company: where it stands, and which steps can be next."""
    return company(services.holders.companies.get(caller, company_id))


@router.get("/{company_id}/events")
def get_company_events(company_id: str, services: ServicesDep, caller: CallerDep) -> schemas.CompanyEvents:
    """What happened to a company, each fact with its record and the documents it rests on."""
    found = services.holders.companies.events(caller, company_id)
    return schemas.CompanyEvents(
        items=[
            schemas.CompanyEvent(
                seq=each.seq,
                name=each.name,
                before=each.before,
                after=each.after,
                documents=dict(each.documents),
                actor=each.actor_id,
                record=each.record_id,
                operation=each.operation_id,
                at=rfc3339(each.at),
            )
            for each in found
        ]
    )


@router.post("/{company_id}/steps", status_code=202)
async def take_step(
    company_id: str, request: schemas.StepRequest, desk: DeskDep
) -> schemas.CompanyView | OperationView:
    """The next step of the custody cycle. `admit`, `suspend`, `resume` and `exit` are decided by the chain.

    The others are an operation where the market's checker has to sign first.
    """
    said = StepRequest(
        step=request.step,
        documents=documents(request.documents),
        security=request.security,
        reason=request.reason,
    )
    return await checked(desk, "company-step", company_id, said, show=company)


@router.post("/{company_id}/layer")
async def change_layer(
    company_id: str, request: schemas.LayerRequest, desk: DeskDep
) -> schemas.CompanyView | OperationView:
    """Another layer (转层): nothing but the last letter of the code changes.

    202 and an operation where the market's checker has to sign first.
    """
    rests_on = documents(request.documents)
    return await checked(desk, "company-layer", company_id, request.layer, rests_on, show=company)


@router.post("/{company_id}/articles")
async def change_articles(
    company_id: str, request: schemas.ArticlesRequest, desk: DeskDep
) -> schemas.CompanyView | OperationView:
    """What the articles (章程) say now of the other shareholders' right to buy first (公司法 84, 157).

    202 and an operation where the market's checker has to sign first.
    """
    rests_on = documents(request.documents)
    return await checked(desk, "company-articles", company_id, request.pre_emption, rests_on, show=company)


@router.post("/{company_id}/institution")
async def name_institution(
    company_id: str, request: schemas.InstitutionRequest, desk: DeskDep
) -> schemas.CompanyView | OperationView:
    """Which institution the company is: its tokens read the company's own register, and nothing of another one's.

    202 and an operation where the market's checker has to sign first.
    """
    rests_on = documents(request.documents)
    return await checked(desk, "company-institution", company_id, request.issuer, rests_on, show=company)
