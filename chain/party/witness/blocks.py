"""Blocks as a node tells them, believed only as far as they hash to what is already known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chain.party.errors import RpcError
from chain.party.rpc import JsonRpc
from chain.party.witness.refusal import Refusal
from chain.proof.bft import header_as_hashed
from chain.proof.canonical import JsonObject
from chain.proof.encoding import to_hex
from chain.proof.errors import ProofError
from chain.proof.ethereum import (
    BlockHeader,
    EventLog,
    TransactionReceipt,
    bloom_of,
    encode_receipt,
)
from chain.proof.trie import build_trie, index_key

_UNTYPED = "0x0"


@dataclass(frozen=True)
class Block:
    """A header whose hash was derived from its fields. `bloom` is part of what was hashed."""

    header: BlockHeader
    rlp: bytes
    bloom: bytes
    transactions: tuple[str, ...]

    def may_contain(self, address: bytes, topics: Iterable[bytes]) -> bool:
        """False only when no transaction of the block emitted any of these events at this address."""
        mine = int.from_bytes(self.bloom, "big")
        wanted = (int.from_bytes(bloom_of([EventLog(address, (topic,), b"")]), "big") for topic in topics)
        return any(mine & bits == bits for bits in wanted)


def fetch_block(rpc: JsonRpc, number: int) -> Block | None:
    """The block at this height as the node tells it; None when it has none.

    Raises:
        Refusal: `header-fabricated`, when the fields do not hash to the hash that is claimed for them.
    """
    body = rpc.call("eth_getBlockByNumber", hex(number), False)
    if body is None:
        return None
    try:
        encoded = header_as_hashed(body)
        header = BlockHeader.decode(encoded)
        bloom = bytes.fromhex(body["logsBloom"].removeprefix("0x"))
        block = Block(header, encoded, bloom, tuple(str(one) for one in body["transactions"]))
        claimed = str(body.get("hash"))
    except (ProofError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("header-fabricated", f"block {number} of {rpc.url} is no block: {error}") from error
    if header.number != number or claimed != to_hex(header.hash):
        evidence: JsonObject = {"rpc": rpc.url, "asked": number, "claimed_hash": claimed, "header": to_hex(encoded)}
        raise Refusal("header-fabricated", f"block {number} of {rpc.url} does not hash to {claimed}", evidence)
    return block


def fetch_events(rpc: JsonRpc, block: Block, contract: bytes) -> list[EventLog]:
    """All events of one contract in a block, in order.

    Raises:
        Refusal: `receipts-wrong`, when the receipts do not lead to the header's receipts root.
    """
    try:
        receipts = [_receipt(one) for one in _ordered(_receipts(rpc, block))]
        root, _ = build_trie([(index_key(index), encode_receipt(one)) for index, one in enumerate(receipts)])
    except (ProofError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise Refusal("receipts-wrong", f"receipts of block {block.header.number}: {error}") from error
    if root != block.header.receipts_root:
        evidence: JsonObject = {"rpc": rpc.url, "header": to_hex(block.rlp), "receipts_root_of_answer": to_hex(root)}
        raise Refusal(
            "receipts-wrong", f"receipts of block {block.header.number} are not those of its header", evidence
        )
    return [log for receipt in receipts for log in receipt.logs if log.address == contract]


def _receipts(rpc: JsonRpc, block: Block) -> list[Mapping[str, Any]]:
    try:
        whole = rpc.call("eth_getBlockReceipts", to_hex(block.header.hash))
    except RpcError:  # a node without this method is asked for each transaction
        whole = None
    if isinstance(whole, list):
        return whole
    return [rpc.call("eth_getTransactionReceipt", transaction) for transaction in block.transactions]


def _ordered(receipts: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    ordered = sorted(receipts, key=lambda one: int(one["transactionIndex"], 16))
    if [int(one["transactionIndex"], 16) for one in ordered] != list(range(len(ordered))):
        raise ValueError("indexes with a gap")
    return ordered


def _receipt(body: Mapping[str, Any]) -> TransactionReceipt:
    return TransactionReceipt(
        type=int(body.get("type") or _UNTYPED, 16),
        status=int(body["status"], 16),
        cumulative_gas=int(body["cumulativeGasUsed"], 16),
        bloom=_bytes(body["logsBloom"]),
        logs=tuple(
            EventLog(_bytes(log["address"]), tuple(_bytes(topic) for topic in log["topics"]), _bytes(log["data"]))
            for log in body["logs"]
        ),
    )


def _bytes(value: str) -> bytes:
    return bytes.fromhex(value.removeprefix("0x"))
