"""The legal status of liens (法律状态): what the company registry or a court's publication says, beside the chain's."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from api.register.checking import Desk, OperationView, checked
from services.platform.clock import rfc3339
from services.register.acts.legal import LegalFact, LegalStatus
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
    security_id: str, number: Number, request: LegalStatusRequest, desk: Annotated[Desk, Depends()]
) -> LegalStatusView | OperationView:
    """Tells the legal status of a lien, by its number and date there; a leaf of the security's stream.

    A pledge of equity is created by its registration with the company registry (民法典 443), a freeze by its
    publication (法释〔2021〕20号 6): the chain's registration is evidence of neither. 202 and an operation where the
    market's checker has to sign first.
    """
    fact = LegalFact(
        status=request.status, reference=request.reference, at=request.at, documents=tuple(request.documents)
    )
    return await checked(desk, "lien-legal-status", security_id, number, fact, show=_view)


def _view(told: LegalStatus) -> LegalStatusView:
    return LegalStatusView(
        security=told.security_id,
        number=told.number,
        status=told.status,
        reference=told.reference,
        at=rfc3339(told.at_ms),
        record=told.record_id,
    )
