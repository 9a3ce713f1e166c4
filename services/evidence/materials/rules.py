"""Decisions about materials, pure: which names, types and sizes are accepted, which part may follow."""

from chain.proof.manifest import media_type_fault, name_fault
from services.evidence.materials.errors import OffsetMismatch
from services.platform.errors import Invalid, TooLarge

__all__ = ["CHUNK", "check_announced", "check_part", "parse_range", "stale_before"]

CHUNK = 1 << 20
_DAY_MS = 86_400_000


def check_announced(*, name: str, media_type: str, size: int, limit: int) -> None:
    """Whether a file may be announced. Invalid with the field and the reason, TooLarge."""
    fault = name_fault(name)
    if fault is not None:
        raise Invalid("/name", f"A file's name {fault}.", source="docs/spec/material.md")
    fault = media_type_fault(media_type)
    if fault is not None:
        raise Invalid("/media_type", f"It {fault}.", source="docs/spec/material.md")
    if size < 0:
        raise Invalid("/size", "A number of bytes is expected.")
    if size > limit:
        raise TooLarge(limit)


def check_part(*, offset: int, received: int, size: int, length: int | None) -> None:
    """Whether a part of `length` bytes (None: not said) may begin at `offset`.

    A part that does not reach the file's end has whole MiB, for no less is stored at a time. OffsetMismatch, Invalid.
    """
    if offset != received:
        raise OffsetMismatch(received)
    if length is None:
        return
    if offset + length > size:
        raise Invalid("Content-Length", f"The file was announced with {size} bytes; {size - offset} are left.")
    if offset + length < size and (length == 0 or length % CHUNK):
        raise Invalid("Content-Length", f"A part that is not the last has a multiple of {CHUNK} bytes.")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """`(start, stop)` of a single `Range: bytes=…`, None for the whole file (also for forms we need not serve).

    Invalid(Range) when it lies outside; the API answers 416.
    """
    unit, _, given = (header or "").partition("=")
    first, dash, last = given.partition("-")
    if unit.strip() != "bytes" or not dash or not (first + last).isascii() or not (first + last).isdigit():
        return None
    if not first:
        start, stop = max(0, size - int(last[:20])), size
    else:
        start, stop = int(first[:20]), min(size, int(last[:20]) + 1) if last else size
    if start >= stop:
        raise Invalid("Range", f"The file has {size} bytes.")
    return start, stop


def stale_before(now_ms: int, days: int) -> int:
    """Uploads untouched since before this are given up."""
    return now_ms - days * _DAY_MS
