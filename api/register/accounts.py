"""Investor accounts (投资者账户): opening, identity, suitability, codes, freezing, closing, erasure."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Depends, Response

from api.deps import CallerDep, OnceDep, ServicesDep
from api.paging import Cursor, Limit, Page
from api.register import holder_schemas as schemas
from api.register.checking import Desk, OperationView, checked
from api.register.holder_views import account, documents, identity, personal
from services.register.accounts.desk import IdentityChange, StateChange, SuitabilityProof
from services.register.accounts.identity import kind_of
from services.register.accounts.views import AccountDetails
from services.register.acts.said import day

router = APIRouter(prefix="/v1/register/accounts", tags=["register"])
DeskDep = Annotated[Desk, Depends()]


@router.post("", status_code=202)
async def open_account(
    request: schemas.AccountRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> schemas.AccountView:
    """Opens an account. 409 `account-exists` names the one that the holder of this document has."""
    details = AccountDetails(
        kind=kind_of(request.kind),
        identity=identity(request.identity),
        suitable_until=day(request.suitable_until, "suitable_until"),
        addend=request.addend,
        investor_code=request.investor_code,
        documents=documents(request.documents),
    )
    made = await asyncio.wrap_future(services.holders.accounts.open(caller, details, once=once))
    response.headers["Location"] = f"/v1/register/accounts/{made.id}"
    return account(made)


@router.get("")
def list_accounts(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.AccountView]:
    """Accounts without their holders, oldest first."""
    page = services.holders.accounts.list(caller, limit=limit, cursor=cursor)
    return Page(items=[account(each) for each in page.items], next=page.next)


@router.get("/{account_id}")
def get_account(account_id: str, services: ServicesDep, caller: CallerDep) -> schemas.AccountView:
    """One account without its holder."""
    return account(services.holders.accounts.get(caller, account_id))


@router.get("/{account_id}/identity")
def get_identity(account_id: str, services: ServicesDep, caller: CallerDep, response: Response) -> schemas.PersonalView:
    """Who the holder is and was, for whom identity data are (`register.personal`)."""
    response.headers["Cache-Control"] = "no-store"
    return personal(services.holders.accounts.personal(caller, account_id))


@router.post("/{account_id}/identity")
async def change_identity(
    account_id: str, request: schemas.IdentityRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.AccountView:
    """Another name, document or contact of the same holder; what was known before is kept."""
    change = IdentityChange(identity=identity(request.identity), documents=documents(request.documents))
    done = services.holders.accounts.change_identity(caller, account_id, change, once=once)
    return account(await asyncio.wrap_future(done))


@router.post("/{account_id}/suitability", status_code=202)
async def prove_suitability(
    account_id: str, request: schemas.SuitabilityRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.AccountView:
    """Evidence of suitability (合格投资者) until a day, which the chain is told."""
    proof = SuitabilityProof(basis=request.basis, until=request.until, documents=documents(request.documents))
    done = services.holders.accounts.prove_suitability(caller, account_id, proof, once=once)
    return account(await asyncio.wrap_future(done))


@router.post("/{account_id}/addend", status_code=202)
async def set_addend(
    account_id: str, request: schemas.AddendRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.AccountView:
    """How many holders stand behind this one (穿透). Lowering it needs the checker's and the regulator's signature."""
    rests_on = documents(request.documents)
    done = services.holders.accounts.set_addend(caller, account_id, request.addend, rests_on, once=once)
    return account(await asyncio.wrap_future(done))


@router.post("/{account_id}/investor-code")
async def allocate_code(
    account_id: str, request: schemas.CodeRequest, desk: DeskDep
) -> schemas.AccountView | OperationView:
    """The investor code (投资者代码) that the supervision chain allocated. Without one: the sample's allocator.

    202 and an operation where the market's checker has to sign first.
    """
    return await checked(desk, "account-code", account_id, request.code, show=account)


@router.post("/{account_id}/state")
async def change_state(
    account_id: str, request: schemas.AccountStateRequest, desk: DeskDep
) -> schemas.AccountView | OperationView:
    """Freezes, thaws, closes or reopens the account. It is closed when it holds nothing (ACC-01).

    202 and an operation where the market's checker has to sign first.
    """
    change = StateChange(to=request.state, reason=request.reason, documents=documents(request.documents))
    return await checked(desk, "account-state", account_id, change, show=account)


@router.post("/{account_id}/erasure")
async def erase(
    account_id: str, request: schemas.AccountErasureRequest, desk: DeskDep
) -> schemas.AccountView | OperationView:
    """Erases who the holder of a closed account is, or restricts it until its 20 years are over (REM-26).

    202 and an operation where the market's checker has to sign first.
    """
    return await checked(desk, "account-erasure", account_id, request.reason, show=account)
