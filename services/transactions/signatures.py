"""Whose signature is it: recovered (secp256k1), or confirmed by a contract wallet on its chain (ERC-1271)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_abi.abi import encode

from chain.errors import ChainError, RevertError
from chain.party import evm
from services.platform.errors import Forbidden, Invalid, Unavailable
from services.transactions.models import AuthorisationRow, OperationRow
from services.transactions.needs import load, met_by
from services.transactions.ports import Chain
from services.transactions.typed import digest

__all__ = ["CheckedSignature", "arguments", "check"]

_MAGIC = bytes.fromhex("1626ba7e")  # isValidSignature(bytes32,bytes): selector and answer
_MAX_BYTES = 4096  # of a contract wallet's signature


@dataclass(frozen=True, slots=True)
class CheckedSignature:
    """A signature that was verified; only :func:`check` makes one.

    ``signer`` checksummed, ``digest`` the 32 bytes signed, ``meets``: the places of the operation's needs.
    """

    operation_id: str
    signer: str
    signature: bytes
    digest: bytes
    meets: tuple[int, ...] = ()


def check(operation: OperationRow, *, signer: str, signature: bytes, chain: Chain) -> CheckedSignature:
    """Forbidden when ``signer`` is not one of those whom the operation waits for (nobody named: the contract decides).

    Invalid when it did not sign the typed data.
    """
    try:
        account = evm.parse_address(signer)
    except ValueError as error:
        raise Invalid("signer", f"Not an address: {error}.") from None
    address = evm.checksummed(account)
    meets = _competence(operation, address, chain)
    signed = digest(operation.typed_data or {})
    if _recovered(signed, signature) != account and not _wallet_confirms(chain, address, signed, signature):
        raise Invalid("signature", "The signature is not the signer's over this operation's typed data.")
    return CheckedSignature(operation.id, address, signature, signed, meets)


def _competence(operation: OperationRow, address: str, chain: Chain) -> tuple[int, ...]:
    if operation.needs is None:
        if operation.signers and address not in operation.signers:
            raise Forbidden(f"This operation must be authorised by {' or '.join(operation.signers)}.")
        return ()
    needs = load(operation.needs)
    meets = met_by(needs, address, chain)
    if not meets:
        raise Forbidden(f"This operation must be authorised by {', and by '.join(each.described() for each in needs)}.")
    return meets


def arguments(operation: OperationRow, signed: Sequence[AuthorisationRow]) -> dict[str, Any]:
    """What the signatures of an operation are to its function: ``auth``, or ``auths`` of one that takes several."""
    message = operation.typed_data["message"] if operation.typed_data else {}
    given = [
        {
            "signer": one.signer,
            "nonce": message["nonce"],
            "deadline": message["deadline"],
            "signature": one.signature,
        }
        for one in signed
    ]
    if operation.needs is not None:
        return {"auths": given}
    return {"auth": given[0]} if given else {}


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
