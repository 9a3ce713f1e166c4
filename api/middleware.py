"""What surrounds every request: an id, a size limit, a log line without bodies, the metrics."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final
from uuid import uuid4

from prometheus_client import Counter, Histogram
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.problems import http_problem
from services.platform import metrics
from services.platform.logging import REQUEST_ID, get_logger

HARMLESS: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class BodyTooLarge(HTTPException):
    """The body grew past the limit while it was read."""

    def __init__(self, limit: int) -> None:
        super().__init__(413, f"A request body may have at most {limit} bytes.")


class NulInAddress(HTTPException):
    """No identifier has a NUL, and PostgreSQL takes none."""

    def __init__(self) -> None:
        super().__init__(400, "The address contains a NUL character.")


class RequestFrame:
    """Pure ASGI, so that the hot path pays no task per request."""

    def __init__(self, app: ASGIApp, *, max_body: int, streamed: Mapping[re.Pattern[str], int] | None = None) -> None:
        """``streamed``: ``METHOD /path`` of bodies that are taken piece by piece -> their own limit in bytes."""
        self.app = app
        self.max_body = max_body
        self.streamed = dict(streamed or {})
        self._log = get_logger("api").bind()  # put together once: doing so for each line costs more than writing it
        self._counts: dict[tuple[str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        REQUEST_ID.set(request_id)
        started = time.monotonic()
        status = 500

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._limited(scope, receive, send_framed)
        finally:
            self._account(scope, status, time.monotonic() - started)

    async def _limited(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = self._limit_of(scope)
        if _declared_length(scope) > limit:
            await http_problem(BodyTooLarge(limit))(scope, receive, send)
            return
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            await http_problem(NulInAddress())(scope, receive, send)
            return
        received = 0

        async def receive_counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge(limit)
            return message

        await self.app(scope, receive_counted, send)

    def _limit_of(self, scope: Scope) -> int:
        asked = f"{scope['method']} {scope['path']}"
        return next((limit for form, limit in self.streamed.items() if form.fullmatch(asked)), self.max_body)

    def _account(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        counts = self._counts.get((route, status))
        if counts is None:
            counts = metrics.HTTP_REQUESTS.labels(route, str(status)), metrics.HTTP_SECONDS.labels(route)
            self._counts[route, status] = counts
        counts[0].inc()
        counts[1].observe(seconds)
        self._log.info("request", method=scope["method"], route=route, status=status, ms=round(seconds * 1000, 1))


def _request_id(scope: Scope) -> str:
    """The caller's ``X-Request-Id`` when it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and HARMLESS.fullmatch(value):
            return bytes(value).decode()
    return uuid4().hex


def _declared_length(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value[:20])
    return 0
