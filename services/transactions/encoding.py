"""Between JSON-safe values and the ABI: call data from named arguments, events and errors back into named values."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from eth_abi.abi import decode, encode

from chain.party import evm
from chain.proof.hashing import keccak256
from services.platform.errors import Invalid

__all__ = ["Abi", "EventDecoder", "calldata", "json_safe", "type_string"]

Abi = Sequence[Mapping[str, Any]]
_ALIASES = {"id": ("institution", "security", "investor"), "who": ("investor",)}
"""What a parameter may be called in the typed data, where Solidity needed another name; the first that is given."""
_ARRAY = re.compile(r"(.+)\[([0-9]*)\]")
_WORD = re.compile(r"uint[0-9]+|bytes[0-9]+|bool|address")
_HIDDEN = "auth"  # the Authorisation tuple of a function: it comes from the signature, not from the author


def calldata(abi: Abi, function: str, args: Mapping[str, Any], authorisation: Mapping[str, Any] | None = None) -> bytes:
    """Selector and arguments of ``function``.

    ``args`` are named as in the ABI; the members of a struct may stand on their own (``institution`` for
    ``registration.institution``). ``authorisation`` (signer, nonce, deadline, signature) fills the parameter
    ``auth``. Invalid names a missing or ill-formed argument.
    """
    entry = _function(abi, function)
    values = dict(args)
    if authorisation is not None:
        values[_HIDDEN] = authorisation
    inputs = entry["inputs"]
    arguments = [_argument(spec, values) for spec in inputs]
    return _topic(entry)[:4] + encode([type_string(spec) for spec in inputs], arguments)


def type_string(spec: Mapping[str, Any]) -> str:
    """The canonical type of an ABI parameter; a struct as ``(type,…)``."""
    kind = str(spec["type"])
    if not kind.startswith("tuple"):
        return kind
    return f"({','.join(type_string(part) for part in spec['components'])}){kind[5:]}"


def json_safe(value: Any) -> Any:
    """``value`` for JSON: bytes as 0x hex, integers above 2^53−1 as decimal text, tuples as lists."""
    if isinstance(value, bytes | bytearray):
        return "0x" + bytes(value).hex()
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)
    if isinstance(value, Mapping):
        return {str(name): json_safe(member) for name, member in value.items()}
    if isinstance(value, Iterable):
        return [json_safe(member) for member in value]
    return str(value)


class EventDecoder:
    """Decodes the events of one contract's ABI by their first topic."""

    def __init__(self, abi: Abi) -> None:
        self._events = {
            _topic(entry): _Event.of(entry)
            for entry in abi
            if entry.get("type") == "event" and not entry.get("anonymous")
        }

    def topic(self, name: str) -> bytes:
        """The first topic of the event ``name``. KeyError when the ABI has none of that name."""
        for topic, event in self._events.items():
            if event.name == name:
                return topic
        raise KeyError(name)

    def decode(self, topics: Sequence[bytes], data: bytes) -> tuple[str, dict[str, Any]] | None:
        """(name, arguments) or None for an event the ABI does not have.

        An indexed value of dynamic type stays its hash.
        """
        event = self._events.get(topics[0]) if topics else None
        return None if event is None else (event.name, event.values(topics[1:], data))


@dataclass(frozen=True, slots=True)
class _Event:
    """An event of an ABI, taken apart once. ``members``: (name, type, is indexed) in the ABI's order."""

    name: str
    members: tuple[tuple[str, str, bool], ...]
    plain: tuple[str, ...]
    words: bool

    @classmethod
    def of(cls, entry: Mapping[str, Any]) -> Self:
        members = tuple((spec["name"], type_string(spec), bool(spec["indexed"])) for spec in entry["inputs"])
        plain = tuple(kind for _, kind, indexed in members if not indexed)
        return cls(str(entry["name"]), members, plain, all(_WORD.fullmatch(kind) for kind in plain))

    def values(self, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
        """By name. ValueError for topics that the ABI does not have, eth_abi's errors for other values."""
        if len(topics) != len(self.members) - len(self.plain):
            raise ValueError(f"{self.name} has {len(topics)} indexed values")
        given, indexed = iter(self._plain(data)), iter(topics)
        found = {}
        for name, kind, is_topic in self.members:
            value = next(given) if not is_topic else _topic_value(kind, next(indexed))
            found[name] = evm.checksummed(evm.parse_address(value)) if kind == "address" else value
        return found

    def _plain(self, data: bytes) -> Sequence[Any]:
        if not self.words or len(data) != 32 * len(self.plain):
            return decode(self.plain, data)
        return [_word(kind, data[at : at + 32]) for kind, at in zip(self.plain, range(0, len(data), 32), strict=True)]


def _topic_value(kind: str, topic: bytes) -> Any:
    """An indexed value of dynamic type stays its hash."""
    return topic if _is_dynamic(kind) else _word(kind, topic)


def _word(kind: str, word: bytes) -> Any:
    """A value of one word: a register's block has thousands. All else, and what is wrong, is left to eth_abi."""
    if len(word) == 32:
        if kind.startswith("uint"):
            number = int.from_bytes(word)
            if not number >> int(kind[4:]):
                return number
        elif kind.startswith("bytes"):
            size = int(kind[5:])
            if not any(word[size:]):
                return word[:size]
    return decode([kind], word)[0]


def _topic(entry: Mapping[str, Any]) -> bytes:
    """keccak256 of the signature: an event's first topic; its first four bytes select a function."""
    signature = f"{entry['name']}({','.join(type_string(spec) for spec in entry['inputs'])})"
    return keccak256(signature.encode())


def _is_dynamic(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("]") or kind.startswith("(")


def _function(abi: Abi, name: str) -> Mapping[str, Any]:
    for entry in abi:
        if entry.get("type") == "function" and entry.get("name") == name:
            return entry
    raise Invalid("function", f"The contract has no function {name}.")


def _argument(spec: Mapping[str, Any], values: Mapping[str, Any], path: str = "") -> Any:
    name = spec["name"]
    here = f"{path}{name}"
    if spec["type"] == "tuple":
        given = values.get(name)
        return _members(spec, given if isinstance(given, Mapping) else values, here)
    key = next((one for one in (name, *_ALIASES.get(name, ())) if one in values), None)
    if key is None:
        raise Invalid(here, "The argument is missing.")
    return _convert(spec, str(spec["type"]), here, values[key])


def _members(spec: Mapping[str, Any], values: Mapping[str, Any], path: str) -> tuple[Any, ...]:
    return tuple(_argument(part, values, f"{path}.") for part in spec["components"])


def _convert(spec: Mapping[str, Any], kind: str, path: str, value: Any) -> Any:
    array = _ARRAY.fullmatch(kind)
    if array:
        wanted = array[2]
        if not isinstance(value, list | tuple) or (wanted and len(value) != int(wanted)):
            raise Invalid(path, f"Expected {kind}.")
        return [_convert(spec, array[1], f"{path}[{index}]", member) for index, member in enumerate(value)]
    if kind == "tuple":
        if not isinstance(value, Mapping):
            raise Invalid(path, "Expected an object.")
        return _members(spec, value, path)
    try:
        return _scalar(kind, value)
    except (TypeError, ValueError):
        raise Invalid(path, f"Expected {kind}.") from None


def _scalar(kind: str, value: Any) -> Any:
    if kind == "address":
        return evm.checksummed(evm.parse_address(str(value)))
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "string" and isinstance(value, str):
        return value
    if kind.startswith("uint") and isinstance(value, int | str) and not isinstance(value, bool):
        number = int(value)
        if 0 <= number < 1 << int(kind[4:] or 256):
            return number
    if kind.startswith("bytes"):
        raw = bytes(value) if isinstance(value, bytes | bytearray) else bytes.fromhex(str(value).removeprefix("0x"))
        if kind == "bytes" or len(raw) == int(kind[5:]):
            return raw
    raise ValueError(kind)
