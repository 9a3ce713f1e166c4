"""The legal status of liens (法律状态): what the company registry or a court's publication says, beside the chain's."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from services.platform.clock import rfc3339
from services.register.acts.legal import LegalFact
from services.register.acts.said import Document

router = APIRouter(prefix="/v1/register/securities", tags=["register"])
Number = Annotated[int, Path(ge=1, lt=2**16, description="The lien's number within the security")]


class LegalStatusRequest(BaseModel):
    """What is told of a lien: of a pledge `registered`, `changed`, `cancelled`; of a freeze `published`, `lifted`."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["registered", "changed", "cancelled", "published", "lifted"]
    reference: str = Field(
        min_length=1, max_length=200, description="股权出质登记编号 or 公示文号", examples=["示例出质 0017"]
    )
    at: datetime = Field(description="Since when, with its offset", examples=["2026-11-20T10:00:00+08:00"])
    documents: list[Document] = Field(default_factory=list, max_length=50)


class LegalStatusView(BaseModel):
    """What was told of a lien last."""

    security: str
    number: int
    status: str
    reference: str
    at: str
    record: str = Field(description="The record that says so")


@router.post("/{security_id}/liens/{number}/legal-status", status_code=201)
async def tell_legal_status(
    security_id: str,
    number: Number,
    request: LegalStatusRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
) -> LegalStatusView:
    """Tells the legal status of a lien, by its number and date there; a leaf of the security's stream.

    A pledge of equity is created by its registration with the company registry (民法典 443), a freeze by its
    publication (法释〔2021〕20号 6): the chain's registration is evidence of neither.
    """
    fact = LegalFact(
        status=request.status, reference=request.reference, at=request.at, documents=tuple(request.documents)
    )
    told = await asyncio.wrap_future(
        await run_in_threadpool(services.register.acts.legal.tell, caller, security_id, number, fact, once=once)
    )
    return LegalStatusView(
        security=told.security_id,
        number=told.number,
        status=told.status,
        reference=told.reference,
        at=rfc3339(told.at_ms),
        record=told.record_id,
    )
