"""``Prefer: wait=N`` (RFC 7240): an answer that is held back until what was asked for has happened."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeVar

from fastapi import Request

T = TypeVar("T")

POLL_SECONDS: Final = 0.25
_PREFERENCE: Final = re.compile(r'(?:^|,)\s*wait\s*=\s*"?(\d{1,9})"?\s*(?=[,;]|$)', re.IGNORECASE)


def wished(preferences: str) -> int:
    """The seconds that ``Prefer`` asks for, 0 when it says nothing (or nothing that RFC 7240 knows) of waiting."""
    found = _PREFERENCE.search(preferences)
    return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Wait:
    """How long this request may wait: what its caller prefers, and no more than this service grants."""

    request: Request
    seconds: int

    @classmethod
    def of(cls, request: Request, most: int) -> Wait:
        """What the request's ``Prefer`` is granted; several such headers are one list."""
        return cls(request, min(wished(",".join(request.headers.getlist("prefer"))), most))

    @property
    def applied(self) -> dict[str, str]:
        """The header that tells the caller what was granted; none where nothing was."""
        return {"Preference-Applied": f"wait={self.seconds}"} if self.seconds else {}

    async def until(self, look: Callable[[], Awaitable[T]], done: Callable[[T], bool]) -> T:
        """What ``look`` finds when it is done, when the time is over, or when nobody waits for the answer any more."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self.seconds
        while True:
            found = await look()
            if done(found) or loop.time() >= end or await self.request.is_disconnected():
                return found
            await asyncio.sleep(POLL_SECONDS)
