"""Addresses and signatures of secp256k1 keys, as an EVM sees them."""

from __future__ import annotations

import re
from functools import lru_cache

from coincurve import PrivateKey, PublicKey

from chain.proof.hashing import keccak256

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
"""Order n of secp256k1 (SEC 2)."""

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")


def address_of(public: PublicKey) -> bytes:
    """The 20-byte address of a public key."""
    return keccak256(public.format(compressed=False)[1:])[12:]


@lru_cache(maxsize=1_024)
def checksummed(address: bytes) -> str:
    """EIP-55 spelling of a 20-byte address. Kept: each of a block's thousands of logs has one, and of few contracts."""
    digits = address.hex()
    digest = keccak256(digits.encode()).hex()
    return "0x" + "".join(d.upper() if int(h, 16) >= 8 else d for d, h in zip(digits, digest[:40], strict=True))


def parse_address(text: str) -> bytes:
    """Reads an address; mixed case must carry the right EIP-55 checksum. Raises ValueError."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError("not 0x and 40 hexadecimal digits")
    address = bytes.fromhex(text[2:])
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and checksummed(address) != text:
        raise ValueError("wrong EIP-55 checksum")
    return address


def sign_digest(secret: bytes, digest: bytes) -> bytes:
    """65 bytes r ‖ s ‖ v over a 32-byte digest; deterministic (RFC 6979), low s, v is 27 or 28."""
    signature = PrivateKey(secret).sign_recoverable(digest, hasher=None)
    return signature[:64] + bytes([signature[64] + 27])


def recover(digest: bytes, signature: bytes) -> bytes:
    """The address that made `signature` over `digest`.

    Raises:
        ValueError: not 65 bytes, v not 27 or 28, s in the upper half (malleable), or no such point.
    """
    if len(signature) != 65 or len(digest) != 32:
        raise ValueError("a signature has 65 bytes over a digest of 32")
    if signature[64] not in (27, 28):
        raise ValueError("v must be 27 or 28")
    if not 0 < int.from_bytes(signature[32:64], "big") <= ORDER // 2:
        raise ValueError("s is not in the lower half")
    try:
        public = PublicKey.from_signature_and_message(signature[:64] + bytes([signature[64] - 27]), digest, hasher=None)
    except Exception as error:  # coincurve raises bare Exception for an impossible point
        raise ValueError("no key made this signature") from error
    return address_of(public)
