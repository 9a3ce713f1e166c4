"""Institutions, their keys, their roles on the chain, and API tokens."""

from __future__ import annotations

import asyncio
from enum import Enum

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, PublicDep, ServicesDep
from api.institutions import schemas, views
from api.operations.schemas import OperationView
from api.operations.views import accepted, operation
from api.paging import Cursor, Limit, Page
from api.times import milliseconds
from chain.proof.encoding import from_hex
from services.identity.views import (
    AuthorityRequest,
    RegistrationRequest,
    RoleRequest,
    StatusRequest,
    SubmitterKeyRequest,
    TokenRequest,
)

router = APIRouter(prefix="/v1")
_INSTITUTIONS: list[str | Enum] = ["institutions"]
_TOKENS: list[str | Enum] = ["tokens"]


@router.post("/bootstrap", status_code=201, tags=_INSTITUTIONS, dependencies=[PublicDep])
async def bootstrap(request: schemas.BootstrapRequest, services: ServicesDep) -> schemas.Bootstrapped:
    """Introduces the first institution of a new installation, once, with the secret that `regseal init` printed."""
    wanted = RegistrationRequest(
        name=request.name, kind=request.kind, region=request.region, authority=request.authority
    )
    done = await asyncio.wrap_future(services.identity.bootstrap(request.secret, wanted))
    return schemas.Bootstrapped(
        institution=views.institution(done.institution),
        token=views.issued(done.issued),
        operations=[operation(item) for item in done.operations],
    )


@router.get("/institutions", tags=_INSTITUTIONS)
def list_institutions(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.InstitutionView]:
    """The directory."""
    page = services.identity.list_institutions(caller, limit=limit, cursor=cursor)
    return Page(items=[views.institution(item) for item in page.items], next=page.next)


@router.get("/institutions/{institution_id}", tags=_INSTITUTIONS)
def get_institution(institution_id: str, services: ServicesDep, caller: CallerDep) -> schemas.InstitutionView:
    """One institution."""
    return views.institution(services.identity.get_institution(caller, institution_id))


@router.post("/institutions", status_code=202, tags=_INSTITUTIONS)
async def register_institution(
    request: schemas.InstitutionRequest, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response
) -> OperationView:
    """Asks for a registration; the region's authority signs. `reference` of the operation is the institution's id."""
    done = services.identity.request_registration(caller, RegistrationRequest(**request.model_dump()), once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("/institutions/{institution_id}/status", status_code=202, tags=_INSTITUTIONS)
async def change_status(
    institution_id: str,
    request: schemas.StatusRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks to suspend, reactivate or exit an institution; the region's authority signs."""
    wanted = StatusRequest(institution_id=institution_id, **request.model_dump())
    return accepted(await asyncio.wrap_future(services.identity.request_status(caller, wanted, once=once)), response)


@router.post("/institutions/{institution_id}/authority", status_code=202, tags=_INSTITUTIONS)
async def change_authority(
    institution_id: str,
    request: schemas.AuthorityRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks to replace an institution's authority key; the old key or the region's authority signs."""
    wanted = AuthorityRequest(institution_id=institution_id, **request.model_dump())
    return accepted(await asyncio.wrap_future(services.identity.request_authority(caller, wanted, once=once)), response)


@router.get("/institutions/{institution_id}/roles", tags=_INSTITUTIONS)
def list_roles(institution_id: str, services: ServicesDep, caller: CallerDep) -> Page[schemas.ChainRoleView]:
    """The roles that the registry granted to the institution's accounts."""
    found = services.identity.list_chain_roles(caller, institution_id)
    return Page(items=[views.chain_role(item) for item in found], next=None)


@router.post("/institutions/{institution_id}/roles", status_code=202, tags=_INSTITUTIONS)
async def grant_role(
    institution_id: str,
    request: schemas.RoleRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks for a region-scoped role on the chain; the authority of that region signs."""
    members = request.model_dump(exclude={"expires_at"})
    expires_at = milliseconds(request.expires_at, "/expires_at") // 1000
    wanted = RoleRequest(institution_id=institution_id, expires_at=expires_at, **members)
    return accepted(
        await asyncio.wrap_future(services.identity.request_role_grant(caller, wanted, once=once)), response
    )


@router.post("/institutions/{institution_id}/roles/revocations", status_code=202, tags=_INSTITUTIONS)
async def revoke_role(
    institution_id: str,
    request: schemas.RoleRevocationRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
    response: Response,
) -> OperationView:
    """Asks to take a role away; the authority of that region signs."""
    wanted = RoleRequest(institution_id=institution_id, **request.model_dump())
    done = services.identity.request_role_revocation(caller, wanted, once=once)
    return accepted(await asyncio.wrap_future(done), response)


@router.post("/institutions/{institution_id}/repetitions", status_code=202, tags=_INSTITUTIONS)
async def repeat(
    institution_id: str,
    request: schemas.RepetitionRequest,
    services: ServicesDep,
    caller: CallerDep,
    _once: OnceDep,
) -> Page[OperationView]:
    """Asks a business chain's registry for what the supervision chain decided: registration, status, register's roles.

    Each act carries the decision's own commitment and leaf; the region's authority signs it for that chain. What stands
    there, or waits already, is not asked for again.
    """
    done = services.repetition.request
    asked = await run_in_threadpool(done, caller, institution_id, request.chain)
    return Page(items=[operation(one) for one in await asyncio.wrap_future(asked)], next=None)


@router.get("/institutions/{institution_id}/submitter-keys", tags=_INSTITUTIONS)
def list_submitter_keys(
    institution_id: str, services: ServicesDep, caller: CallerDep
) -> Page[schemas.SubmitterKeyView]:
    """The submitter keys that the institution ever registered."""
    found = services.identity.list_submitter_keys(caller, institution_id)
    return Page(items=[views.submitter_key(item) for item in found], next=None)


@router.post("/institutions/{institution_id}/submitter-keys", status_code=201, tags=_INSTITUTIONS)
async def add_submitter_key(
    institution_id: str,
    request: schemas.SubmitterKeyRequest,
    services: ServicesDep,
    caller: CallerDep,
    once: OnceDep,
) -> schemas.SubmitterKeyView:
    """Registers a key with which the own institution signs what it submits; evidenced in the house log.

    `possession` shows that whoever registers the key holds it: its signature over the message of
    docs/spec/record.md, which names the institution, the key and what it is for.
    """
    wanted = SubmitterKeyRequest(
        institution_id=institution_id,
        public_key=from_hex(request.public_key, "/public_key", 32),
        possession=from_hex(request.possession, "/possession", 64),
        valid_to=milliseconds(request.valid_to, "/valid_to") if request.valid_to else None,
    )
    done = services.identity.add_submitter_key(caller, wanted, once=once)
    return views.submitter_key(await asyncio.wrap_future(done))


@router.delete("/institutions/{institution_id}/submitter-keys/{key_id}", tags=_INSTITUTIONS)
async def revoke_submitter_key(
    institution_id: str, key_id: str, services: ServicesDep, caller: CallerDep
) -> schemas.SubmitterKeyView:
    """Revokes a submitter key: what it signed before stays valid."""
    done = services.identity.revoke_submitter_key(caller, institution_id, key_id)
    return views.submitter_key(await asyncio.wrap_future(done))


@router.post("/tokens", status_code=201, tags=_TOKENS)
def issue_token(
    request: schemas.TokenRequest, services: ServicesDep, caller: CallerDep, once: OnceDep
) -> schemas.IssuedToken:
    """Issues a token of the own institution, or the first one of another (system role). Its secret is shown once."""
    members = request.model_dump(exclude={"roles"})
    return views.issued(
        services.identity.issue_token(caller, TokenRequest(roles=tuple(request.roles), **members), once=once)
    )


@router.get("/tokens", tags=_TOKENS)
def list_tokens(
    services: ServicesDep, caller: CallerDep, limit: Limit = 100, cursor: Cursor = None
) -> Page[schemas.TokenView]:
    """The own institution's tokens, without their secrets."""
    page = services.identity.list_tokens(caller, limit=limit, cursor=cursor)
    return Page(items=[views.token(item) for item in page.items], next=page.next)


@router.delete("/tokens/{token_id}", tags=_TOKENS)
def revoke_token(token_id: str, services: ServicesDep, caller: CallerDep) -> schemas.TokenView:
    """Revokes a token of the own institution at once."""
    return views.token(services.identity.revoke_token(caller, token_id))
