"""Digests of a file of any size, on the way: SHA-256 and SM3 (GB/T 32905) side by side, in constant memory."""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes

_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class FileDigest:
    """Length in bytes and the two 32-byte digests of a file's content."""

    size: int
    sha256: bytes
    sm3: bytes


class Digester:
    """Takes the content piece by piece; `size` is how many bytes it has seen."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._sm3 = hashes.Hash(hashes.SM3())

    def update(self, data: bytes | bytearray | memoryview) -> None:
        """The next bytes of the content."""
        self.size += len(data)
        self._sha256.update(data)
        self._sm3.update(data)

    def result(self) -> FileDigest:
        """The digests of what was seen so far; more may follow."""
        return FileDigest(self.size, self._sha256.digest(), self._sm3.copy().finalize())


def digest_of(pieces: Iterable[bytes]) -> FileDigest:
    """The digests of a content given in pieces."""
    digester = Digester()
    for piece in pieces:
        digester.update(piece)
    return digester.result()


def keyed_address(key: bytes, digest: FileDigest) -> bytes:
    """The address of a content under a 32-byte key: equal contents have equal ones; without the key it says nothing.

    HMAC-SHA-256(key, "regseal/v1/material-address" ‖ 0x00 ‖ u64(size) ‖ SHA-256 ‖ SM3).
    """
    parts = (b"regseal/v1/material-address\x00", digest.size.to_bytes(8, "big"), digest.sha256, digest.sm3)
    return hmac.digest(key, b"".join(parts), "sha256")
