"""Bytes and times as text, each with exactly one spelling."""

import base64
import binascii
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from chain.proof.errors import FormatError

_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3])(?::[0-5][0-9]){2}\.[0-9]{3}Z")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,19}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
U64_MAX = 2**64 - 1
TIME_MAX = 253_402_300_799_999
"""The last millisecond of the year 9999."""


def to_hex(data: bytes) -> str:
    """Lower-case hexadecimal with `0x`, as JSON carries bytes."""
    return "0x" + data.hex()


def from_hex(text: object, field: str, length: int | None = None) -> bytes:
    """Bytes of `0x` and lower-case hexadecimal digits; of exactly `length` bytes if given. Raises FormatError."""
    if not isinstance(text, str) or not _HEX.fullmatch(text):
        raise FormatError(field, "must be 0x and pairs of lower-case hexadecimal digits")
    data = bytes.fromhex(text[2:])
    if length is not None and len(data) != length:
        raise FormatError(field, f"must be {length} bytes, not {len(data)}")
    return data


def to_base64(data: bytes) -> str:
    """Standard Base64 with padding, as signed notes carry bytes."""
    return base64.b64encode(data).decode("ascii")


def from_base64(text: str, field: str, length: int | None = None) -> bytes:
    """Bytes of standard Base64, padded, unused bits zero; exactly `length` bytes if given. Raises FormatError."""
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error) as error:
        raise FormatError(field, "is not Base64") from error
    if to_base64(data) != text:
        raise FormatError(field, "is not canonical Base64")
    if length is not None and len(data) != length:
        raise FormatError(field, f"must be {length} bytes, not {len(data)}")
    return data


def parse_decimal(text: str, field: str, maximum: int = U64_MAX) -> int:
    """A decimal integer without sign or leading zeros. Raises FormatError."""
    if not _DECIMAL.fullmatch(text):
        raise FormatError(field, "must be a decimal integer without leading zeros")
    value = int(text)
    if value > maximum:
        raise FormatError(field, f"must be at most {maximum}")
    return value


def format_time(milliseconds: int) -> str:
    """RFC 3339 in UTC of milliseconds since 1970-01-01T00:00:00Z. Raises FormatError outside the years 1970 to 9999."""
    if not 0 <= milliseconds <= TIME_MAX:
        raise FormatError("", f"{milliseconds} ms is outside the years 1970 to 9999")
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=1024)
def _second(seconds: int) -> str:
    """Remembered, for a busy log writes the same second thousands of times."""
    return f"{_EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}"


def parse_time(text: object, field: str) -> int:
    """Milliseconds since 1970-01-01T00:00:00Z of `YYYY-MM-DDThh:mm:ss.mmmZ`. Raises FormatError."""
    if not isinstance(text, str) or not _TIME.fullmatch(text):
        raise FormatError(field, "must be a time like 2026-11-20T09:30:00.000Z")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise FormatError(field, f"is no such moment: {error}") from error
    if moment < _EPOCH:
        raise FormatError(field, "must not be before 1970")
    return (moment - _EPOCH) // _MILLISECOND
