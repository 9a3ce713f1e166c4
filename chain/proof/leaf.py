"""The 104-byte leaf of the log (docs/spec/leaf.md)."""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeVar

from chain.proof.encoding import TIME_MAX, U64_MAX
from chain.proof.errors import FormatError
from chain.proof.hashing import Suite
from chain.proof.merkle import leaf_hash
from chain.proof.types import BY_CODE, Phase, RecordType

__all__ = ["LEAF_BYTES", "LEAF_VERSION", "NO_LEAF", "Leaf", "leaf_hash"]

LEAF_VERSION = 1
_LAYOUT = struct.Struct(">BBHB3sQ16s32s32sQ")
LEAF_BYTES = _LAYOUT.size
NO_LEAF = bytes(32)
"""`previous` of the first leaf of a stream."""
_RESERVED = bytes(3)
_Code = TypeVar("_Code", bound=IntEnum)


@dataclass(frozen=True, slots=True)
class Leaf:
    """One entry of the log.

    `stream` is 16 bytes; `previous`, the leaf hash of the stream's leaf before, and `commitment` are 32 bytes;
    `accepted_at` is in milliseconds since 1970.
    Raises FormatError when made of values that no leaf can have.
    """

    suite: Suite
    type_code: int
    phase: Phase
    seq: int
    stream: bytes
    previous: bytes
    commitment: bytes
    accepted_at: int

    def __post_init__(self) -> None:
        record_type = BY_CODE.get(self.type_code)
        if self.suite is not Suite.INTL_V1:
            raise FormatError("leaf.suite", f"{self.suite!r} is not in use", code="leaf-suite")
        if record_type is None:
            raise FormatError("leaf.type", f"unknown code {self.type_code:#06x}", code="leaf-type")
        if self.phase not in record_type.phases:
            raise FormatError("leaf.phase", f"{record_type.name} has no phase {self.phase!r}", code="leaf-phase")
        if not 0 <= self.seq <= U64_MAX or (self.seq == 0) != (self.previous == NO_LEAF):
            raise FormatError("leaf.previous", "must be zero exactly when seq is 0", code="leaf-previous")
        if (len(self.stream), len(self.previous), len(self.commitment)) != (16, 32, 32):
            raise FormatError("leaf", "stream is 16 bytes, previous and commitment are 32", code="leaf-length")
        if not 0 <= self.accepted_at <= TIME_MAX:
            raise FormatError("leaf.accepted_at", "is outside the years 1970 to 9999", code="leaf-time")

    @property
    def record_type(self) -> RecordType:
        """The type that the code stands for."""
        return BY_CODE[self.type_code]

    def encode(self) -> bytes:
        """The 104 bytes."""
        return _LAYOUT.pack(
            LEAF_VERSION,
            self.suite,
            self.type_code,
            self.phase,
            _RESERVED,
            self.seq,
            self.stream,
            self.previous,
            self.commitment,
            self.accepted_at,
        )

    def hash(self) -> bytes:
        """The RFC 9162 leaf hash."""
        return leaf_hash(self.encode())

    @classmethod
    def decode(cls, data: bytes) -> "Leaf":
        """The leaf of its 104 bytes. Raises FormatError whose `code` names the field: `leaf-length` ..."""
        if len(data) != LEAF_BYTES:
            raise FormatError("leaf", f"must be {LEAF_BYTES} bytes, not {len(data)}", code="leaf-length")
        version, suite, type_code, phase, reserved, seq, *rest = _LAYOUT.unpack(data)
        if version != LEAF_VERSION:
            raise FormatError("leaf.version", f"unknown version {version}", code="leaf-version")
        if reserved != _RESERVED:
            raise FormatError("leaf.reserved", "must be zero", code="leaf-reserved")
        return cls(
            suite=_member(Suite, suite, "suite"),
            type_code=type_code,
            phase=_member(Phase, phase, "phase"),
            seq=seq,
            stream=rest[0],
            previous=rest[1],
            commitment=rest[2],
            accepted_at=rest[3],
        )


def _member(kind: type[_Code], value: int, field: str) -> _Code:
    try:
        return kind(value)
    except ValueError as error:
        raise FormatError(f"leaf.{field}", f"unknown {field} {value}", code=f"leaf-{field}") from error
