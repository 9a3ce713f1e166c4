"""The application: one container of services, the routers, and what surrounds them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from starlette.concurrency import run_in_threadpool
from typing_extensions import override

from api import examples, problems, start
from api.calendars import routes as calendars
from api.chains import routes as chains
from api.direct import Shortcut
from api.handover import Handover
from api.health import routes as health
from api.institutions import routes as institutions
from api.limits import RateLimiter
from api.logs import routes as logs
from api.materials import routes as materials
from api.middleware import RequestFrame
from api.operations import routes as operations
from api.pilots import alerts as pilot_alerts
from api.pilots import duties as pilot_duties
from api.pilots import public as public_pilots
from api.pilots import routes as pilots
from api.records import routes as records
from api.register import accounts as register_accounts
from api.register import acts as register_acts
from api.register import book as register_book
from api.register import companies as register_companies
from api.register import dividends as register_dividends
from api.register import further as register_further
from api.register import imports as register_imports
from api.register import legal as register_legal
from api.register import statements as register_statements
from api.uploads import routes as uploads
from services.container import Services, build
from services.platform.settings import load_settings
from services.worker import Worker

VERSION: Final = "0.1.0"
STATIC: Final = Path(__file__).parent / "static"
SWAGGER: Final = Path(__file__).parent.parent / "console" / "node_modules" / "swagger-ui-dist"
PROBLEM_SCHEMA: Final = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:regseal:problem:invalid"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "field": {"type": "string"},
        "rule": {"type": "string"},
        "source": {"type": "string"},
    },
}
DESCRIPTION: Final = """
Service of record for regional equity markets (区域性股权市场) and capital-market fintech pilots: append-only logs,
anchored on a permissioned chain. An anchored record is evidence, not the legal act itself.

Every refusal is `application/problem+json` (RFC 9457). Every mutation takes `Idempotency-Key`, but for those that are
the same when repeated: revocations, deliveries of signed statements, and the steps of an upload.
Lists are keyset-paged: give `next` back as `cursor`.
"""


class _Application(FastAPI):
    @override
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            examples.complete(super().openapi())
        return super().openapi()


def create_app(services: Services | None = None) -> FastAPI:
    """The ASGI application; builds its services from the settings of ``$REGSEAL_HOME`` unless they are given."""
    worker = Worker(lambda: build(load_settings()), services)
    settings = worker.current.settings

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await run_in_threadpool(worker.start)
        try:
            yield
        finally:
            await run_in_threadpool(worker.stop)

    app = _Application(
        title="regseal",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        responses={
            "default": {"description": "A problem", "content": {problems.MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}}
        },
    )
    app.state.worker = worker
    app.state.limiter = RateLimiter(settings.rate_limits)
    problems.install(app)
    streamed = {
        materials.STREAMED: settings.materials.max_bytes,
        uploads.STREAMED: settings.max_upload_bytes,
    }
    busy = (records, uploads, logs, materials, operations)  # these first
    register = (register_acts, register_legal, register_book, register_statements, register_dividends)
    holders = (register_companies, register_further, register_accounts, register_imports)
    pilot = (pilot_duties, pilot_alerts, pilots, public_pilots)
    parts = (*busy, institutions, *pilot, *register, *holders, calendars, chains, health, start)
    routes = [route for part in parts for route in part.router.routes]
    app.add_middleware(Shortcut, routes=routes)  # the innermost, for each goes around those added before it
    app.add_middleware(Handover, application=app, worker=worker, routes=routes)
    app.add_middleware(RequestFrame, max_body=settings.max_body_bytes, streamed=streamed)
    for part in parts:
        app.include_router(part.router)
    _serve_reference(app)
    return app


def _serve_reference(app: FastAPI) -> None:
    """The API reference, with assets from this origin only."""
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.mount("/swagger", StaticFiles(directory=SWAGGER, check_dir=False), name="swagger")

    @app.get("/docs", include_in_schema=False)
    def reference() -> HTMLResponse:
        return HTMLResponse((STATIC / "docs.html").read_text(encoding="utf-8"), headers=start.HEADERS)
