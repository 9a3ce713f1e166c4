"""What a key signs before it is registered as an institution's (钥持有证明): that whoever registers it holds it."""

from chain.proof.ed25519 import KEY_BYTES, signature_holds

SUBMITTER = "submitter"
_DOMAIN = b"regseal/v1/key-possession\x00"


def possession_message(role: str, institution_id: str, public_key: bytes) -> bytes:
    """The bytes that the Ed25519 key itself signs; ``role`` is what it is registered for (:data:`SUBMITTER`)."""
    return _DOMAIN + role.encode() + b"\x00" + institution_id.encode() + b"\x00" + public_key


def possession_holds(role: str, institution_id: str, public_key: bytes, signature: bytes) -> bool:
    """Whether the holder of the key has signed that it is this institution's in this role."""
    message = possession_message(role, institution_id, public_key)
    return len(public_key) == KEY_BYTES and signature_holds(public_key, message, signature)
