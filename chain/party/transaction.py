"""A transaction of a party's own key, for the few acts that need no gateway: sent to a node that the party chose."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import rlp

from chain.party.errors import ResponseRefused, RpcError
from chain.party.evm import sign_digest
from chain.proof.encoding import to_hex
from chain.proof.hashing import keccak256

if TYPE_CHECKING:
    from chain.party.keystore import EvmKey
    from chain.party.rpc import JsonRpc

_PATIENCE_S: Final = 120.0
_POLL_S: Final = 0.3


def send(rpc: JsonRpc, key: EvmKey, *, chain_id: int, to: str, data: bytes) -> str:
    """Signs, sends and waits until it is mined; its hash.

    The call is tried first, so that what a contract refuses costs nothing. RpcError says why; Unreachable.
    """
    gas = _number(rpc, "eth_estimateGas", {"from": key.address, "to": to, "data": to_hex(data)})
    tip, maximum = _fees(rpc)
    members = (
        *(chain_id, _number(rpc, "eth_getTransactionCount", key.address, "pending")),
        *(tip, maximum, gas * 5 // 4),
    )
    fields: list[Any] = [*(_bytes(each) for each in members), bytes.fromhex(to[2:]), b"", data, []]
    signature = sign_digest(key.secret, keccak256(b"\x02" + rlp.encode(fields)))
    parts = (signature[64] - 27, int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"))
    raw = b"\x02" + rlp.encode([*fields, *(_bytes(each) for each in parts)])
    digest = to_hex(keccak256(raw))
    try:
        rpc.call("eth_sendRawTransaction", to_hex(raw))
    except RpcError:  # a repeat over a dropped connection is refused as known: then it is there
        if rpc.call("eth_getTransactionByHash", digest) is None:
            raise
    return _mined(rpc, digest)


def _mined(rpc: JsonRpc, digest: str) -> str:
    end = time.monotonic() + _PATIENCE_S
    while True:
        receipt = rpc.call("eth_getTransactionReceipt", digest)
        if isinstance(receipt, Mapping):
            if receipt.get("status") != "0x1":
                raise RpcError("eth_getTransactionReceipt", 3, f"the contract refused {digest} when it was mined")
            return digest
        if time.monotonic() > end:
            raise ResponseRefused(rpc.url, f"{digest} was sent and is not mined yet; look for it later")
        time.sleep(_POLL_S)


def _fees(rpc: JsonRpc) -> tuple[int, int]:
    """(tip, most) in wei per gas: twice the base fee and the usual tip."""
    block = rpc.call("eth_getBlockByNumber", "latest", False)
    base = block.get("baseFeePerGas") if isinstance(block, dict) else None
    if base is None:
        price = _number(rpc, "eth_gasPrice")
        return price, price
    try:
        tip = _number(rpc, "eth_maxPriorityFeePerGas")
    except RpcError:
        tip = 0
    return tip, 2 * _int(rpc, base) + tip


def _number(rpc: JsonRpc, method: str, *params: object) -> int:
    return _int(rpc, rpc.call(method, *params))


def _int(rpc: JsonRpc, value: object) -> int:
    try:
        return int(str(value), 16)
    except ValueError:
        raise ResponseRefused(rpc.url, "no number where one was asked for") from None


def _bytes(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")
