"""Whose signature is it: recovered (secp256k1), or confirmed by a contract wallet on its chain (ERC-1271)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from chain.errors import ChainError, RevertError
from chain.party import evm
from services.platform.errors import Forbidden, Invalid, Unavailable
from services.transactions.ports import Chain
from services.transactions.typed import digest

__all__ = ["CheckedSignature", "argument", "check"]

_MAGIC = bytes.fromhex("1626ba7e")  # isValidSignature(bytes32,bytes): selector and answer
_MAX_BYTES = 4096  # of a contract wallet's signature


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """A signature that was verified; only :func:`check` makes one.

    ``signer`` checksummed, ``digest`` the 32 bytes signed.
    """

    operation_id: str
    signer: str
    signature: bytes
    digest: bytes


def check(
    operation_id: str, doc: Mapping[str, Any], expected: Sequence[str], *, signer: str, signature: bytes, chain: Chain
) -> CheckedSignature:
    """Forbidden when ``signer`` is not one of ``expected`` (empty: anybody, the contract decides).

    Invalid when it did not sign ``doc``.
    """
    try:
        account = evm.parse_address(signer)
    except ValueError as error:
        raise Invalid("signer", f"Not an address: {error}.") from None
    address = evm.checksummed(account)
    if expected and address not in expected:
        raise Forbidden(f"This operation must be authorised by {' or '.join(expected)}.")
    signed = digest(doc)
    if _recovered(signed, signature) != account and not _wallet_confirms(chain, address, signed, signature):
        raise Invalid("signature", "The signature is not the signer's over this operation's typed data.")
    return CheckedSignature(operation_id, address, signature, signed)


def argument(doc: Mapping[str, Any] | None, signer: str, signature: bytes) -> dict[str, Any]:
    """The contract's ``Authorisation`` for a signed document."""
    if doc is None:
        raise ValueError("no typed data")
    message = doc["message"]
    return {"signer": signer, "nonce": message["nonce"], "deadline": message["deadline"], "signature": signature}


def _recovered(signed: bytes, signature: bytes) -> bytes | None:
    try:
        return evm.recover(signed, signature)
    except ValueError:
        return None


def _wallet_confirms(chain: Chain, wallet: str, signed: bytes, signature: bytes) -> bool:
    if not 0 < len(signature) <= _MAX_BYTES:
        raise Invalid("signature", f"Expected 65 bytes, or at most {_MAX_BYTES} of a contract wallet.")
    try:
        answer = chain.call(wallet, _MAGIC + encode(["bytes32", "bytes"], [signed, signature]))
    except RevertError:
        return False
    except ChainError as error:
        raise Unavailable(
            "chain-unreachable", "The chain that could confirm this signature does not answer."
        ) from error
    return len(answer) == 32 and answer[:4] == _MAGIC and not any(answer[4:])
