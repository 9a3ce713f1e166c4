"""The gateway's key (网关密钥): signs the gateway's own transactions and nothing else."""

from pathlib import Path
from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from chain.party.errors import KeystoreError
from chain.party.keystore import EvmKey
from services.platform.errors import StartRefused
from services.transactions.ports import Signed

__all__ = ["GatewayKey"]


class GatewayKey:
    """A secp256k1 account held in memory for the life of the process."""

    def __init__(self, key: EvmKey) -> None:
        self._account: LocalAccount = Account.from_key(key.secret)

    @classmethod
    def load(cls, keystore: Path, passphrase: str) -> "GatewayKey":
        """From a web3 secret storage v3 file. StartRefused when it is missing or does not open."""
        try:
            return cls(EvmKey.load(keystore, passphrase))
        except KeystoreError as error:
            raise StartRefused(f"The gateway's key: {error}") from None

    @property
    def address(self) -> str:
        """Checksummed."""
        return str(self._account.address)

    def sign(self, transaction: dict[str, Any]) -> Signed:
        """EIP-1559 raw bytes; deterministic (RFC 6979), so the same transaction is the same bytes."""
        signed = self._account.sign_transaction(transaction)
        return Signed(bytes(signed.raw_transaction), "0x" + bytes(signed.hash).hex())

    def __repr__(self) -> str:
        return f"GatewayKey({self.address})"
