"""Strict JSON in, RFC 8785 out, and the paths of fields.

Only what every JSON implementation reads alike is let in: objects without duplicate keys, arrays, well-formed Unicode
strings, `true`, `false`, `null` and integers within ±(2^53 - 1). Text is never normalised.
"""

import json
import re
from json.encoder import encode_basestring  # the short escapes of RFC 8785 §3.2.2.2, and no others
from typing import Any, TypeAlias

from chain.proof.errors import FormatError

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"
JsonObject: TypeAlias = dict[str, JsonValue]

INTEGER_MAX = 2**53 - 1
MAX_BYTES = 65_536
MAX_DEPTH = 16
_MAX_DIGITS = len(str(-INTEGER_MAX))
_CONSTANTS = {None: "null", True: "true", False: "false"}
_BEYOND = "integer beyond 2^53 - 1; write it as a string"
_DECODED_DEPTH = 200
_TOKENS = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"|[\[\]{}]', re.DOTALL)


def object_step(path: str, key: str) -> str:
    """The path of member `key` of the object at `path`; `~ / [` are escaped, so that no two fields share a path."""
    if "~" in key or "/" in key or "[" in key:
        key = key.replace("~", "~0").replace("/", "~1").replace("[", "~2")
    return f"{path}/{key}"


def array_step(path: str, index: int) -> str:
    """The path of element `index` of the array at `path`."""
    return f"{path}[{index}]"


class _Refused:
    """Stands in the parsed value for what is not allowed, so that the walk can name its path."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any] | _Refused:
    members: dict[str, Any] = {}
    for key, value in pairs:
        if key in members:
            return _Refused(f"duplicate key {key!r}")
        members[key] = value
    return members


def _integer(digits: str) -> int | _Refused:
    # The length is looked at first: converting a long number takes quadratic time.
    if len(digits) > _MAX_DIGITS or abs(int(digits)) > INTEGER_MAX:
        return _Refused(_BEYOND)
    return _Refused("-0 is not allowed") if digits == "-0" else int(digits)


def _fraction(_: str) -> _Refused:
    return _Refused("number with a fraction or an exponent; write it as a string")


def _constant(name: str) -> _Refused:
    return _Refused(f"{name} is not allowed")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_fraction, parse_constant=_constant
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":"))
"""Orders keys by code points: as RFC 8785 does, unless one is beyond the sixteen bits of a UTF-16 code unit."""
_BEYOND_UNITS = re.compile("[\U00010000-\U0010ffff]")


def parse_json(data: bytes | str, *, max_bytes: int = MAX_BYTES, max_depth: int = MAX_DEPTH) -> JsonValue:
    """The value of strict JSON in UTF-8, at most `max_bytes` long.

    `max_depth` counts the objects and arrays around a value, the outermost being 1.
    Raises FormatError with the path of the offending part.
    """
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if len(raw) > max_bytes:
        raise FormatError("", f"longer than {max_bytes} bytes")
    _check_nesting(raw)
    try:
        value = _DECODER.decode(raw.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise FormatError("", f"not UTF-8 at byte {error.start}") from error
    except json.JSONDecodeError as error:
        raise FormatError("", f"not JSON: {error.msg} at character {error.pos}") from error
    check_json(value, max_depth=max_depth)
    return value  # type: ignore[no-any-return]


def _check_nesting(raw: bytes) -> None:
    """Refuse what would take the decoder deep into the stack.

    Its own guard is the interpreter's recursion limit, which any library may raise beyond what the stack holds
    (py_ecc, which eth_account imports, raises it to 100,000): 100,000 brackets then end the process.
    """
    if raw.count(b"[") + raw.count(b"{") <= _DECODED_DEPTH:
        return
    depth = 0
    for token in _TOKENS.finditer(raw):
        first = raw[token.start()]
        depth += 1 if first in b"[{" else -1 if first in b"]}" else 0
        if depth > _DECODED_DEPTH:
            raise FormatError("", "nested too deep")


class _Fault(Exception):
    """Something wrong below; the steps to it are collected on the way out, so that the way in costs nothing."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.steps: list[str | int] = []

    def path(self) -> str:
        path = ""
        for step in reversed(self.steps):
            path = object_step(path, step) if isinstance(step, str) else array_step(path, step)
        return path


def check_json(value: object, *, max_depth: int = MAX_DEPTH) -> None:
    """Refuse a value that strict JSON cannot carry, or one nested too deep.

    Raises FormatError with the path of the offending part.
    """
    try:
        _check(value, max_depth)
    except _Fault as fault:
        raise FormatError(fault.path(), fault.reason) from None


def _check(value: object, depth_left: int) -> None:
    if isinstance(value, str):
        _check_text(value)
    elif value is None or isinstance(value, bool):
        pass
    elif isinstance(value, int):
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise _Fault(_BEYOND)
    elif isinstance(value, dict | list):
        if depth_left == 0:
            raise _Fault("nested too deep")
        _check_items(value, depth_left - 1)
    elif isinstance(value, _Refused):
        raise _Fault(value.reason)
    else:
        raise _Fault(f"{type(value).__name__} is not a value allowed here")


def _check_items(container: dict[Any, Any] | list[Any], depth_left: int) -> None:
    if isinstance(container, dict):
        for key in container:
            if not isinstance(key, str):
                raise _Fault("key is not a string")
            _check_text(key)
    for step, item in container.items() if isinstance(container, dict) else enumerate(container):
        try:
            _check(item, depth_left)
        except _Fault as fault:
            fault.steps.append(step)
            raise


def _check_text(text: str) -> None:
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError as error:
            raise _Fault("lone surrogate") from error


def canonical(value: JsonValue) -> bytes:
    """The RFC 8785 bytes of a value that passes `check_json`. Raises FormatError."""
    check_json(value)
    return write_checked(value)


def write_checked(value: JsonValue) -> bytes:
    """The RFC 8785 bytes of a value that has passed `check_json`: without fractions, the RFC is an order of keys."""
    if isinstance(value, str):
        return encode_basestring(value).encode()
    text = _ENCODER.encode(value)
    return (text if text.isascii() or not _BEYOND_UNITS.search(text) else _written(value)).encode()


def _written(value: JsonValue) -> str:
    """Whatever the keys are."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, dict):
        members = sorted(value.items(), key=_utf16)
        return "{" + ",".join([f"{encode_basestring(key)}:{_written(item)}" for key, item in members]) + "}"
    if isinstance(value, list):
        return "[" + ",".join([_written(item) for item in value]) + "]"
    return _CONSTANTS[value] if value is None or isinstance(value, bool) else str(value)


def _utf16(member: tuple[str, JsonValue]) -> bytes:
    return member[0].encode("utf-16-be")  # compares as its code units do


def fields(value: JsonValue) -> list[tuple[str, JsonValue]]:
    """Path and value of every field: every value but the non-empty objects and arrays.

    They are ordered by the UTF-8 bytes of their paths.
    """
    found: list[tuple[str, JsonValue]] = []
    _collect(value, "", found)
    # Code point order is the order of the UTF-8 bytes.
    found.sort(key=_path_of)
    return found


def measure(value: JsonValue, max_path: int, length: int = 0) -> int:
    """How many fields the value has, without building paths. Raises FormatError for a path beyond `max_path` bytes."""
    if length > max_path:
        raise FormatError("", f"the path of a field is longer than {max_path} bytes")
    if not isinstance(value, dict | list) or not value:
        return 1
    count = 0
    for step, item in value.items() if isinstance(value, dict) else enumerate(value):
        below = length + len(object_step("", step).encode() if isinstance(step, str) else array_step("", step))
        if below <= max_path and not isinstance(item, dict | list):
            count += 1  # most are: a call for each would take as long as all else
        else:
            count += measure(item, max_path, below)
    return count


def _path_of(field: tuple[str, JsonValue]) -> str:
    return field[0]


def _collect(value: JsonValue, path: str, found: list[tuple[str, JsonValue]]) -> None:
    if isinstance(value, dict) and value:
        for key, item in value.items():
            _collect(item, object_step(path, key), found)
    elif isinstance(value, list) and value:
        for index, item in enumerate(value):
            _collect(item, array_step(path, index), found)
    else:
        found.append((path, value))
