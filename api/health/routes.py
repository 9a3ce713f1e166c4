"""Probes and metrics: is the process alive, may it be used, and does a sample of what it holds still prove."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import BaseModel

from api.deps import PublicDep, ServicesDep

router = APIRouter(tags=["health"])


class Check(BaseModel):
    """One check; `detail` names what is wrong."""

    name: str
    ok: bool
    detail: str = ""


class Health(BaseModel):
    """`ok` when every check is."""

    ok: bool
    checks: list[Check]


@router.get("/health/live")
async def live() -> dict[str, bool]:
    """The process answers."""
    return {"ok": True}


@router.get("/health/ready", response_model=Health, dependencies=[PublicDep])
def ready(services: ServicesDep) -> JSONResponse:
    """Submissions are taken: database, tables, writer's lease, chains, logs checked. 503 otherwise."""
    return _answer(services.health.ready())


@router.get("/health/deep", response_model=Health, dependencies=[PublicDep])
def deep(services: ServicesDep) -> JSONResponse:
    """As `ready`, and a sample re-derived: heads from leaves, anchors from the chain; witnesses heard."""
    return _answer(services.health.deep())


@router.get("/metrics", response_class=Response, dependencies=[PublicDep])
def metrics(services: ServicesDep) -> Response:
    """Prometheus text."""
    return Response(generate_latest(services.metrics), media_type=CONTENT_TYPE_LATEST)


def _answer(checks: Any) -> JSONResponse:
    found = [Check(name=item.name, ok=item.ok, detail=item.detail) for item in checks]
    health = Health(ok=all(item.ok for item in found), checks=found)
    return JSONResponse(health.model_dump(), status_code=200 if health.ok else 503)
