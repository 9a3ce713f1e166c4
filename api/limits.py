"""Rate limits: per institution for who has a token, per network address for who has none."""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Final

from services.platform import metrics
from services.platform.errors import RateLimited
from services.platform.settings import RateLimits

_WINDOW_MS: Final = 60_000
_Who = tuple[str, str]


def network_of(host: str) -> str:
    """Under what a caller's address is counted: an IPv6 caller owns a whole /64 and never runs out of addresses."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    if address.version == 4:
        return host
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((address.packed[:8] + bytes(8), 64)))


def _monotonic_ms() -> int:
    return time.monotonic_ns() // 1_000_000


class RateLimiter:
    """Counts in memory, over a sliding minute; a restart forgets, which is no risk for a limit of this kind.

    The sliding minute is this minute's count and the last one's, of that the share which has not yet slid out. Two
    minutes' callers are remembered and no more. For one thread: the server's.
    """

    def __init__(self, limits: RateLimits, now_ms: Callable[[], int] = _monotonic_ms) -> None:
        self._now_ms = now_ms
        self._limits = {
            "read": limits.reads_per_minute,
            "write": limits.writes_per_minute,
            "public": limits.public_per_minute,
            "comment": limits.comments_per_minute,
        }
        self._window = 0
        self._before: dict[_Who, int] = {}
        self._within: dict[_Who, int] = {}

    def take(self, kind: str, who: str) -> None:
        """Spends one request of ``who`` (institution id or address). RateLimited when none is left."""
        now = self._now_ms()
        if now // _WINDOW_MS != self._window:
            self._turn(now // _WINDOW_MS)
        limit, caller, left = self._limits[kind], (kind, who), _WINDOW_MS - now % _WINDOW_MS
        before, within = self._before.get(caller, 0), self._within.get(caller, 0)
        if before * left // _WINDOW_MS + within >= limit:
            metrics.RATE_LIMITED.labels(kind).inc()
            raise RateLimited(_wait_s(limit, before, within, left))
        self._within[caller] = within + 1

    def _turn(self, window: int) -> None:
        self._before = self._within if window == self._window + 1 else {}
        self._within, self._window = {}, window


def _wait_s(limit: int, before: int, within: int, left: int) -> int:
    """Seconds until one more is taken, at least one."""
    if within < limit:  # once enough of the last minute has slid out
        return max(1, math.ceil((left - ((limit - within) * _WINDOW_MS - 1) // before) / 1_000))
    return math.ceil((left + 1) / 1_000)
