"""The way of the hot route: described by FastAPI like any other, served without its machinery."""

from __future__ import annotations

from collections.abc import Iterable

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import override

from api import problems
from chain.proof.errors import FormatError
from services.platform.errors import RegsealError


class DirectRoute(APIRoute):
    """The endpoint takes the request alone and answers with a finished response.

    Its ``dependencies`` and ``response_model`` go into the reference and are not run: the endpoint asks for the same by
    :func:`api.deps.asked`. Solving dependencies and checking the answer against its model is half of FastAPI's time.
    """

    @override
    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)  # 405
            return
        response = await self.endpoint(Request(scope, receive, send))
        await response(scope, receive, send)


class Shortcut:
    """ASGI, around the routes: straight to the direct ones, whose addresses have no parameters.

    Finding a route among hundreds and wrapping it in four layers costs as much as making a record's leaf. What the
    layers do for such a route is to turn a refusal into its problem; what is no refusal is left to the layers outside.
    """

    def __init__(self, app: ASGIApp, *, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        direct = [route for route in routes if isinstance(route, DirectRoute)]
        self._direct = {(method, route.path): route for route in direct for method in route.methods or ()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        route = self._direct.get((scope["method"], scope["path"])) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        scope["route"] = route
        try:
            await route.handle(scope, receive, send)
        except (RegsealError, FormatError, HTTPException) as error:
            await problems.expected(error)(scope, receive, send)
