"""Acts of the register (登记事项): asked for by the operator, signed by those who must agree, decided by the chain."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register.examples import EXAMPLES
from api.register.schemas import ActView, BatchView
from api.register.views import act, batch
from services.register.acts.batches import MOST
from services.register.acts.catalogue import AnyAct

router = APIRouter(prefix="/v1/register/acts", tags=["register"])

Request = Annotated[AnyAct, Field(discriminator="act")]


class BatchRequest(BaseModel):
    """Acts, in their order."""

    model_config = ConfigDict(extra="forbid")

    acts: list[Request] = Field(min_length=1, max_length=MOST, examples=[[EXAMPLES["transfer"]["value"]]])


State = Literal["requested", "registered", "refused"]


@router.post("", status_code=202)
async def ask(
    request: Annotated[Request, Body(openapi_examples=EXAMPLES)],
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> ActView:
    """Asks for an act by its name (`act`).

    Every rule is tried first, by what is known now: a refusal names rule, source and numbers, and nothing was done.
    Otherwise a `requested` leaf is written, and the operation waits for the signatures of those who must agree (its
    `authorisations`): the checker in a checked market, and the pledgee, the court liaison or the regulator where the
    act asks for them. The chain decides; `registered` or `refused` follows as a leaf of its own.
    """
    asked = await run_in_threadpool(services.register.acts.desk.request, caller, request, once=once)
    made = await asyncio.wrap_future(asked)
    response.headers["Location"] = f"/v1/register/acts/{made.id}"
    return act(made)


@router.post("/batches", status_code=202)
async def ask_many(request: BatchRequest, services: ServicesDep, caller: CallerDep, once: OnceDep) -> BatchView:
    """Asks for many acts, line by line: each as if alone, and a refused line hinders no other.

    What must be all or nothing is one act, `transfer-batch`, under one checker's signature. Sent again with the same
    `Idempotency-Key`, no line is done twice, and those that were refused are tried again.
    """
    return batch(await run_in_threadpool(services.register.acts.batches.request, caller, request.acts, once=once))


@router.get("")
def list_acts(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    about: Annotated[str | None, Query(max_length=64, description="A security or an account")] = None,
    state: Annotated[State | None, Query()] = None,
) -> Page[ActView]:
    """Acts, newest first."""
    page = services.register.acts.desk.list(caller, about=about, state=state, limit=limit, cursor=cursor)
    return Page(items=[act(each) for each in page.items], next=page.next)


@router.get("/{act_id}")
def get_act(act_id: str, services: ServicesDep, caller: CallerDep) -> ActView:
    """One act: what was asked, who has signed, its place in the queue, and what the chain made of it."""
    return act(services.register.acts.desk.get(caller, act_id))
