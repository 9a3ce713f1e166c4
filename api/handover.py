"""What a process that follows does with requests it must not carry out: the leader does, and it answers the same.

Reads are answered where they arrive. Whatever changes something goes through the intake (docs/adr/0012), and so do the
few reads of what only the leader knows. Bodies without a limit are not put into it: the lines of an upload are prepared
here and go chunk by chunk (:class:`services.workers.chunks.ChunkDoor`), a file's parts are cut.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from concurrent.futures import Future
from dataclasses import replace
from http import HTTPStatus
from types import SimpleNamespace
from typing import Final
from uuid import uuid4

from fastapi import FastAPI, Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import deps, problems
from api.materials import routes as materials
from api.uploads import routes as uploads
from api.waiting import wished
from services.container import Services
from services.platform.errors import RegsealError, Unauthenticated, Unavailable
from services.platform.logging import REQUEST_ID
from services.worker import Worker
from services.workers.forms import Answer, Question

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ASKED: Final = re.compile(
    r"/v1/logs/[^/]+/challenge|/v1/materials/[^/]+|/v1/pilots/[^/]+/(application|materials/[^/]+)"
)
"""Reads of what the leader alone knows (its start-up check, how much of a file stands), or which it has to note."""
NOTED: Final = re.compile(r"/v1/pilots/[^/]+/dossier")
"""What the leader notes and the follower then writes itself: an archive is too large for the intake."""
PATIENCE: Final = 60
"""Seconds that an answer is waited for: a leader that died is followed by another within a term of the lease."""
PIECE: Final = 4 << 20
"""Bytes of a file in one question: whole chunks of the material's own form (1 MiB)."""
_ENDED: Final = ("lease-lost", "stopping")  # this process leads no longer
_AGAIN_S: Final = 0.5
_OURS: Final = frozenset({"authorization", "connection", "content-length", "expect", "transfer-encoding"})


class Handover:
    """ASGI, around the routes and inside :class:`api.middleware.RequestFrame`."""

    def __init__(self, app: ASGIApp, *, application: FastAPI, worker: Worker, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self._application = application
        self._worker = worker
        self._public = [
            (route.path_regex, route.methods)
            for route in routes
            if isinstance(route, APIRoute) and deps.PublicDep in route.dependencies
        ]
        self._loop: asyncio.AbstractEventLoop | None = None
        worker.perform = self.perform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] == "lifespan":
            self._loop = asyncio.get_running_loop()
        services = self._worker.current
        if scope["type"] != "http" or not services.follows or not _for_leader(scope):
            await self.app(scope, receive, send)
            return
        noted = NOTED.fullmatch(scope["path"]) is not None
        asked = {**scope, "query_string": b"files=false"} if noted else scope
        try:
            response = await self._forward(services, Request(asked, receive))
            if noted and response.status_code == HTTPStatus.OK:  # the note stands: here it is not made again
                await self.app(scope, receive, send)
                return
        except RegsealError as error:
            response = problems.refusal(error)
        except HTTPException as error:
            response = problems.http_problem(error)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    # --- as a follower

    async def _forward(self, services: Services, request: Request) -> Response:
        question = Question(
            method=request.method,
            path=request.url.path,
            query=request.url.query,
            headers=tuple((name, value) for name, value in request.headers.items() if name not in _OURS),
            token_id=self._caller(services, request),
            request_id=REQUEST_ID.get(),
        )
        if request.method not in SAFE and "idempotency-key" not in request.headers:
            question = replace(question, headers=(*question.headers, ("idempotency-key", f"handed-{uuid4().hex}")))
        if materials.STREAMED.fullmatch(f"{request.method} {request.url.path}"):
            answer = await self._in_pieces(services, question, request)
        else:
            answer = await _ask(services, replace(question, body=await request.body()))
        request.scope["route"] = SimpleNamespace(path=answer.route or "unmatched")
        return _response(answer)

    def _caller(self, services: Services, request: Request) -> str | None:
        """The id of the caller's token; None for a public request. Strangers fill no intake."""
        limits = request.app.state.limiter
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and secret:
            principal = deps.authenticated(request, services, limits, secret)
            return principal.token_id
        deps.take_from_stranger(request, limits)
        path, method = request.url.path, request.method
        if not any(form.match(path) and method in (methods or ()) for form, methods in self._public):
            raise Unauthenticated
        return None

    async def _in_pieces(self, services: Services, question: Question, request: Request) -> Answer:
        """A part of a file, cut: the leader takes it as several parts. What arrived stands if the rest does not."""
        offset = request.headers.get("upload-offset", "")
        others = tuple((name, value) for name, value in question.headers if name != "upload-offset")
        answer = Answer(status=HTTPStatus.NO_CONTENT)
        async for piece in _pieces(request):
            headers = (*others, ("upload-offset", offset), ("content-length", str(len(piece))))
            answer = await _ask(services, replace(question, headers=headers, body=piece))
            if answer.status != HTTPStatus.NO_CONTENT:
                break
            offset = dict(answer.headers).get("upload-offset", offset)
        return answer

    # --- as the leader

    def perform(self, question: Question) -> Future[Answer | None]:
        """Carries out what another process took, as if it had come here. From any thread."""
        if self._loop is None:
            raise RuntimeError("no server runs")
        return asyncio.run_coroutine_threadsafe(self._perform(question), self._loop)

    async def _perform(self, question: Question) -> Answer | None:
        REQUEST_ID.set(question.request_id)
        scope = self._scope(question)
        answered = _Collected()
        try:
            await self.app(scope, _once(question.body), answered.send)
        except Exception as error:  # noqa: BLE001 (what the server's own outermost layer would answer)
            response = problems.unexpected(Request(scope), error)
            await response(scope, _once(b""), answered.send)
        if answered.says(*_ENDED):
            return None
        if answered.says("log-unchecked") and self._worker.current.settling:
            await asyncio.sleep(_AGAIN_S)  # who follows waits for the new leader's check rather than hear of it
            return None
        route = getattr(scope.get("route"), "path", "")
        return Answer(status=answered.status, headers=answered.headers, route=route, body=bytes(answered.body))

    def _scope(self, question: Question) -> Scope:
        length = ("content-length", str(len(question.body)))
        headers = [*question.headers, *(() if any(name == length[0] for name, _ in question.headers) else (length,))]
        return {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "http",
            "method": question.method, "path": question.path, "raw_path": question.path.encode(),
            "query_string": question.query.encode(), "root_path": "", "client": None, "server": None,
            "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
            "state": {"handed": deps.Handed(question.token_id), "request_id": question.request_id},
            "app": self._application,
        }  # fmt: skip


class _Collected:
    """An answer as the application sends it."""

    def __init__(self) -> None:
        self.status = 500
        self.headers: tuple[tuple[str, str], ...] = ()
        self.body = bytearray()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = tuple(
                (name.decode("latin-1"), value.decode("latin-1")) for name, value in message["headers"]
            )
        else:
            self.body += message.get("body", b"")

    def says(self, *slugs: str) -> bool:
        """Whether it is one of these refusals, under which nothing was done."""
        types = [f'"{problems.TYPE_BASE}{slug}"'.encode() for slug in slugs]
        return self.status == HTTPStatus.SERVICE_UNAVAILABLE and any(each in self.body for each in types)


def _for_leader(scope: Scope) -> bool:
    path, method = scope["path"], scope["method"]
    if method in SAFE:
        return method == "GET" and (ASKED.fullmatch(path) or NOTED.fullmatch(path)) is not None
    return uploads.STREAMED.fullmatch(f"{method} {path}") is None


async def _ask(services: Services, question: Question) -> Answer:
    if services.team is None:
        raise RuntimeError("who has no team follows nobody")
    headers = dict(question.headers)
    patience = PATIENCE + min(wished(headers.get("prefer", "")), services.settings.max_wait_seconds)
    try:
        return await asyncio.wait_for(asyncio.wrap_future(services.team.ask(question)), patience)
    except TimeoutError:
        raise Unavailable(
            "answer-pending",
            "The request is kept and will be carried out; send it again with this Idempotency-Key for its answer.",
            extra={"idempotency_key": headers.get("idempotency-key")},
        ) from None


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of PIECE bytes and a rest, at least one; of one that breaks off what came, then its error."""
    held, given = bytearray(), False
    try:
        async for part in request.stream():
            held += part
            while len(held) >= PIECE:
                piece = bytes(memoryview(held)[:PIECE])
                del held[:PIECE]
                yield piece
                given = True
    except ClientDisconnect:
        if held:
            yield bytes(held)
        raise
    if held or not given:
        yield bytes(held)


def _once(body: bytes) -> Receive:
    """The body, then a client that stays."""
    messages: Iterable[Message] = iter([{"type": "http.request", "body": body, "more_body": False}])

    async def receive() -> Message:
        for message in messages:
            return message
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    return receive


def _response(answer: Answer) -> Response:
    response = Response(answer.body, answer.status)
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in answer.headers]
    return response
