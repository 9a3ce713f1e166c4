"""The way of the hot route: described by FastAPI like any other, served without its machinery."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.types import Receive, Scope, Send
from typing_extensions import override


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
