"""Checks of the shape of parsed JSON, with the path of what offends."""

import re

from chain.proof.canonical import INTEGER_MAX, JsonObject, JsonValue
from chain.proof.errors import FormatError

_TOKEN = re.compile(r"[a-z][a-z0-9-]{0,31}")


def members(value: JsonValue, field: str, required: tuple[str, ...], optional: tuple[str, ...] = ()) -> JsonObject:
    """The object with all the required members and none but the optional ones beside. Raises FormatError."""
    if not isinstance(value, dict):
        raise FormatError(field, "must be an object")
    for name in required:
        if name not in value:
            raise FormatError(f"{field}/{name}", "is missing")
    unknown = sorted(value.keys() - {*required, *optional})
    if unknown:
        raise FormatError(f"{field}/{unknown[0]}", "is unknown")
    return value


def array(value: JsonValue, field: str, maximum: int) -> list[JsonValue]:
    """The array of at most `maximum` elements. Raises FormatError."""
    if not isinstance(value, list) or len(value) > maximum:
        raise FormatError(field, f"must be an array of at most {maximum}")
    return value


def text(value: JsonValue, field: str) -> str:
    """The string. Raises FormatError."""
    if not isinstance(value, str):
        raise FormatError(field, "must be a string")
    return value


def token(value: JsonValue, field: str) -> str:
    """The string, a word of a-z, 0-9 and hyphens. Raises FormatError."""
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise FormatError(field, "must be a word of a-z, 0-9 and hyphens")
    return value


def natural(value: JsonValue, field: str, *, least: int = 0) -> int:
    """The integer, at least `least`. Raises FormatError."""
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= INTEGER_MAX:
        raise FormatError(field, f"must be an integer from {least} on")
    return value


def truth(value: JsonValue, field: str) -> bool:
    """The boolean. Raises FormatError."""
    if not isinstance(value, bool):
        raise FormatError(field, "must be true or false")
    return value


def one_of(value: JsonValue, field: str, allowed: tuple[str, ...]) -> str:
    """The string, one of those allowed. Raises FormatError."""
    if not isinstance(value, str) or value not in allowed:
        raise FormatError(field, f"must be one of: {', '.join(allowed)}")
    return value
