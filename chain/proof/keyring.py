"""A log's keyring (密钥环): the wrapped keys without which mirrored entries open nothing (docs/spec/entries.md).

Everything secret in it is under the service's master key: it is of use to whoever has that key, and to nobody else.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from chain.proof.canonical import JsonObject, JsonValue, parse_json
from chain.proof.checkpoint import check_origin
from chain.proof.encoding import from_hex, to_hex
from chain.proof.errors import FormatError
from chain.proof.shape import array, members, natural, one_of, text, truth

FORMAT = "regseal/log-keyring@v1"
MAX_BYTES = 8 << 20
STATES = ("opening", "open", "frozen", "refused")
_MAX_KEYS, _MAX_DATA_KEYS, _MAX_TEXT = 10_000, 50_000, 256
_LOG = ("id", "owner_id", "house", "suite", "state", "predecessor_id", "stream_key", "created_at")
_KEY = ("id", "vkey", "key_id", "wrapped", "from_size", "from_index")
_DATA_KEY = ("institution_id", "version", "master_id", "wrapped", "created_at")
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedLogKey:
    """A log key: `wrapped` is its seed under the master key; the ranges are None while the chain has not taken it."""

    id: str
    vkey: str
    key_id: str
    wrapped: bytes
    from_size: int | None
    from_index: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedDataKey:
    """An institution's data key under the master key `master_id`."""

    institution_id: str
    version: int
    master_id: str
    wrapped: bytes
    created_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyring:
    """One log as its service has it. `stream_key` (wrapped) hashes its stream names; times in ms since 1970.

    `erased`: how many records of the log have lost their content so far; it only grows.
    """

    origin: str
    id: str
    owner_id: str
    house: bool
    suite: int
    state: str
    predecessor_id: str | None
    stream_key: bytes
    created_at: int
    keys: tuple[WrappedLogKey, ...]
    data_keys: tuple[WrappedDataKey, ...]
    erased: int

    def document(self) -> JsonObject:
        """As JSON."""
        log: JsonObject = {name: getattr(self, name) for name in _LOG} | {"stream_key": to_hex(self.stream_key)}
        return {
            "format": FORMAT,
            "origin": self.origin,
            "log": log,
            "keys": [{name: getattr(each, name) for name in _KEY} | _hex(each.wrapped) for each in self.keys],
            "data_keys": [
                {name: getattr(each, name) for name in _DATA_KEY} | _hex(each.wrapped) for each in self.data_keys
            ],
            "erased": self.erased,
        }

    def format(self) -> bytes:
        """The file."""
        return (json.dumps(self.document(), ensure_ascii=True, indent=1) + "\n").encode()


def parse_keyring(data: bytes) -> Keyring:
    """The keyring of a file. Raises FormatError."""
    body = members(
        parse_json(data, max_bytes=MAX_BYTES), "", ("format", "origin", "log", "keys", "data_keys", "erased")
    )
    one_of(body["format"], "/format", (FORMAT,))
    log = members(body["log"], "/log", _LOG)
    return Keyring(
        origin=check_origin(body["origin"]),
        id=_short(log["id"], "/log/id"),
        owner_id=_short(log["owner_id"], "/log/owner_id"),
        house=truth(log["house"], "/log/house"),
        suite=natural(log["suite"], "/log/suite"),
        state=one_of(log["state"], "/log/state", STATES),
        predecessor_id=_optional(log["predecessor_id"], "/log/predecessor_id", _short),
        stream_key=from_hex(log["stream_key"], "/log/stream_key"),
        created_at=natural(log["created_at"], "/log/created_at"),
        keys=tuple(_key(each, f"/keys[{at}]") for at, each in enumerate(array(body["keys"], "/keys", _MAX_KEYS))),
        data_keys=tuple(
            _data_key(each, f"/data_keys[{at}]")
            for at, each in enumerate(array(body["data_keys"], "/data_keys", _MAX_DATA_KEYS))
        ),
        erased=natural(body["erased"], "/erased"),
    )


def _key(value: JsonValue, field: str) -> WrappedLogKey:
    key = members(value, field, _KEY)
    return WrappedLogKey(
        id=_short(key["id"], f"{field}/id"),
        vkey=_short(key["vkey"], f"{field}/vkey"),
        key_id=_short(key["key_id"], f"{field}/key_id"),
        wrapped=from_hex(key["wrapped"], f"{field}/wrapped"),
        from_size=_optional(key["from_size"], f"{field}/from_size", natural),
        from_index=_optional(key["from_index"], f"{field}/from_index", natural),
    )


def _data_key(value: JsonValue, field: str) -> WrappedDataKey:
    key = members(value, field, _DATA_KEY)
    return WrappedDataKey(
        institution_id=_short(key["institution_id"], f"{field}/institution_id"),
        version=natural(key["version"], f"{field}/version", least=1),
        master_id=_short(key["master_id"], f"{field}/master_id"),
        wrapped=from_hex(key["wrapped"], f"{field}/wrapped"),
        created_at=natural(key["created_at"], f"{field}/created_at"),
    )


def _short(value: JsonValue, field: str) -> str:
    found = text(value, field)
    if not 1 <= len(found) <= _MAX_TEXT:
        raise FormatError(field, f"must have 1 to {_MAX_TEXT} characters")
    return found


def _optional(value: JsonValue, field: str, read: Callable[[JsonValue, str], T]) -> T | None:
    return None if value is None else read(value, field)


def _hex(wrapped: bytes) -> JsonObject:
    return {"wrapped": to_hex(wrapped)}
