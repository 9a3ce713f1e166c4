"""What routes ask for: the services, the caller, the idempotency key, the wish to wait."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from api.limits import RateLimiter
from services.container import Services
from services.identity.service import Principal
from services.platform.errors import Invalid, Unauthenticated

_KEY_HELP = "Chosen by the client; the same request under the same key is done once"
_bearer = HTTPBearer(auto_error=False, description="An API token of an institution (`regseal token issue`)")


def services(request: Request) -> Services:
    """The one container of this process."""
    held: Services = request.app.state.services
    return held


def limiter(request: Request) -> RateLimiter:
    """The one rate limiter of this process."""
    held: RateLimiter = request.app.state.limiter
    return held


ServicesDep = Annotated[Services, Depends(services)]
LimiterDep = Annotated[RateLimiter, Depends(limiter)]
Credentials = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]


def _address(request: Request) -> str:
    return request.client.host if request.client else "unknown"


async def caller(request: Request, held: ServicesDep, limits: LimiterDep, credentials: Credentials) -> Principal:
    """Who asks. 401 without a valid token, and failed attempts count against the address."""
    if credentials is None:
        limits.take("public", _address(request))
        raise Unauthenticated
    try:
        principal = held.identity.authenticate(credentials.credentials)
    except Unauthenticated:
        limits.take("public", _address(request))
        raise
    limits.take("read" if request.method == "GET" else "write", principal.institution_id)
    return principal


async def anyone(request: Request, limits: LimiterDep) -> None:
    """A public route: limited by address."""
    limits.take("public", _address(request))


def idempotency_key(
    idempotency_key: Annotated[str | None, Header(max_length=255, description=_KEY_HELP)] = None,
) -> str | None:
    """The header of the same name. 422 when it holds anything but visible ASCII."""
    if idempotency_key is not None and not re.fullmatch(r"[\x21-\x7e]{1,255}", idempotency_key):
        raise Invalid("header/Idempotency-Key", "1 to 255 visible ASCII characters are expected")
    return idempotency_key


def wait_seconds(
    prefer: Annotated[
        str | None, Header(description="`wait=N`: answer when done, after N ≤ 60 seconds at the latest")
    ] = None,
) -> int:
    """Seconds of ``Prefer: wait=N`` (RFC 7240), 0 when not asked for."""
    found = re.search(r"(?:^|[,;\s])wait=(\d{1,4})", prefer or "")
    return min(int(found.group(1)), 60) if found else 0


CallerDep = Annotated[Principal, Depends(caller)]
KeyDep = Annotated[str | None, Depends(idempotency_key)]
WaitDep = Annotated[int, Depends(wait_seconds)]
PublicDep = Depends(anyone)
