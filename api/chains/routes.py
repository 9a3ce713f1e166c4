"""Chains: their pins, the anchors on them, and the headers that witnesses attest. Public."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from api.deps import PublicDep, ServicesDep
from api.logs.routes import MAX_SIZE, note_of
from api.logs.schemas import AnchorView
from api.logs.views import anchor_view
from api.paging import Limit, Page
from chain.proof.encoding import to_hex
from services.container import Services
from services.platform.settings import epoch_name

MAX_EPOCH = 32_767

router = APIRouter(prefix="/v1", tags=["chains"], dependencies=[PublicDep])


class PastView(BaseModel):
    """A chain that is gone (链纪元), as it was pinned."""

    epoch: int
    chain_id: int
    genesis: str
    chain_class: str
    contracts: dict[str, str]


class AgainView(BaseModel):
    """How many of the heads that stood on the lost chain stand on the present one, in their order."""

    done: int
    total: int


class ChainView(BaseModel):
    """A chain as this service pins it; witnesses and auditors compare it with what the parties told them."""

    name: str
    chain_class: str
    chain_id: int
    genesis: str
    finality: str
    contracts: dict[str, str]
    epoch: int
    past: list[PastView]
    anchored_again: AgainView | None


class HeadView(BaseModel):
    """A head that stood on a lost chain, at its place in the order; without a block nobody saw it there."""

    ordinal: int
    origin: str
    size: int
    root: str
    block_number: int | None
    block_hash: str | None
    tx_hash: str | None


class StatementView(BaseModel):
    """A witness's word (docs/spec/anchor.md) that `epoch` begins with the first `count` heads of the one before."""

    epoch: int
    witness: str
    role: str
    count: int
    note: str


@router.get("/chains")
def list_chains(services: ServicesDep) -> list[ChainView]:
    """The chains and contracts of this service, and those whose place they took."""
    return [_view(services, name) for name in services.settings.chains]


def _view(services: Services, name: str) -> ChainView:
    chain = services.settings.chains[name]
    pin = services.chains.pins[epoch_name(name, chain.epoch)]
    again = services.evidence.epochs.again() if name == services.settings.supervision else None
    return ChainView(
        name=name,
        chain_class=chain.chain_class,
        chain_id=chain.chain_id,
        genesis=chain.genesis,
        finality=chain.finality,
        contracts={"EvidenceLog": pin.contract or ""},
        epoch=chain.epoch,
        past=[
            PastView(
                epoch=one.epoch,
                chain_id=one.chain_id,
                genesis=one.genesis,
                chain_class=one.chain_class,
                contracts={"EvidenceLog": one.contract.lower()},
            )
            for one in chain.past
        ],
        anchored_again=AgainView(done=again.done, total=again.total) if again else None,
    )


@router.get("/chains/{name}/epochs/{epoch}/heads")
def list_heads(
    name: str,
    epoch: Annotated[int, Path(ge=1, le=MAX_EPOCH)],
    services: ServicesDep,
    first: Annotated[int, Query(ge=0, le=MAX_SIZE)] = 0,
    limit: Limit = 100,
) -> Page[HeadView]:
    """The heads that stood on a chain that is gone, in order, from ordinal `first` on."""
    found = services.evidence.epochs.heads(name, epoch, first=first, limit=limit)
    items = [
        HeadView(
            ordinal=head.ordinal,
            origin=head.origin,
            size=head.size,
            root=to_hex(head.root),
            block_number=head.block_number,
            block_hash=head.block_hash,
            tx_hash=head.tx_hash,
        )
        for head in found
    ]
    return Page(items=items, next=None)


@router.get("/chains/{name}/statements")
def list_statements(name: str, services: ServicesDep) -> Page[StatementView]:
    """What witnesses say of the epochs of a chain."""
    found = services.evidence.epochs.statements(name)
    views = [
        StatementView(epoch=one.epoch, witness=one.witness, role=one.role, count=one.count, note=one.note)
        for one in found
    ]
    return Page(items=views, next=None)


@router.post("/chains/{name}/statements", status_code=204)
async def post_statement(name: str, request: Request, services: ServicesDep) -> None:
    """A witness's statement about an epoch (docs/spec/anchor.md); its signature is its credential."""
    await run_in_threadpool(services.evidence.epochs.add_statement, name, await note_of(request))


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
