"""What routes ask for: the services, the caller, the idempotency key, the wish to wait."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header, Request, Response, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.limits import RateLimiter, network_of
from api.waiting import Wait
from services.container import Services
from services.identity.service import Principal
from services.platform.errors import Unauthenticated
from services.platform.idempotency import Once, check_key, request_digest
from services.worker import Worker

_KEY_HELP = "Chosen by the client; the same request under the same key is done once"
bearer = HTTPBearer(auto_error=False, description="An API token of an institution (`regseal token issue`)")


# All are async, though they wait for nothing: FastAPI would run each of the others in a thread of its own.


async def services(request: Request) -> Services:
    """The one container of this process."""
    worker: Worker = request.app.state.worker
    return worker.current


async def limiter(request: Request) -> RateLimiter:
    """The one rate limiter of this process."""
    held: RateLimiter = request.app.state.limiter
    return held


ServicesDep = Annotated[Services, Depends(services)]
LimiterDep = Annotated[RateLimiter, Depends(limiter)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(bearer)]


@dataclass(frozen=True, slots=True)
class Handed:
    """A request that another process of ours took, limited and authenticated: by this token, or public."""

    token_id: str | None


def address_of(request: Request) -> str:
    """Under what a stranger is counted."""
    return network_of(request.client.host) if request.client else "unknown"


async def caller(request: Request, held: ServicesDep, limits: LimiterDep, credentials: Credentials) -> Principal:
    """Who asks. 401 without a valid token, and failed attempts count against the address."""
    handed: Handed | None = getattr(request.state, "handed", None)
    if handed is not None and handed.token_id is not None:
        return held.identity.holder_of(handed.token_id)
    if credentials is None:
        limits.take("public", address_of(request))
        raise Unauthenticated
    return authenticated(request, held, limits, credentials.credentials)


def authenticated(request: Request, held: Services, limits: RateLimiter, secret: str) -> Principal:
    """Whose token this is, one request poorer. Unauthenticated, RateLimited."""
    try:
        principal = held.identity.authenticate(secret)
    except Unauthenticated:
        limits.take("public", address_of(request))
        raise
    limits.take("read" if request.method == "GET" else "write", principal.institution_id)
    return principal


async def anyone(request: Request, limits: LimiterDep) -> None:
    """A public route: limited by address."""
    if getattr(request.state, "handed", None) is None:
        take_from_stranger(request, limits)


def take_from_stranger(request: Request, limits: RateLimiter) -> None:
    """One public request of an address less. What strangers have written down (comments) is scarcer than reading."""
    writes = request.method == "POST" and request.url.path.startswith("/v1/public/")
    limits.take("comment" if writes else "public", address_of(request))


async def once(
    request: Request,
    idempotency_key: Annotated[str | None, Header(max_length=255, description=_KEY_HELP)] = None,
) -> Once | None:
    """The request as one that is to be done once, when it has an ``Idempotency-Key``. 422 for a key of another form."""
    if idempotency_key is None:
        return None
    digest = request_digest(request.method, request.url.path, await request.body())
    return Once(check_key(idempotency_key), digest)


async def waiting(
    request: Request,
    response: Response,
    held: ServicesDep,
    _prefer: Annotated[
        str | None,
        Header(
            alias="Prefer",
            description="`wait=N`: answer when done, after N seconds at the latest. `Preference-Applied` says how many "
            "were granted (`max_wait_seconds` of the service's settings at most)",
        ),
    ] = None,
) -> Wait:
    """How long to wait for the end of what is asked for."""
    wait = Wait.of(request, held.settings.max_wait_seconds)
    response.headers.update(wait.applied)
    return wait


CallerDep = Annotated[Principal, Depends(caller)]
OnceDep = Annotated[Once | None, Depends(once)]
WaitDep = Annotated[Wait, Depends(waiting)]
PublicDep = Depends(anyone)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the dependencies above say of a request."""

    services: Services
    caller: Principal
    once: Once | None
    wait: Wait


async def asked(request: Request) -> Asked:
    """The same, without FastAPI's solving of dependencies (for :class:`api.direct.DirectRoute`)."""
    held = await services(request)
    return Asked(
        held,
        await caller(request, held, await limiter(request), await bearer(request)),
        await once(request, request.headers.get("idempotency-key")),
        Wait.of(request, held.settings.max_wait_seconds),
    )
