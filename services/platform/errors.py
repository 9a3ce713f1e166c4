"""Every refusal of the service, as RFC 9457 sees it: a stable slug, a status, a title, a detail that is safe to show.

    RegsealError
    ├── Invalid              422 invalid                 a field of the payload is wrong
    ├── RuleRefused          409 rule-refused            a business rule says no; names rule, source and numbers
    ├── Unauthenticated      401 unauthenticated
    ├── Forbidden            403 forbidden
    ├── NotFound             404 not-found               also for what the caller may not know of
    ├── Conflict             409 conflict                the resource is in another state (own slug allowed)
    │   └── IdempotencyKeyReused  422 idempotency-key-reused
    ├── TooLarge             413 too-large
    ├── RateLimited          429 rate-limited            carries ``retry_after``
    ├── Unavailable          503 <slug given>            ``log-unchecked``, ``log-behind-anchor``, ``busy`` …
    │   └── LeaseLost        503 lease-lost              another process is the writer now
    └── StartRefused         500 start-refused           the process must not start; never answered over HTTP

The part after the slash in a problem's ``type`` is the slug; once published it stays.
"""

from collections.abc import Mapping
from typing import Any

from typing_extensions import override

__all__ = [
    "Conflict",
    "Forbidden",
    "IdempotencyKeyReused",
    "Invalid",
    "LeaseLost",
    "NotFound",
    "RateLimited",
    "RegsealError",
    "RuleRefused",
    "StartRefused",
    "TooLarge",
    "Unauthenticated",
    "Unavailable",
]


class RegsealError(Exception):
    """Base of all. ``detail`` and ``extra`` are shown to the caller: never put a secret or a document into them.

    ``field`` is the path of the offending member, ``rule`` a rule id (``REM-10``), ``source`` its clause, ``extra``
    further members of the problem document (numbers of a refused rule, for instance).
    """

    def __init__(
        self,
        slug: str,
        status: int,
        title: str,
        detail: str,
        *,
        field: str | None = None,
        rule: str | None = None,
        source: str | None = None,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(detail)
        self.slug = slug
        self.status = status
        self.title = title
        self.detail = detail
        self.field = field
        self.rule = rule
        self.source = source
        self.extra: dict[str, Any] = dict(extra or {})

    @override
    def __str__(self) -> str:
        where = f" ({self.field})" if self.field else ""
        return f"{self.slug}{where}: {self.detail}"


class Invalid(RegsealError):
    """The payload's ``field`` is not acceptable; ``detail`` says why."""

    def __init__(self, field: str, detail: str, *, rule: str | None = None, source: str | None = None) -> None:
        super().__init__("invalid", 422, "The request is not valid", detail, field=field, rule=rule, source=source)


class RuleRefused(RegsealError):
    """A rule refuses the act. ``rule`` is its id, ``source`` its clause, ``extra`` the numbers that decided."""

    def __init__(
        self, rule: str, detail: str, *, source: str | None = None, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__("rule-refused", 409, "A rule refuses this", detail, rule=rule, source=source, extra=extra)


class Unauthenticated(RegsealError):
    """No token, an unknown one, an expired or a revoked one: the answer does not tell which."""

    def __init__(self, detail: str = "A valid bearer token is required.") -> None:
        super().__init__("unauthenticated", 401, "Not authenticated", detail)


class Forbidden(RegsealError):
    """Known caller, not allowed. Use :class:`NotFound` where existence itself is not the caller's business."""

    def __init__(self, detail: str, *, rule: str | None = None, source: str | None = None) -> None:
        super().__init__("forbidden", 403, "Not allowed", detail, rule=rule, source=source)


class NotFound(RegsealError):
    """Absent, or not the caller's to know."""

    def __init__(self, detail: str) -> None:
        super().__init__("not-found", 404, "Not found", detail)


class Conflict(RegsealError):
    """The resource's state forbids the act now."""

    def __init__(
        self, detail: str, *, slug: str = "conflict", status: int = 409, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(slug, status, "Conflict with the current state", detail, extra=extra)


class IdempotencyKeyReused(Conflict):
    """The key was used before with another request."""

    def __init__(self) -> None:
        detail = "This Idempotency-Key was used before for a different request."
        super().__init__(detail, slug="idempotency-key-reused", status=422)


class TooLarge(RegsealError):
    """The body exceeds ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__("too-large", 413, "Too large", f"At most {limit} bytes are accepted.", extra={"limit": limit})


class RateLimited(RegsealError):
    """The institution's allowance is used up for ``retry_after`` seconds."""

    def __init__(self, retry_after: int) -> None:
        detail = f"Too many requests; try again in {retry_after} s."
        super().__init__("rate-limited", 429, "Too many requests", detail, extra={"retry_after": retry_after})


class Unavailable(RegsealError):
    """The service cannot answer this now; ``slug`` is the stable reason."""

    def __init__(
        self, slug: str, detail: str = "The service cannot do this now.", *, extra: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(slug, 503, "Not available now", detail, extra=extra)


class LeaseLost(Unavailable):
    """The writer's lease has another fencing token: this process must stop writing at once."""

    def __init__(self, name: str) -> None:
        super().__init__("lease-lost", f"The lease {name} is held by another process.")


class StartRefused(RegsealError):
    """The process must not start: ``detail`` names the missing piece and the fix."""

    def __init__(self, detail: str) -> None:
        super().__init__("start-refused", 500, "The service refuses to start", detail)
