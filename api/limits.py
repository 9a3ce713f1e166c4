"""Rate limits: per institution for who has a token, per network address for who has none."""

from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from datetime import datetime

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from chain.party.clock import system_now
from services.platform.errors import RateLimited
from services.platform.settings import RateLimits


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


class RateLimiter:
    """Counts in memory, over a sliding minute; a restart forgets, which is no risk for a limit of this kind."""

    def __init__(self, limits: RateLimits, now: Callable[[], datetime] = system_now) -> None:
        self._now = now
        self._window = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._items = {
            "read": RateLimitItemPerMinute(limits.reads_per_minute),
            "write": RateLimitItemPerMinute(limits.writes_per_minute),
            "public": RateLimitItemPerMinute(limits.public_per_minute),
            "comment": RateLimitItemPerMinute(limits.comments_per_minute),
        }

    def take(self, kind: str, who: str) -> None:
        """Spends one request of ``who`` (institution id or address). RateLimited when none is left."""
        item = self._items[kind]
        if not self._window.hit(item, kind, who):
            reset = self._window.get_window_stats(item, kind, who).reset_time
            raise RateLimited(max(1, math.ceil(reset - self._now().timestamp())))
