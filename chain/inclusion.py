"""Collects the proof that an event is in a block: header, receipt-trie proof, positions. Believes the node nothing.

The block's header is encoded again, in the form that its chain hashes, and must give the block's hash; the receipts of
the whole block are encoded again and their trie must have the header's receipts root. So what leaves here verifies
offline (docs/spec/receipt.md).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from chain.client import ChainClient
from chain.errors import EndpointError
from chain.proof.bft import header_as_hashed
from chain.proof.errors import ProofError
from chain.proof.ethereum import EventLog, TransactionReceipt, encode_receipt
from chain.proof.hashing import keccak256
from chain.proof.receipt import Anchor
from chain.proof.trie import build_trie, index_key

__all__ = ["EventProof", "collect_event_proof", "collect_headers"]

EventProof = Anchor


def collect_event_proof(client: ChainClient, tx_hash: str, log_index_in_block: int) -> EventProof:
    """The proof of the event at this place of its block, in the transaction with this hash.

    Raises EndpointError when the node does not have it (any more), ProofError `header-malformed` or `receipt-proof`
    when what the node says does not hash to what it claims.
    """
    mined = client.request("eth_getTransactionReceipt", tx_hash)
    if mined is None:
        raise EndpointError(f"transaction {tx_hash} is not mined")
    block = client.raw_block(str(mined["blockHash"]))
    if block is None:
        raise EndpointError(f"block {mined['blockHash']} is not there any more")
    header = _header(block)
    receipts = _block_receipts(client, block)
    index = int(mined["transactionIndex"], 16)
    log = _place(receipts, index, tx_hash, log_index_in_block)
    return EventProof(
        chain_id=client.chain_id,
        genesis=_bytes(client.genesis),
        contract=_bytes(receipts[index]["logs"][log]["address"]),
        header=header,
        transaction_index=index,
        log_index=log,
        receipt_proof=_prove(receipts, _bytes(block["receiptsRoot"]), index),
    )


def collect_headers(client: ChainClient, first: int, last: int) -> tuple[bytes, ...]:
    """The RLP of the headers of these blocks. EndpointError when the node lacks one, ProofError when it lies."""
    found: list[bytes] = []
    for number in range(first, last + 1):
        block = client.raw_block(number)
        if block is None:
            raise EndpointError(f"block {number} is not there")
        found.append(_header(block))
    return tuple(found)


def _header(block: Mapping[str, Any]) -> bytes:
    """The RLP that hashes to the block's hash: 20 fields since Cancun, 21 since Prague; seals are not hashed."""
    encoded = header_as_hashed(block)
    if keccak256(encoded) != _bytes(block["hash"]):
        raise ProofError("header-malformed", f"the fields of block {block['hash']} hash to {keccak256(encoded).hex()}")
    return encoded


def _block_receipts(client: ChainClient, block: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All receipts of a block, in one call where the node has it, else one by one."""
    try:
        receipts = client.request("eth_getBlockReceipts", block["hash"])
    except EndpointError as error:
        if error.code is None:
            raise
        receipts = None
    if receipts is None:
        receipts = [client.request("eth_getTransactionReceipt", one) for one in block["transactions"]]
    if any(one is None or one["blockHash"] != block["hash"] for one in receipts):
        raise EndpointError(f"block {block['hash']} was replaced while its receipts were read")
    return sorted(receipts, key=lambda one: int(one["transactionIndex"], 16))


def _place(receipts: Sequence[Mapping[str, Any]], index: int, tx_hash: str, log_index_in_block: int) -> int:
    """Where in its own transaction's receipt the event stands."""
    if index >= len(receipts) or receipts[index]["transactionHash"].lower() != tx_hash.lower():
        raise ProofError("receipt-proof", f"transaction {tx_hash} is not at index {index} of its block")
    for place, log in enumerate(receipts[index]["logs"]):
        if int(log["logIndex"], 16) == log_index_in_block:
            return place
    raise EndpointError(f"transaction {tx_hash} has no event {log_index_in_block} of its block")


def _prove(receipts: Sequence[Mapping[str, Any]], expected: bytes, index: int) -> tuple[bytes, ...]:
    items = [(index_key(place), encode_receipt(_receipt(one))) for place, one in enumerate(receipts)]
    root, prove = build_trie(items)
    if root != expected:
        raise ProofError("receipt-proof", f"the receipts have root {root.hex()}, the header says {expected.hex()}")
    return tuple(prove(index_key(index)))


def _receipt(found: Mapping[str, Any]) -> TransactionReceipt:
    logs = [
        EventLog(_bytes(log["address"]), tuple(_bytes(topic) for topic in log["topics"]), _bytes(log["data"]))
        for log in found["logs"]
    ]
    return TransactionReceipt(
        type=int(found.get("type") or "0x0", 16),
        status=int(found["status"], 16),
        cumulative_gas=int(found["cumulativeGasUsed"], 16),
        bloom=_bytes(found["logsBloom"]),
        logs=tuple(logs),
    )


def _bytes(value: Any) -> bytes:
    return bytes.fromhex(str(value).removeprefix("0x"))
