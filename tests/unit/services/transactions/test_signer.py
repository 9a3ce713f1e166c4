"""The gateway's key: opened from its file, or the service does not start."""

from pathlib import Path

import pytest
from eth_account import Account

from chain.party.keystore import EvmKey
from services.platform.errors import StartRefused
from services.transactions.signer import GatewayKey

TRANSACTION = {
    "type": 2,
    "chainId": 1,
    "nonce": 0,
    "to": "0x5FbDB2315678afecb367f032d93F642f64180aa3",
    "value": 0,
    "data": b"",
    "gas": 21_000,
    "maxFeePerGas": 2,
    "maxPriorityFeePerGas": 1,
}


def test_the_key_of_the_file_signs_and_the_same_transaction_is_the_same_bytes(tmp_path: Path) -> None:
    key = EvmKey.generate()
    key.save(tmp_path / "gateway.json", "words", work=4096)
    signer = GatewayKey.load(tmp_path / "gateway.json", "words")
    first = signer.sign(TRANSACTION)
    assert signer.address == key.address
    assert Account.recover_transaction(first.raw) == key.address
    assert signer.sign(TRANSACTION) == first
    assert signer.sign({**TRANSACTION, "nonce": 1}).hash != first.hash


def test_the_secret_is_never_shown() -> None:
    key = EvmKey.generate()
    assert key.secret.hex() not in repr(GatewayKey(key))


def test_a_missing_or_closed_file_refuses_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartRefused):
        GatewayKey.load(tmp_path / "none.json", "words")
    EvmKey.generate().save(tmp_path / "gateway.json", "words", work=4096)
    with pytest.raises(StartRefused):
        GatewayKey.load(tmp_path / "gateway.json", "other words")
