"""Duties (义务) of pilot projects: reports, inspections, complaints, incidents, plan changes, what an exit leaves."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as PathParameter
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.pilots.schemas import Evidence
from services import days
from services.pilots.duties import views
from services.pilots.views import Item
from services.platform.clock import rfc3339

router = APIRouter(prefix="/v1/pilots", tags=["pilots"])

Number = Annotated[int, PathParameter(ge=1, lt=2**31, description="The number within the project")]
Unfinished = Annotated[bool | None, Query(alias="open", description="Only what has not ended")]


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid")

    due: date | None = Field(None, description="A date in Shanghai", examples=["2027-03-31"])
    body: dict[str, Any] = Field(default_factory=dict, description="What is said; encrypted", examples=[{"note": "…"}])
    evidence: list[Evidence] = Field(default_factory=list, max_length=100)

    def items(self) -> tuple[Item, ...]:
        """The documents it rests on."""
        return tuple(Item(each.code, each.record) for each in self.evidence)

    def day(self) -> int | None:
        """The due date as a day's number."""
        return None if self.due is None else days.number(self.due)


class DutyRequest(_Request):
    """A duty by its code in the rulebook, opened by a body that the rulebook names."""

    code: str = Field(min_length=1, max_length=64, examples=["incident"])


class MoveRequest(_Request):
    """A move: `file`, `accept`, `return`, `demand`, …; what is possible a duty or an alert says of itself."""

    move: str = Field(min_length=1, max_length=32, examples=["file"])


class DutyView(BaseModel):
    """A duty. `moves` names what can be done now and by which body; `last_event` is its newest leaf's place."""

    id: str = Field(examples=["dty_0123456789abcdef0123456789abcdef"])
    project: str
    number: int
    code: str = Field(examples=["report"])
    term: str = Field(examples=["定期运行报告"])
    body: str = Field(examples=["lead"])
    overseer: str = Field(examples=["working_group"])
    state: str = Field(examples=["DUE"])
    state_term: str
    ended: bool
    due: str | None = Field(examples=["2027-02-20"])
    overdue: bool
    round: int = Field(description="Which report of its series, 0 of what is not periodic")
    rule: str = Field(examples=["SZ-62"])
    source: str
    needs: list[str] = Field(description="Codes of the documents that the deciding move brings")
    moves: dict[str, str] = Field(examples=[{"file": "lead", "demand": "working_group"}])
    last_event: int | None
    created_at: str
    updated_at: str


@router.get("/duties")
def duty_queue(
    services: ServicesDep,
    caller: CallerDep,
    until: Annotated[date | None, Query(description="Only what is due by this date")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DutyView]:
    """What waits for the caller's institution, by due date; what nobody set a date for comes last."""
    day = None if until is None else days.number(until)
    page = services.pilots.running.duties.queue(caller, until=day, limit=limit, cursor=cursor)
    return Page(items=[shown(each) for each in page.items], next=page.next)


@router.get("/{project_id}/duties")
def list_duties(
    project_id: str,
    services: ServicesDep,
    caller: CallerDep,
    unfinished: Unfinished = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Page[DutyView]:
    """The duties of a project, by number; an applicant sees those that applicants have to do with."""
    page = services.pilots.running.duties.list(
        caller, project_id, unfinished=bool(unfinished), limit=limit, cursor=cursor
    )
    return Page(items=[shown(each) for each in page.items], next=page.next)


@router.post("/{project_id}/duties", status_code=201)
async def open_duty(
    project_id: str, request: DutyRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> DutyView:
    """Opens a duty: demands a report, plans an inspection, tells of an incident, proposes a change of the plan."""
    wanted = views.DutyRequest(code=request.code, due=request.day(), content=request.body, evidence=request.items())
    done = await run_in_threadpool(services.pilots.running.duties.open, caller, project_id, wanted, once=once)
    return shown(await asyncio.wrap_future(done))


@router.get("/{project_id}/duties/{number}")
def get_duty(project_id: str, number: Number, services: ServicesDep, caller: CallerDep) -> DutyView:
    """One duty."""
    return shown(services.pilots.running.duties.get(caller, project_id, number))


@router.post("/{project_id}/duties/{number}/moves", status_code=201)
async def move_duty(
    project_id: str, number: Number, request: MoveRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> DutyView:
    """Takes a duty on: files, accepts, returns, … Refused to any body but the one that the rulebook names."""
    wanted = views.MoveRequest(move=request.move, due=request.day(), content=request.body, evidence=request.items())
    done = await run_in_threadpool(services.pilots.running.duties.move, caller, project_id, number, wanted, once=once)
    return shown(await asyncio.wrap_future(done))


def shown(found: views.DutyView) -> DutyView:
    """A duty as the API has it."""
    return DutyView(
        id=found.id,
        project=found.project_id,
        number=found.number,
        code=found.code,
        term=found.term,
        body=found.body,
        overseer=found.overseer,
        state=found.state,
        state_term=found.state_term,
        ended=found.ended,
        due=found.due,
        overdue=found.overdue,
        round=found.round,
        rule=found.rule,
        source=found.source,
        needs=list(found.needs),
        moves=dict(found.moves),
        last_event=found.last_seq,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
    )
