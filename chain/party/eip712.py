"""EIP-712 typed data, strictly: a document is refused unless it is exactly what its types say.

A document has the members `types`, `primaryType`, `domain` and `message`. Supported are `string`, `bytes`, `bytesN`,
`uintN`, `address`, `bool`, structs, and arrays of all of these. Integers are JSON integers or canonical decimal
strings; bytes are `0x` and lower-case hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from chain.party import evm
from chain.party.errors import TypedDataError
from chain.party.keystore import EvmKey
from chain.proof.hashing import keccak256

DOMAIN = "EIP712Domain"
_DOMAIN_MEMBERS = (
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
_ARRAY = re.compile(r"(.+)\[([1-9][0-9]{0,3})?\]")
_SIZED = re.compile(r"(uint|bytes)([1-9][0-9]{0,2})")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")
_HEX = re.compile(r"0x(?:[0-9a-f]{2})*")
_MAX_DEPTH = 8

Member = tuple[str, str]
"""(name, type) of one member of a struct."""


@dataclass(frozen=True)
class TypedData:
    """A document that was checked: its types, and values as plain JSON."""

    types: Mapping[str, tuple[Member, ...]]
    primary: str
    domain: Mapping[str, object]
    message: Mapping[str, object]

    def struct(self, name: str | None = None) -> str:
        """The definition of one struct alone, as in `Mail(address to,string text)`; of the primary one by default."""
        name = name or self.primary
        return f"{name}({','.join(f'{kind} {member}' for member, kind in self.types[name])})"


def check(document: object) -> TypedData:
    """Reads a typed-data document.

    Raises:
        TypedDataError: anything is missing, superfluous, out of range, or spelt otherwise than canonically.
    """
    body = _members(document, "document", ("types", "primaryType", "domain", "message"))
    types = _types(body["types"])
    primary = body["primaryType"]
    if not isinstance(primary, str) or primary not in types or primary == DOMAIN:
        raise TypedDataError("primaryType", "not one of the types")
    if DOMAIN not in types:
        raise TypedDataError("types", f"{DOMAIN} is missing")
    allowed = [member for member in _DOMAIN_MEMBERS if member in types[DOMAIN]]
    if list(types[DOMAIN]) != allowed or not allowed:
        raise TypedDataError(f"types.{DOMAIN}", "unknown members, or members out of order")
    superfluous = set(types) - {DOMAIN} - set(_reachable(types, primary))
    if superfluous:
        raise TypedDataError("types", f"unused: {', '.join(sorted(superfluous))}")
    data = TypedData(types, primary, _object(body["domain"], "domain"), _object(body["message"], "message"))
    typed_data_hash(data)
    return data


def typed_data_hash(document: object) -> bytes:
    """The 32-byte digest that is signed. Raises TypedDataError."""
    data = document if isinstance(document, TypedData) else check(document)
    domain = encode_struct(data.types, DOMAIN, data.domain, "domain")
    return keccak256(b"\x19\x01" + domain + encode_struct(data.types, data.primary, data.message, "message"))


def sign_typed_data(document: object, key: EvmKey) -> bytes:
    """65-byte signature (low s, v 27 or 28) over a checked document. Raises TypedDataError."""
    return key.sign(typed_data_hash(document))


def recover(document: object, signature: bytes) -> str:
    """The EIP-55 address that signed the document.

    Raises:
        TypedDataError: of the document.
        ValueError: of the signature.
    """
    return evm.checksummed(evm.recover(typed_data_hash(document), signature))


def encode_struct(types: Mapping[str, tuple[Member, ...]], name: str, value: object, path: str) -> bytes:
    """The `hashStruct` of EIP-712: 32 bytes. Raises TypedDataError naming the place below `path`."""
    members = types[name]
    body = _members(value, path, tuple(member for member, _ in members))
    encoded = [_encode(types, kind, body[member], f"{path}.{member}") for member, kind in members]
    return keccak256(keccak256(_encode_type(types, name).encode()) + b"".join(encoded))


def _encode(types: Mapping[str, tuple[Member, ...]], kind: str, value: object, path: str) -> bytes:
    array = _ARRAY.fullmatch(kind)
    if array:
        if not isinstance(value, list) or (array.group(2) and len(value) != int(array.group(2))):
            raise TypedDataError(path, f"not {kind}")
        items = _plain_items(array.group(1), value)
        if items is None:
            items = [_encode(types, array.group(1), item, f"{path}[{index}]") for index, item in enumerate(value)]
        return keccak256(b"".join(items))
    if kind in types:
        return encode_struct(types, kind, value, path)
    atom = _ATOMS.get(kind)
    if atom is not None:
        return atom(value, path)
    name, size = _sized(kind)
    return _uint(value, path, size) if name == "uint" else _fixed_bytes(value, path, size)


def _plain_items(kind: str, values: Sequence[object]) -> list[bytes] | None:
    """The words of numbers and fixed bytes, of which lists are long; None for other kinds, and where one is wrong."""
    sized = _SIZED.fullmatch(kind)
    if sized is None:
        return None
    encode, (_, size) = (_uint if sized.group(1) == "uint" else _fixed_bytes), _sized(kind)
    try:
        return [encode(value, "", size) for value in values]
    except TypedDataError:
        return None


def _string(value: object, path: str) -> bytes:
    if not isinstance(value, str):
        raise TypedDataError(path, "not a string")
    try:
        return keccak256(value.encode())
    except UnicodeEncodeError as error:
        raise TypedDataError(path, "a lone surrogate") from error


def _bytes(value: object, path: str) -> bytes:
    return keccak256(_hex(value, path))


def _address(value: object, path: str) -> bytes:
    if not isinstance(value, str):
        raise TypedDataError(path, "not an address")
    try:
        return evm.parse_address(value).rjust(32, b"\x00")
    except ValueError as error:
        raise TypedDataError(path, str(error)) from error


def _bool(value: object, path: str) -> bytes:
    if not isinstance(value, bool):
        raise TypedDataError(path, "neither true nor false")
    return int(value).to_bytes(32, "big")


def _uint(value: object, path: str, bits: int) -> bytes:
    number = integer(value)
    if number is None or not 0 <= number < 1 << bits:
        raise TypedDataError(path, f"not an integer of uint{bits}")
    return number.to_bytes(32, "big")


def _fixed_bytes(value: object, path: str, size: int) -> bytes:
    data = _hex(value, path)
    if len(data) != size:
        raise TypedDataError(path, f"{len(data)} bytes, not {size}")
    return data.ljust(32, b"\x00")


_ATOMS: Mapping[str, Callable[[object, str], bytes]] = {
    "string": _string,
    "bytes": _bytes,
    "address": _address,
    "bool": _bool,
}


def integer(value: object) -> int | None:
    """The number meant by a JSON integer or a canonical decimal string; None for all else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _DECIMAL.fullmatch(value):
        return int(value)
    return None


def _hex(value: object, path: str) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise TypedDataError(path, "not 0x and lower-case hexadecimal")
    return bytes.fromhex(value[2:])


def _members(value: object, path: str, names: Sequence[str]) -> Mapping[str, object]:
    body = _object(value, path)
    for name in names:
        if name not in body:
            raise TypedDataError(f"{path}.{name}", "missing")
    for name in body:
        if name not in names:
            raise TypedDataError(f"{path}.{name}", "not declared")
    return body


def _object(value: object, path: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise TypedDataError(path, "not an object")
    return value


def _types(value: object) -> Mapping[str, tuple[Member, ...]]:
    if not isinstance(value, dict) or len(value) > 32:
        raise TypedDataError("types", "not an object of at most 32 structs")
    types: dict[str, tuple[Member, ...]] = {}
    for name, members in value.items():
        if not _IDENTIFIER.fullmatch(name) or name in _ATOMS or _is_sized(name):
            raise TypedDataError(f"types.{name}", "not a name for a struct")
        if not isinstance(members, list) or not 0 < len(members) <= 64:
            raise TypedDataError(f"types.{name}", "not a list of 1 to 64 members")
        types[name] = tuple(_member(member, f"types.{name}[{index}]") for index, member in enumerate(members))
        if len({member for member, _ in types[name]}) != len(types[name]):
            raise TypedDataError(f"types.{name}", "two members of one name")
    for name in types:
        _refuse_unknown(types, name, ())
    return types


def _member(value: object, path: str) -> Member:
    body = _members(value, path, ("name", "type"))
    name, kind = body["name"], body["type"]
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name) or not isinstance(kind, str):
        raise TypedDataError(path, "not a name and a type")
    return name, kind


def _refuse_unknown(types: Mapping[str, tuple[Member, ...]], name: str, above: tuple[str, ...]) -> None:
    if name in above or len(above) > _MAX_DEPTH:
        raise TypedDataError(f"types.{name}", "contains itself, or is nested too deep")
    for member, kind in types[name]:
        base = _base(kind)
        if base in types:
            _refuse_unknown(types, base, (*above, name))
        elif base not in _ATOMS and not _is_sized(base):
            raise TypedDataError(f"types.{name}.{member}", f"unknown type {kind}")


def _base(kind: str) -> str:
    for _ in range(_MAX_DEPTH):
        array = _ARRAY.fullmatch(kind)
        if array is None:
            return kind
        kind = array.group(1)
    return kind


def _is_sized(kind: str) -> bool:
    try:
        _sized(kind)
    except ValueError:
        return False
    return True


def _sized(kind: str) -> tuple[str, int]:
    found = _SIZED.fullmatch(kind)
    if found:
        name, size = found.group(1), int(found.group(2))
        if (name == "uint" and size % 8 == 0 and size <= 256) or (name == "bytes" and size <= 32):
            return name, size
    raise ValueError(kind)


def _reachable(types: Mapping[str, tuple[Member, ...]], name: str) -> list[str]:
    found, waiting = {name}, [name]
    while waiting:
        for _, kind in types[waiting.pop()]:
            base = _base(kind)
            if base in types and base not in found:
                found.add(base)
                waiting.append(base)
    return sorted(found)


def _encode_type(types: Mapping[str, tuple[Member, ...]], name: str) -> str:
    others = [other for other in _reachable(types, name) if other != name]
    return "".join(TypedData(types, name, {}, {}).struct(one) for one in (name, *others))
