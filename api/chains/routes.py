"""Chains: their pins, the anchors on them, and the headers that witnesses attest. Public."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.deps import PublicDep, ServicesDep
from api.logs.routes import MAX_SIZE, note_of
from api.logs.schemas import AnchorView
from api.logs.views import anchor_view
from api.paging import Limit, Page

router = APIRouter(prefix="/v1", tags=["chains"], dependencies=[PublicDep])


class ChainView(BaseModel):
    """A chain as this service pins it; witnesses and auditors compare it with what the parties told them."""

    name: str
    chain_class: str
    chain_id: int
    genesis: str
    finality: str
    contracts: dict[str, str]


@router.get("/chains")
def list_chains(services: ServicesDep) -> list[ChainView]:
    """The chains and contracts of this service."""
    return [
        ChainView(
            name=name,
            chain_class=chain.chain_class,
            chain_id=chain.chain_id,
            genesis=chain.genesis,
            finality=chain.finality,
            contracts={"EvidenceLog": services.chains.pins[name].contract or ""},
        )
        for name, chain in services.settings.chains.items()
    ]


@router.get("/anchors")
def list_anchors(
    services: ServicesDep,
    log: Annotated[str, Query(max_length=40)],
    after: Annotated[int, Query(ge=0, le=MAX_SIZE)] = 0,
    limit: Limit = 100,
) -> Page[AnchorView]:
    """Heads of `log` on the chain, of sizes above `after`, smallest first."""
    found = services.evidence.public.anchors(log, after=(log, after), limit=limit)
    return Page(items=[anchor_view(item) for item in found], next=None)


@router.post("/chains/{name}/attestations", status_code=204)
async def post_attestation(name: str, request: Request, services: ServicesDep) -> None:
    """A witness's attestation of a block header (docs/spec/anchor.md); its signature is its credential."""
    await run_in_threadpool(services.evidence.add_attestation, name, await note_of(request))


@router.get("/trust", tags=["receipts"], response_class=Response)
def trust(services: ServicesDep) -> Response:
    """A trust file made from this service's own settings, for a first look; an auditor gets pins from the parties."""
    return Response(services.evidence.trust.file(), media_type="application/json")
