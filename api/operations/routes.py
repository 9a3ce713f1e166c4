"""Operations: commands that the chain decides, their history, and the authorisations they wait for."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep, WaitDep
from api.operations.schemas import AuthorisationRequest, OperationView
from api.operations.views import opened, operation
from api.paging import Cursor, Limit, Page
from api.waiting import Wait
from services.container import Services
from services.identity.service import Principal
from services.transactions.views import OperationView as Operation

router = APIRouter(prefix="/v1/operations", tags=["operations"])

ENDED = frozenset({"final", "refused", "expired", "cancelled"})


@router.get("")
def list_operations(
    services: ServicesDep,
    caller: CallerDep,
    limit: Limit = 100,
    cursor: Cursor = None,
    state: Annotated[str | None, Query(max_length=32)] = None,
) -> Page[OperationView]:
    """The caller's operations, newest first."""
    page = services.operations.list(caller, limit=limit, cursor=cursor, state=state)
    return Page(items=[operation(item) for item in page.items], next=page.next)


@router.get("/{operation_id}")
async def get_operation(operation_id: str, services: ServicesDep, caller: CallerDep, wait: WaitDep) -> OperationView:
    """One operation with its whole history. `Prefer: wait=N` answers when it has ended."""
    return await until_ended(services, caller, operation_id, wait)


@router.post("/{operation_id}/authorisations", status_code=202)
async def authorise(
    operation_id: str,
    request: AuthorisationRequest,
    services: ServicesDep,
    caller: CallerDep,
    _once: OnceDep,
    wait: WaitDep,
) -> OperationView:
    """Brings a party's signature back. The same signature may be brought twice.

    Where several are needed (`authorisations`), they come one by one and in any order; the last sends the operation on.
    """
    await run_in_threadpool(services.operations.authorise, caller, operation_id, request.signer, request.signature)
    return await until_ended(services, caller, operation_id, wait)


@router.post("/{operation_id}/cancellation")
async def cancel(operation_id: str, services: ServicesDep, caller: CallerDep, _once: OnceDep) -> OperationView:
    """Takes an operation back while nothing is signed for the chain. Signatures that it has are worth nothing then."""
    return operation(await run_in_threadpool(services.operations.cancel, caller, operation_id))


async def until_ended(services: Services, caller: Principal, operation_id: str, wait: Wait) -> OperationView:
    """The operation now, or when it has ended while somebody waits."""
    look = partial(run_in_threadpool, services.operations.get, caller, operation_id)
    found = await wait.until(look, lambda one: one.state in ENDED)
    return await run_in_threadpool(_whole, services, found)


def _whole(services: Services, found: Operation) -> OperationView:
    """With what is to be signed also what it means: a commitment alone tells a signer nothing."""
    view = operation(found)
    if view.typed_data is not None and found.record_id is not None:
        view.command = opened(services.evidence.opening(found.record_id))
    return view
