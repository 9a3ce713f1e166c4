"""Identifiers: a prefix that says the kind, ``_``, and 32 lower-case hexadecimal digits.

Rows get UUIDv7 (RFC 9562), so that sorting by id is sorting by creation and lists page by id alone. Institutions get
random ids: they stand in public records, and their order of arrival is nobody's business.
"""

import re
import secrets
import threading

from services.platform.clock import SystemClock
from services.platform.errors import Invalid

__all__ = ["bytes16", "check_id", "from_bytes16", "new_id", "random_id"]

_FORM = re.compile(r"([a-z]{2,8})_([0-9a-f]{32})")


class _Ticks:
    """48 bits of milliseconds and 12 bits of counter as one integer that only grows."""

    def __init__(self) -> None:
        self._clock = SystemClock()
        self._lock = threading.Lock()
        self._last = 0

    def next(self, now_ms: int | None) -> int:
        moment = self._clock.ms() if now_ms is None else now_ms
        with self._lock:
            self._last = max(self._last + 1, moment << 12)
            return self._last


_TICKS = _Ticks()


def new_id(prefix: str, now_ms: int | None = None) -> str:
    """A time-ordered id, strictly increasing within the process: ``new_id("rec")`` -> ``rec_0193…``."""
    return _ordered(prefix, now_ms, secrets.randbits(62))


def new_ids(prefix: str, count: int, now_ms: int | None = None) -> list[str]:
    """As many, in their order. The system is asked for random bits once: a question takes longer than all the rest."""
    drawn = secrets.token_bytes(8 * count)
    random = (int.from_bytes(drawn[at : at + 8]) >> 2 for at in range(0, len(drawn), 8))
    return [_ordered(prefix, now_ms, each) for each in random]


def _ordered(prefix: str, now_ms: int | None, random: int) -> str:
    ordered = _TICKS.next(now_ms)
    value = (ordered >> 12) << 80 | 0x7 << 76 | (ordered & 0xFFF) << 64 | 0b10 << 62 | random
    return f"{prefix}_{value:032x}"


def random_id(prefix: str) -> str:
    """An id that tells nothing, from 128 random bits."""
    return f"{prefix}_{secrets.token_hex(16)}"


def check_id(value: str, prefix: str, field: str) -> str:
    """``value`` when it is an id of the kind ``prefix``; Invalid(field) otherwise."""
    match = _FORM.fullmatch(value)
    if match is None or match[1] != prefix:
        raise Invalid(field, f"Expected {prefix}_ and 32 lower-case hexadecimal digits.")
    return value


def bytes16(value: str) -> bytes:
    """The 16 bytes of an id, as contracts and leaves hold them. ValueError when it is none."""
    match = _FORM.fullmatch(value)
    if match is None:
        raise ValueError(f"not an id: {value!r}")
    return bytes.fromhex(match[2])


def from_bytes16(prefix: str, raw: bytes) -> str:
    """The id of 16 bytes read from a chain. ValueError on another length."""
    if len(raw) != 16:
        raise ValueError("an id has 16 bytes")
    return f"{prefix}_{raw.hex()}"
