"""Ed25519 (RFC 8032): keys from raw bytes, signatures and their verification."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chain.proof.errors import FormatError

KEY_BYTES = 32
SIGNATURE_BYTES = 64


class SigningKey:
    """A private key, made of its raw 32-byte seed. Raises FormatError for another length."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: bytes) -> None:
        if len(seed) != KEY_BYTES:
            raise FormatError("seed", f"must be {KEY_BYTES} bytes, not {len(seed)}")
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.public: bytes = self._key.public_key().public_bytes_raw()

    def sign(self, message: bytes) -> bytes:
        """The 64-byte signature; the same for the same message."""
        return self._key.sign(message)


def signature_holds(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature over the message is by the holder of the 32-byte public key."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
