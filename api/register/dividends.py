"""Dividends (分红): resolution, calculation as of the record date, funding, payment, release of what was withheld."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register.checking import Desk, OperationView, checked
from api.register.holder_schemas import Documents
from api.register.holder_views import documents
from services.platform.clock import rfc3339
from services.register.dividends.views import DividendView, Release, Resolution

router = APIRouter(prefix="/v1/register/dividends", tags=["register"])
DividendId = Annotated[str, Path(max_length=64)]
DeskDep = Annotated[Desk, Depends()]
Reference = Annotated[
    str, Field(min_length=1, max_length=200, description="付款凭证编号, and nothing more of it", examples=["回单 0017"])
]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ResolutionRequest(_Said):
    """分红决议. It rests on the document `resolution`."""

    security: str = Field(max_length=64, examples=["sec_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    amount: str = Field(max_length=20, description="CNY per unit, at most 8 decimal places", examples=["0.125"])
    record_date: date = Field(description="股权登记日: that day in Shanghai, to its end", examples=["2026-12-31"])
    documents: Documents = Field(max_length=50)


class PaymentRequest(_Said):
    """Under which reference the money came, or was paid."""

    reference: Reference


class ReleaseRequest(_Said):
    """解除暂扣. It rests on the document `court-ruling`."""

    account: str = Field(max_length=64, examples=["acc_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    amount: str = Field(max_length=40, description="CNY, to the fen", examples=["1250.00"])
    to: Literal["holder", "applicant", "court"] = Field(description="Whom the court names (法释〔2021〕20号 9)")
    reference: Reference
    documents: Documents = Field(max_length=50)


class Totals(BaseModel):
    """Sums of all holders: units, CNY."""

    holders: int
    units: str
    gross: str = Field(description="Each holder's, rounded down to the fen: withheld and payable")
    withheld: str = Field(description="What falls on units that were frozen")
    payable: str
    fruits: str = Field(description="The part of payable that falls on pledged units (民法典 430)")
    remainder: str = Field(description="What rounding left, to 10^-8 CNY")


class Step(BaseModel):
    """A step, and the record that says so."""

    name: str
    record: str
    at: str


class Dividend(BaseModel):
    """A dividend where it stands."""

    id: str = Field(examples=["div_019a9e0a5c5b7d0e9c1a2b3c4d5e6f70"])
    security: str
    company: str
    amount: str
    record_date: date
    stage: str = Field(description="resolved, record-date, calculated, funded or paid")
    totals: Totals | None = None
    digest: str | None = Field(None, description="SHA-256 of the list as it was calculated, in canonical JSON")
    released: str = Field(description="CNY, of what was withheld")
    steps: list[Step]
    created_at: str


class Line(BaseModel):
    """What one holder gets: units, CNY."""

    account: str
    name: str | None = None
    units: str
    frozen: str
    pledged: str
    gross: str
    withheld: str
    payable: str
    fruits: str
    remainder: str
    released: str


@router.post("", status_code=201)
async def resolve_dividend(request: ResolutionRequest, desk: DeskDep) -> Dividend | OperationView:
    """Takes a resolution: so much a unit for whoever holds it at the end of the record date.

    202 and an operation where the market's checker has to sign first.
    """
    said = Resolution(
        security=request.security,
        amount=request.amount,
        record_date=request.record_date,
        documents=documents(request.documents),
    )

    def show(made: DividendView) -> Dividend:
        desk.response.headers["Location"] = f"/v1/register/dividends/{made.id}"
        return _dividend(made)

    return await checked(desk, "dividend-resolve", said, show=show)


@router.get("")
def list_dividends(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    security: Annotated[str | None, Query(max_length=64, description="Only of this security")] = None,
) -> Page[Dividend]:
    """Dividends, the oldest first."""
    page = services.register.dividends.list(caller, security_id=security, limit=limit, cursor=cursor)
    return Page(items=[_dividend(each) for each in page.items], next=page.next)


@router.get("/{dividend_id}")
def get_dividend(dividend_id: DividendId, services: ServicesDep, caller: CallerDep) -> Dividend:
    """One dividend, each step with its record."""
    return _dividend(services.register.dividends.get(caller, dividend_id))


@router.get("/{dividend_id}/lines")
def list_dividend_lines(
    dividend_id: DividendId, services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[Line]:
    """What each holder gets and what is withheld; names for whoever may see identity data."""
    page = services.register.dividends.lines(caller, dividend_id, limit=limit, cursor=cursor)
    return Page(items=[Line.model_validate(each) for each in page.items], next=page.next)


@router.get("/{dividend_id}/csv", response_class=Response)
def get_dividend_sheet(dividend_id: DividendId, services: ServicesDep, caller: CallerDep) -> Response:
    """The whole list for spreadsheets: CSV in UTF-8 with a byte order mark; no cell is taken for a formula."""
    sheet = services.register.dividends.sheet(caller, dividend_id)
    headers = {"Content-Disposition": f'attachment; filename="{dividend_id}.csv"'}
    return Response(sheet, media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/{dividend_id}/calculation")
async def calculate_dividend(
    dividend_id: DividendId, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> Dividend:
    """Calculates from the register at the end of the record date. What falls on frozen units is withheld.

    A freeze that was published by then and registered later counts, too (法释〔2021〕20号 6).
    """
    return await _done(services.register.dividends.calculate, caller, dividend_id, once=once)


@router.post("/{dividend_id}/funding")
async def fund_dividend(dividend_id: DividendId, request: PaymentRequest, desk: DeskDep) -> Dividend | OperationView:
    """The company's money has come. 202 and an operation where the market's checker has to sign first."""
    return await checked(desk, "dividend-fund", dividend_id, request.reference, show=_dividend)


@router.post("/{dividend_id}/payment")
async def pay_dividend(dividend_id: DividendId, request: PaymentRequest, desk: DeskDep) -> Dividend | OperationView:
    """What is payable was paid; what is withheld stays so.

    202 and an operation where the market's checker has to sign first.
    """
    return await checked(desk, "dividend-pay", dividend_id, request.reference, show=_dividend)


@router.post("/{dividend_id}/releases")
async def release_dividend(dividend_id: DividendId, request: ReleaseRequest, desk: DeskDep) -> Dividend | OperationView:
    """Some of what was withheld goes where the court's ruling says.

    202 and an operation where the market's checker has to sign first.
    """
    said = Release(
        account=request.account,
        amount=request.amount,
        to=request.to,
        reference=request.reference,
        documents=documents(request.documents),
    )
    return await checked(desk, "dividend-release", dividend_id, said, show=_dividend)


async def _done(step: Any, *arguments: Any, **named: Any) -> Dividend:
    """The checks that read come first, in a thread; then the sequencer's unit."""
    return _dividend(await asyncio.wrap_future(await run_in_threadpool(step, *arguments, **named)))


def _dividend(found: DividendView) -> Dividend:
    return Dividend(
        id=found.id,
        security=found.security_id,
        company=found.company_id,
        amount=found.amount,
        record_date=found.record_date,
        stage=found.stage,
        totals=None if found.totals is None else Totals.model_validate(found.totals),
        digest=None if found.digest is None else "0x" + found.digest.hex(),
        released=found.released,
        steps=[Step(name=each.name, record=each.record_id, at=rfc3339(each.at)) for each in found.events],
        created_at=rfc3339(found.created_at),
    )
