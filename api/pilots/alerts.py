"""Alerts (预警) about pilot projects: what is overdue, what runs past its end, what was decided about it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.pilots.duties import MoveRequest, Number, Unfinished
from api.pilots.schemas import Evidence
from services.pilots.alerts import views
from services.pilots.duties.views import MoveRequest as Move
from services.pilots.views import Item
from services.platform.clock import rfc3339

router = APIRouter(prefix="/v1/pilots", tags=["pilots"])

Project = Annotated[str | None, Query(max_length=64, description="Only of this project")]


class AlertRequest(BaseModel):
    """What a body has found out by itself: `plan-unapproved`, a plan that was changed without approval."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=64, examples=["plan-unapproved"])
    body: dict[str, Any] = Field(default_factory=dict, examples=[{"note": "现场检查发现"}])
    evidence: list[Evidence] = Field(default_factory=list, max_length=100)


class AlertView(BaseModel):
    """An alert. `subject`: the duty's number or the event's place, 0 for the project; `proposal`: a step to take."""

    id: str = Field(examples=["alt_0123456789abcdef0123456789abcdef"])
    project: str
    number: int
    region: int
    code: str = Field(examples=["A25"])
    kind: str = Field(examples=["report-overdue"])
    term: str
    rule: str = Field(examples=["SZ-62"])
    source: str
    body: str = Field(examples=["working_group"])
    subject: int
    day: str | None = Field(examples=["2027-02-20"])
    proposal: str | None = Field(examples=["tutoring.expire"])
    state: str = Field(examples=["NEW"])
    reminds: bool = Field(description="Closes of itself when its cause has gone")
    moves: list[str] = Field(examples=[["assign"]])
    last_event: int | None
    since: str
    cleared_at: str | None = Field(description="When its cause went")
    updated_at: str


@router.get("/alerts")
def list_alerts(
    services: ServicesDep,
    caller: CallerDep,
    project: Project = None,
    unfinished: Unfinished = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[AlertView]:
    """The alerts of the own region for who supervises or audits it, else those that the own institution was told."""
    page = services.pilots.running.alerts.list(
        caller, project_id=project, unfinished=bool(unfinished), limit=limit, cursor=cursor
    )
    return Page(items=[shown(each) for each in page.items], next=page.next)


@router.post("/{project_id}/alerts", status_code=201)
async def raise_alert(
    project_id: str, request: AlertRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> AlertView:
    """Raises an alert from a finding; most come of themselves, by the clock."""
    items = tuple(Item(each.code, each.record) for each in request.evidence)
    wanted = views.AlertRequest(kind=request.kind, content=request.body, evidence=items)
    done = await run_in_threadpool(services.pilots.running.alerts.open, caller, project_id, wanted, once=once)
    return shown(await asyncio.wrap_future(done))


@router.post("/{project_id}/alerts/{number}/moves", status_code=201)
async def move_alert(
    project_id: str, number: Number, request: MoveRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> AlertView:
    """A decision about an alert: `assign`, `investigate`, `dismiss`, `confirm`, `measure`, `close`; `note` says why."""
    wanted = Move(move=request.move, due=request.day(), content=request.body, evidence=request.items())
    done = await run_in_threadpool(services.pilots.running.alerts.move, caller, project_id, number, wanted, once=once)
    return shown(await asyncio.wrap_future(done))


def shown(found: views.AlertView) -> AlertView:
    """An alert as the API has it."""
    return AlertView(
        id=found.id,
        project=found.project_id,
        number=found.number,
        region=found.region,
        code=found.code,
        kind=found.kind,
        term=found.term,
        rule=found.rule,
        source=found.source,
        body=found.body,
        subject=found.subject,
        day=found.day,
        proposal=found.proposal,
        state=found.state,
        reminds=found.reminds,
        moves=list(found.moves),
        last_event=found.last_seq,
        since=rfc3339(found.since),
        cleared_at=None if found.cleared_at is None else rfc3339(found.cleared_at),
        updated_at=rfc3339(found.updated_at),
    )
