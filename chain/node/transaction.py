"""Raw transactions as clients send them: legacy with EIP-155, EIP-2930, EIP-1559. Others are refused."""

from dataclasses import dataclass
from typing import Any

import rlp
from rlp.exceptions import RLPException

from chain.party.evm import recover
from chain.proof.hashing import keccak256

__all__ = ["MAX_RAW", "Refused", "Transaction", "decode"]

MAX_RAW = 128 * 1024
_TYPED = {1: 11, 2: 12}
_LEGACY_FIELDS = 9
_MAX_INITCODE = 49_152  # EIP-3860


class Refused(Exception):
    """The transaction cannot enter the pool; the text is what nodes usually say."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """Amounts in wei; ``to`` is empty for a creation; ``hash`` and ``sender`` are lower-case 0x hex."""

    raw: bytes
    hash: str
    sender: str
    type: int
    nonce: int
    gas: int
    max_fee: int
    tip: int
    to: bytes
    value: int
    data: bytes

    @property
    def cost(self) -> int:
        """The most it can take from the sender's balance."""
        return self.gas * self.max_fee + self.value


def decode(raw: bytes, chain_id: int) -> Transaction:
    """Reads and checks what does not depend on the state. Raises Refused."""
    if not 0 < len(raw) <= MAX_RAW:
        raise Refused(f"oversized data: a transaction has at most {MAX_RAW} bytes")
    kind = raw[0] if raw[0] < 0x80 else 0
    fields = _fields(raw, kind)
    try:
        transaction = _typed(raw, kind, fields, chain_id) if kind else _legacy(raw, fields, chain_id)
    except (ValueError, TypeError, OverflowError) as error:
        raise Refused(f"rlp: malformed transaction: {error}") from error
    _check(transaction, _access_gas(fields[-4]) if kind else 0)
    return transaction


def _fields(raw: bytes, kind: int) -> list[Any]:
    if kind and kind not in _TYPED:
        raise Refused("transaction type not supported")
    try:
        fields = rlp.decode(raw[1:] if kind else raw)
    except (RLPException, RecursionError) as error:
        raise Refused(f"rlp: {error}") from error
    if not isinstance(fields, list) or len(fields) != _TYPED.get(kind, _LEGACY_FIELDS):
        raise Refused("rlp: not the fields of a transaction")
    return fields


def _legacy(raw: bytes, fields: list[Any], chain_id: int) -> Transaction:
    v = _int(fields[6])
    if v not in (2 * chain_id + 35, 2 * chain_id + 36):
        raise Refused(f"only replay-protected (EIP-155) transactions for chain {chain_id} are allowed over RPC")
    unsigned = rlp.encode([*fields[:6], chain_id, 0, 0])
    sender = _sender(keccak256(unsigned), v - 2 * chain_id - 35, fields)
    price = _int(fields[1])
    return _build(raw, 0, sender, [fields[0], price, price, *fields[2:6]])


def _typed(raw: bytes, kind: int, fields: list[Any], chain_id: int) -> Transaction:
    if _int(fields[0]) != chain_id:
        raise Refused(f"invalid chain id for signer: have {_int(fields[0])} want {chain_id}")
    sender = _sender(keccak256(raw[:1] + rlp.encode(fields[:-3])), _int(fields[-3]), fields)
    tip = _int(fields[2])
    fee = _int(fields[3]) if kind == 2 else tip
    return _build(raw, kind, sender, [fields[1], tip, fee, *fields[-8:-4]])


def _sender(digest: bytes, parity: int, fields: list[Any]) -> str:
    r, s = (_int(part).to_bytes(32, "big") for part in fields[-2:])
    if parity not in (0, 1):
        raise Refused("invalid transaction v, r, s values")
    try:
        return "0x" + recover(digest, r + s + bytes((27 + parity,))).hex()
    except ValueError as error:
        raise Refused(f"invalid sender: {error}") from error


def _build(raw: bytes, kind: int, sender: str, parts: list[Any]) -> Transaction:
    nonce, tip, fee, gas, to, value, data = parts
    if not isinstance(to, bytes) or not isinstance(data, bytes) or len(to) not in (0, 20):
        raise Refused("rlp: not the fields of a transaction")
    return Transaction(
        raw=raw,
        hash="0x" + keccak256(raw).hex(),
        sender=sender,
        type=kind,
        nonce=_int(nonce),
        gas=_int(gas),
        max_fee=fee,
        tip=tip,
        to=to,
        value=_int(value),
        data=data,
    )


def _check(transaction: Transaction, access_gas: int) -> None:
    if transaction.tip > transaction.max_fee:
        raise Refused("max priority fee per gas higher than max fee per gas")
    if transaction.nonce >= 2**64 - 1 or max(transaction.value, transaction.max_fee) >= 2**256:
        raise Refused("rlp: a number is too large")
    words = 0
    if not transaction.to:
        if len(transaction.data) > _MAX_INITCODE:
            raise Refused(f"max initcode size exceeded: code size {len(transaction.data)}, limit {_MAX_INITCODE}")
        words = 32_000 + 2 * ((len(transaction.data) + 31) // 32)
    zeros = transaction.data.count(0)
    needed = 21_000 + words + 4 * zeros + 16 * (len(transaction.data) - zeros) + access_gas
    if transaction.gas < needed:
        raise Refused(f"intrinsic gas too low: gas {transaction.gas}, minimum needed {needed}")


def _access_gas(entries: Any) -> int:
    """EIP-2930: 2,400 an address, 1,900 a slot."""
    try:
        return sum(2_400 + 1_900 * len(slots) for _, slots in entries)
    except (TypeError, ValueError) as error:
        raise Refused("rlp: malformed access list") from error


def _int(value: object) -> int:
    if isinstance(value, int):
        return value
    if not isinstance(value, bytes) or value[:1] == b"\0" or len(value) > 32:
        raise Refused("rlp: not a canonical integer")
    return int.from_bytes(value, "big")
