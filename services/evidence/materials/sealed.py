"""The file format of a stored material: AES-256-GCM in chunks of 1 MiB, after the STREAM construction.

    file   = "regseal/material@v1" ‖ 13 zero bytes ‖ chunk 0 ‖ … ‖ chunk n        (n + 1 = max(1, ⌈size / 1 MiB⌉))
    chunk  = 12-byte random nonce ‖ AES-256-GCM(file key, nonce, up to 1 MiB of content; aad)
    aad    = "regseal/v1/material-chunk" ‖ 0x00 ‖ object id ‖ 0x00 ‖ u64 index of the chunk ‖ u8 (1 for the last one)

The file key is random and serves this one file, so a chunk of another file does not open; the index refuses reordering
and duplication, the last-chunk flag refuses truncation and extension (Hoang et al. 2015).
Nonces are random and stored, not counted: an upload that is cut off and resumed may seal other bytes at the same index,
and a counted nonce would then be used twice.

Chunks have one length, so the place of each is known: ranges are read and uploads resumed without an index.
"""

import os
from collections.abc import Iterator
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.evidence.materials.errors import Damaged
from services.evidence.materials.rules import CHUNK

__all__ = [
    "CHUNK",
    "HEADER",
    "Sealer",
    "Source",
    "check_header",
    "chunk_count",
    "chunks",
    "place_of",
    "read_range",
    "sealed_size",
    "whole_chunks",
]

HEADER: Final = b"regseal/material@v1".ljust(32, b"\x00")
_NONCE: Final = 12
_OVERHEAD: Final = _NONCE + 16
_DOMAIN: Final = b"regseal/v1/material-chunk\x00"


class Source(Protocol):
    """Stored bytes, read once from a place on."""

    def read(self, length: int, /) -> bytes:
        """At most so many of the next bytes; none at the end."""

    def close(self) -> None:
        """Lets go of them."""


def chunk_count(size: int) -> int:
    """How many chunks a content of so many bytes has: at least one, which says that it is the last."""
    return max(1, -(-size // CHUNK))


def sealed_size(size: int) -> int:
    """Length of the stored file of a content of so many bytes."""
    return len(HEADER) + size + chunk_count(size) * _OVERHEAD


def whole_chunks(length: int) -> int:
    """How many full chunks stand in a growing file of this length."""
    return max(0, length - len(HEADER)) // (CHUNK + _OVERHEAD)


def place_of(index: int) -> int:
    """Where a chunk begins in the file."""
    return len(HEADER) + index * (CHUNK + _OVERHEAD)


class Sealer:
    """Seals and opens the chunks of one file under its own 32-byte key."""

    def __init__(self, key: bytes, object_id: str) -> None:
        self._cipher = AESGCM(key)
        self._domain = _DOMAIN + object_id.encode() + b"\x00"

    def seal(self, content: bytes | bytearray, index: int, *, last: bool) -> bytes:
        """The chunk of up to 1 MiB of content."""
        nonce = os.urandom(_NONCE)
        return nonce + self._cipher.encrypt(nonce, bytes(content), self._aad(index, last=last))

    def open(self, chunk: bytes, index: int, *, last: bool) -> bytes:
        """The content of a chunk. Damaged when it is not exactly what was sealed for this place."""
        try:
            return self._cipher.decrypt(chunk[:_NONCE], chunk[_NONCE:], self._aad(index, last=last))
        except (InvalidTag, ValueError):
            raise Damaged(f"chunk {index} is not what was stored") from None

    def _aad(self, index: int, *, last: bool) -> bytes:
        return self._domain + index.to_bytes(8, "big") + bytes((last,))


def read_range(file: Source, sealer: Sealer, size: int, start: int, stop: int) -> Iterator[bytes]:
    """The content's bytes from `start` to before `stop`, in pieces of at most 1 MiB; `file` stands at the first chunk.

    That is the one of `start` (see :func:`place_of`). Nothing of a chunk is given out before the whole of it is proven.
    """
    final = chunk_count(size) - 1
    for index in range(start // CHUNK, max(stop - 1, start) // CHUNK + 1):
        length = min(CHUNK, size - index * CHUNK) + _OVERHEAD
        content = sealer.open(_exactly(file, length), index, last=index == final)
        begin = index * CHUNK
        yield content[max(0, start - begin) : max(0, stop - begin)]


def chunks(file: Source, sealer: Sealer, size: int) -> Iterator[bytes | None]:
    """The content of each chunk from the first on, None for one that does not open; ends where the file does."""
    final = chunk_count(size) - 1
    for index in range(final + 1):
        try:
            sealed = _exactly(file, min(CHUNK, size - index * CHUNK) + _OVERHEAD)
        except Damaged:
            return
        try:
            yield sealer.open(sealed, index, last=index == final)
        except Damaged:
            yield None


def check_header(file: Source) -> None:
    """Reads the header of a file that stands at its beginning. Damaged when it is none."""
    if _exactly(file, len(HEADER)) != HEADER:
        raise Damaged("it does not begin as a stored file does")


def _exactly(file: Source, length: int) -> bytes:
    parts = []
    while length:
        part = file.read(length)
        if not part:
            raise Damaged("the stored file is too short")
        parts.append(part)
        length -= len(part)
    return b"".join(parts)
