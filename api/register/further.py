"""Further securities of a company in custody (类别股、可转债): each has a first registration of its own."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field

from api.deps import CallerDep, ServicesDep
from api.register.checking import Desk, OperationView, checked
from api.register.holder_schemas import Documents
from api.register.holder_views import documents
from services.platform.clock import rfc3339
from services.register.companies.views import FurtherRequest, FurtherView, StepRequest

router = APIRouter(prefix="/v1/register/companies/{company_id}/securities", tags=["register"])
CompanyId = Annotated[str, Path(max_length=64)]
SecurityId = Annotated[str, Path(max_length=64)]
DeskDep = Annotated[Desk, Depends()]


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid")


class FurtherSecurityRequest(_Said):
    """类别股、可转债: it rests on the documents `resolution` and `capital-verification`."""

    security: str = Field(max_length=64, examples=["sec_0123456789abcdef0123456789abcdef"])
    units: str = Field(max_length=30, description="How many are to be registered", examples=["2000000"])
    documents: Documents = Field(max_length=50)


class FurtherStepRequest(_Said):
    """A step of its own cycle."""

    step: Literal["register", "admit", "suspend", "resume", "exit", "withdraw"]
    documents: Documents = Field(default_factory=list, max_length=50)


class FurtherSecurity(BaseModel):
    """A further security of a company where it stands."""

    security: str
    company: str
    units: str
    issued: str = Field(description="Units that are entered on the chain")
    phase: str = Field(description="confirming, registered, custodied, suspended, exited or withdrawn")
    steps: list[str] = Field(description="The steps that can be next")
    operation: str | None = Field(None, description="What carries this step to the chain")
    created_at: str
    updated_at: str


class FurtherSecurities(BaseModel):
    """Those of a company, by id."""

    items: list[FurtherSecurity]


@router.get("")
def list_further(company_id: CompanyId, services: ServicesDep, caller: CallerDep) -> FurtherSecurities:
    """A company's further securities: what is registered of them, and which steps can be next."""
    found = services.holders.further.list(caller, company_id)
    return FurtherSecurities(items=[_view(each) for each in found])


@router.post("", status_code=201)
async def take_up(
    company_id: CompanyId, request: FurtherSecurityRequest, desk: DeskDep
) -> FurtherSecurity | OperationView:
    """Takes up a security that was opened for a company in custody; its own first registration begins.

    Its holders are entered by a list of their own (`security` of an import) or by `issue`.
    202 and an operation where the market's checker has to sign first.
    """
    said = FurtherRequest(security=request.security, units=request.units, documents=documents(request.documents))
    return await checked(desk, "security-add", company_id, said, show=_view)


@router.post("/{security_id}/steps", status_code=202)
async def take_step(
    company_id: CompanyId, security_id: SecurityId, request: FurtherStepRequest, desk: DeskDep
) -> FurtherSecurity | OperationView:
    """The next step of a further security. `admit`, `suspend`, `resume` and `exit` are decided by the chain.

    The others are an operation where the market's checker has to sign first.
    """
    said = StepRequest(step=request.step, documents=documents(request.documents))
    return await checked(desk, "security-step", company_id, security_id, said, show=_view)


def _view(found: FurtherView) -> FurtherSecurity:
    return FurtherSecurity(
        security=found.security,
        company=found.company,
        units=found.units,
        issued=found.issued,
        phase=found.phase,
        steps=list(found.steps),
        operation=found.operation_id,
        created_at=rfc3339(found.created_at),
        updated_at=rfc3339(found.updated_at),
    )
