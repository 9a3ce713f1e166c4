"""The outer HTTP endpoint: JSON-RPC on POST /, the chain's class and limits on GET /status. Loopback only, no CORS."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from chain.node.relay import INVALID_REQUEST, PARSE_ERROR, Relay

__all__ = ["MAX_BATCH", "MAX_BODY", "make_app"]

MAX_BODY = 8 * 1024 * 1024
MAX_BATCH = 1_000
_HOSTS = frozenset(("127.0.0.1", "localhost", "[::1]"))


def make_app(relay: Relay, status: Callable[[], dict[str, Any]]) -> web.Application:
    """The application; ``status`` is asked at every GET /status."""

    async def rpc(request: web.Request) -> web.Response:
        _require_local_program(request)
        try:
            asked = json.loads(await request.read())
        except (ValueError, RecursionError):
            return _error(PARSE_ERROR, "parse error")
        if not isinstance(asked, list):
            return web.json_response(await relay.one(asked))
        if not 0 < len(asked) <= MAX_BATCH:
            return _error(INVALID_REQUEST, f"a batch has 1 to {MAX_BATCH} calls")
        return web.json_response(await relay.many(asked))

    async def show(request: web.Request) -> web.Response:
        _require_local_program(request, body=False)
        return web.json_response(status())

    app = web.Application(client_max_size=MAX_BODY)
    app.add_routes([web.post("/", rpc), web.get("/status", show)])
    return app


def _require_local_program(request: web.Request, *, body: bool = True) -> None:
    """No web page may speak to the chain through a visitor's browser, by rebinding its name or by a simple POST."""
    if request.host.rpartition(":")[0] not in _HOSTS and request.host not in _HOSTS:
        raise web.HTTPForbidden(text="this endpoint is for programs on this machine")
    if "Origin" in request.headers:
        raise web.HTTPForbidden(text="this endpoint is not for web pages")
    if body and request.content_type != "application/json":
        raise web.HTTPUnsupportedMediaType(text="send application/json")


def _error(code: int, message: str) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}})
