"""Calendars: years asked for and days closed; for everybody what is published, counted and compared."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from api.calendars import schemas, views
from api.deps import CallerDep, OnceDep, PublicDep, ServicesDep
from api.operations.schemas import OperationView
from api.operations.views import accepted
from services.calendar.desk import ClosureRequest, YearFile, YearRequest

router = APIRouter(tags=["calendars"])
public = APIRouter(prefix="/v1/public/calendars", dependencies=[PublicDep])

Region = Annotated[int, Path(ge=0, lt=2**31, description="Code of GB/T 2260")]
Year = Annotated[int, Path(ge=1970, le=9998)]
Chain = Annotated[str | None, Query(max_length=64, description="The supervision chain unless given")]


@router.post("/v1/calendars/years", status_code=202)
async def publish_year(
    request: schemas.PublicationRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> OperationView:
    """Asks to publish a year; the region's authority signs. A year is published once."""
    file = YearFile(request.file.name, request.file.document) if request.file else None
    wanted = YearRequest(region=request.region, year=request.year, file=file, chain=request.chain)
    return accepted(await asyncio.wrap_future(services.calendars.desk.publish(caller, wanted, once=once)), response)


@router.post("/v1/calendars/closures", status_code=202)
async def close_days(
    request: schemas.ClosureRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> OperationView:
    """Asks to close days ahead; the region's authority signs. What is closed stays closed."""
    wanted = ClosureRequest(
        region=request.region,
        days=tuple(request.days),
        working=request.working,
        reason=request.reason,
        document=request.document,
        chain=request.chain,
    )
    return accepted(await asyncio.wrap_future(services.calendars.desk.close(caller, wanted, once=once)), response)


@public.get("")
def list_years(
    services: ServicesDep,
    region: Annotated[int | None, Query(ge=0, lt=2**31, description="Only this region")] = None,
    chain: Chain = None,
) -> list[schemas.YearView]:
    """The years of all regions, for everybody."""
    return [views.year(each) for each in services.calendars.desk.years(region=region, chain=chain)]


@public.get("/library/{year}")
def library_year(year: Year, services: ServicesDep) -> schemas.Proposal:
    """A year as the library of this service has it, before it is published. 404 when it does not know the year."""
    return views.proposal(services.calendars.desk.library(year))


@public.get("/{region}/days")
def count_days(
    region: Region,
    services: ServicesDep,
    since: Annotated[date, Query(description="This day does not count")],
    until: Annotated[date, Query(description="This day does")],
    chain: Chain = None,
) -> schemas.Count:
    """Working and trading days after a day up to another, by this service and by the contract."""
    return views.count(services.calendars.desk.count(region, since, until, chain=chain), region, since, until)


@public.get("/{region}/{year}")
def get_year(region: Region, year: Year, services: ServicesDep, chain: Chain = None) -> schemas.YearDetail:
    """A year of a region, day by day."""
    return views.detail(*services.calendars.desk.year(region, year, chain=chain))


@public.get("/{region}/{year}/comparison")
def compare_year(region: Region, year: Year, services: ServicesDep, chain: Chain = None) -> schemas.Comparison:
    """The year that the chain has against the announcement and against what this service believes."""
    return views.comparison(services.calendars.desk.compare(region, year, chain=chain))


router.include_router(public)
