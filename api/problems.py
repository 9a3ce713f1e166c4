"""RFC 9457 problem+json for every refusal, with a stable ``type`` and, for a rule, its source."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, cast

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from chain.proof.errors import FormatError
from services.platform.errors import RegsealError
from services.platform.logging import get_logger

MEDIA_TYPE = "application/problem+json"
TYPE_BASE = "urn:regseal:problem:"

log = get_logger("api")


def problem(slug: str, status: int, title: str, detail: str, **extra: Any) -> JSONResponse:
    """A problem document. ``extra`` holds the members that are set (field, rule, source, errors …)."""
    body = {"type": TYPE_BASE + slug, "title": title, "status": status, "detail": detail}
    body.update({name: value for name, value in extra.items() if value is not None})
    headers = {"Retry-After": str(body["retry_after"])} if "retry_after" in body else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, status_code=status, headers=headers, media_type=MEDIA_TYPE)


def _refused(_: Request, error: Exception) -> JSONResponse:
    return refusal(cast("RegsealError", error))


def refusal(error: RegsealError) -> JSONResponse:
    """The problem that a refusal is."""
    return problem(
        error.slug,
        error.status,
        error.title,
        error.detail,
        field=error.field,
        rule=error.rule,
        source=error.source,
        **error.extra,
    )


def expected(error: RegsealError | FormatError | HTTPException) -> JSONResponse:
    """The problem of what the endpoints raise."""
    if isinstance(error, RegsealError):
        return refusal(error)
    return _malformation(error) if isinstance(error, FormatError) else http_problem(error)


def _malformed(_: Request, error: Exception) -> JSONResponse:
    return _malformation(cast("FormatError", error))


def _malformation(error: FormatError) -> JSONResponse:
    return problem(
        "malformed",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The content is malformed",
        error.reason,
        field=error.field,
        source="docs/spec/record.md",
    )


def _invalid(_: Request, error: Exception) -> JSONResponse:
    error = cast("RequestValidationError", error)
    errors = [{"field": _pointer(item["loc"]), "reason": item["msg"]} for item in error.errors()]
    detail = "; ".join(f"{item['field']}: {item['reason']}" for item in errors[:5])
    return problem(
        "invalid-request",
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request is not valid",
        detail,
        field=errors[0]["field"] if errors else None,
        errors=errors,
    )


def _pointer(location: Any) -> str:
    """``("body", "record", "type")`` → ``/record/type``; other parts keep their place: ``query/limit``."""
    where, *rest = [str(part) for part in location]
    path = "/".join(rest)
    return f"/{path}" if where == "body" else f"{where}/{path}"


def _http(_: Request, error: Exception) -> JSONResponse:
    error = cast("HTTPException", error)
    return http_problem(error)


def http_problem(error: HTTPException) -> JSONResponse:
    """A problem for an error that the framework or a middleware raised."""
    phrase = HTTPStatus(error.status_code).phrase
    return problem(phrase.lower().replace(" ", "-"), error.status_code, phrase, str(error.detail))


def unexpected(request: Request, error: Exception) -> JSONResponse:
    """The problem of what nobody expected; the log has the cause."""
    log.error("unexpected", path=request.url.path, exc_info=error)
    return problem(
        "internal",
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "The service failed",
        "Ask again with the same Idempotency-Key to learn whether it took effect; the log has the cause by request id.",
        request_id=getattr(request.state, "request_id", None),
    )


def install(app: FastAPI) -> None:
    """Registers the handlers; the order is from the particular to the general."""
    app.add_exception_handler(RegsealError, _refused)
    app.add_exception_handler(FormatError, _malformed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, unexpected)
