"""What logs and witnesses sign: checkpoints, acknowledgements, head statements, attested headers (docs/spec/log.md).

Each is the text of a signed note. No origin contains `@`, so the first line tells them apart and no signature serves
two statements.
"""

import re
from dataclasses import dataclass

from chain.proof.encoding import format_time, from_base64, from_hex, parse_decimal, parse_time, to_base64, to_hex
from chain.proof.errors import FormatError
from chain.proof.merkle import HASH_BYTES

MAX_ORIGIN = 128
_ORIGIN = re.compile(r"[a-z0-9.-]+(?:/[a-z0-9._-]+)*")
_NONCE = re.compile(r"[0-9a-f]{64}")
_ACKNOWLEDGEMENT = "regseal/ack@v1"
_HEAD_STATEMENT = "regseal/witness-head@v1"
_HEADER = "regseal/header@v1"


def check_origin(origin: object, field: str = "origin") -> str:
    """The origin itself when a log can have it. Raises FormatError."""
    if not isinstance(origin, str) or len(origin) > MAX_ORIGIN or not _ORIGIN.fullmatch(origin):
        raise FormatError(field, f"must be at most {MAX_ORIGIN} of a-z 0-9 . - and, after a slash, _")
    return origin


def _lines(text: str, count: int, field: str) -> list[str]:
    lines = text.split("\n")
    if len(lines) != count + 1 or lines[-1]:
        raise FormatError(field, f"must be {count} lines")
    return lines[:-1]


def statement_lines(text: str, count: int, title: str, field: str) -> list[str]:
    """What follows the title of a statement of `count` lines. Raises FormatError."""
    found, *lines = _lines(text, count, field)
    if found != title:
        raise FormatError(field, f"must start with {title}")
    return lines


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The head of a log (检查点): `size` leaves, 32-byte `root`. C2SP tlog-checkpoint without extension lines."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Raises FormatError."""
        field = "checkpoint"
        origin, size, root = _lines(text, 3, field)
        return cls(check_origin(origin, field), parse_decimal(size, field), from_base64(root, field, HASH_BYTES))


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The log's promise that `count` leaves from index `first` are durable and will be in every later head (收讫回执).

    `root` is the RFC 9162 tree root over their leaf hashes, for one leaf its leaf hash; the times are in milliseconds.
    """

    origin: str
    first: int
    count: int
    root: bytes
    accepted_at: int
    anchor_by: int

    def text(self) -> str:
        """The six lines that are signed."""
        times = f"{format_time(self.accepted_at)} {format_time(self.anchor_by)}"
        return f"{_ACKNOWLEDGEMENT}\n{self.origin}\n{self.first}\n{self.count}\n{to_base64(self.root)}\n{times}\n"

    @classmethod
    def parse(cls, text: str) -> "Acknowledgement":
        """Raises FormatError."""
        field = "acknowledgement"
        origin, first, count, root, times = statement_lines(text, 6, _ACKNOWLEDGEMENT, field)
        accepted_at, _, anchor_by = times.partition(" ")
        if parse_decimal(count, field) == 0:
            raise FormatError(field, "acknowledges nothing")
        return cls(
            check_origin(origin, field),
            parse_decimal(first, field),
            int(count),
            from_base64(root, field, HASH_BYTES),
            parse_time(accepted_at, field),
            parse_time(anchor_by, field),
        )


@dataclass(frozen=True, slots=True)
class HeadStatement:
    """What a witness answers a starting service: the last head it signed.

    `nonce` is the service's, 64 hexadecimal digits.
    """

    origin: str
    nonce: str
    size: int
    root: bytes

    def text(self) -> str:
        """The five lines that are signed."""
        return f"{_HEAD_STATEMENT}\n{self.origin}\n{self.nonce}\n{self.size}\n{to_base64(self.root)}\n"

    @classmethod
    def parse(cls, text: str) -> "HeadStatement":
        """Raises FormatError."""
        field = "head statement"
        origin, nonce, size, root = statement_lines(text, 5, _HEAD_STATEMENT, field)
        if not _NONCE.fullmatch(nonce):
            raise FormatError(field, "the nonce must be 64 lower-case hexadecimal digits")
        return cls(check_origin(origin, field), nonce, parse_decimal(size, field), from_base64(root, field, HASH_BYTES))


@dataclass(frozen=True, slots=True)
class HeaderAttestation:
    """A witness's word that it followed the chain from its pinned genesis to this block. Hashes are 32 bytes."""

    chain_id: int
    genesis: bytes
    number: int
    block_hash: bytes

    def text(self) -> str:
        """The five lines that are signed."""
        return f"{_HEADER}\n{self.chain_id}\n{to_hex(self.genesis)}\n{self.number}\n{to_hex(self.block_hash)}\n"

    @classmethod
    def parse(cls, text: str) -> "HeaderAttestation":
        """Raises FormatError."""
        field = "header attestation"
        chain_id, genesis, number, block_hash = statement_lines(text, 5, _HEADER, field)
        return cls(
            parse_decimal(chain_id, field),
            from_hex(genesis, field, HASH_BYTES),
            parse_decimal(number, field),
            from_hex(block_hash, field, HASH_BYTES),
        )
