"""Ed25519 (RFC 8032): keys from raw bytes, signatures and their verification."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from chain.proof.errors import FormatError

KEY_BYTES = 32
SIGNATURE_BYTES = 64
_PRIME = 2**255 - 19
_SIGN = 1 << 255


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
    if not _is_canonical(public):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _is_canonical(public: bytes) -> bool:
    """Whether RFC 8032 §5.1.3 decodes the key: OpenSSL also takes other spellings of some points of small order."""
    encoded = int.from_bytes(public, "little")
    y = encoded % _SIGN
    return y < _PRIME and not (encoded >= _SIGN and y in (1, _PRIME - 1))
