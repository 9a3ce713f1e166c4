"""Hash functions and suites. No other module of the project hashes by itself."""

import hashlib
import hmac
from collections.abc import Callable
from enum import IntEnum

from Crypto.Hash import keccak

from chain.proof.errors import ProofError

_BLOCK = 64
"""Bytes of a block of SHA-256."""


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


class RunningSha256:
    """SHA-256 of what comes in pieces."""

    def __init__(self) -> None:
        self._state = hashlib.sha256()

    def update(self, data: bytes) -> None:
        """The next piece."""
        self._state.update(data)

    def digest(self) -> bytes:
        """Of everything so far, 32 bytes."""
        return self._state.digest()


def keccak256(data: bytes) -> bytes:
    """Keccak-256 with the padding of Ethereum (not FIPS 202 SHA3-256), 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


class Suite(IntEnum):
    """A set of algorithms for commitments (密码套件). The log itself is SHA-256 in every suite."""

    INTL_V1 = 1
    CN_SM_V1 = 2

    @property
    def label(self) -> str:
        """The name in documents: `INTL-V1`."""
        return self.name.replace("_", "-")

    def hash(self, data: bytes) -> bytes:
        """The suite's hash, 32 bytes. Raises ProofError `suite-unsupported` for the reserved suite."""
        self.require()
        return hashlib.sha256(data).digest()

    def hasher(self) -> Callable[[bytes], bytes]:
        """:meth:`hash`, for thousands of texts. Raises ProofError `suite-unsupported` for the reserved suite."""
        self.require()
        return sha256

    def hmac(self, key: bytes, data: bytes) -> bytes:
        """The suite's HMAC, 32 bytes. Raises ProofError `suite-unsupported` for the reserved suite."""
        self.require()
        return hmac.digest(key, data, "sha256")

    def keyed(self, key: bytes) -> Callable[[bytes], bytes]:
        """:meth:`hmac` under one key of at most 64 bytes, for thousands of texts: RFC 2104, its key padded once."""
        self.require()
        padded = key.ljust(_BLOCK, b"\0")
        if len(padded) > _BLOCK:
            raise ValueError(f"a key of {len(key)} bytes")
        inner = hashlib.sha256(bytes(each ^ 0x36 for each in padded))
        outer = hashlib.sha256(bytes(each ^ 0x5C for each in padded))

        def digest(data: bytes) -> bytes:
            first, second = inner.copy(), outer.copy()
            first.update(data)
            second.update(first.digest())
            return second.digest()

        return digest

    def require(self) -> None:
        """Refuse a suite that is reserved and not yet built."""
        if self is not Suite.INTL_V1:
            raise ProofError("suite-unsupported", f"{self.label} is reserved")
