from collections.abc import Callable
from typing import Any

import pytest
import rlp

from chain.client import ChainClient
from chain.errors import EndpointError
from chain.inclusion import collect_event_proof
from chain.party.evm import checksummed
from chain.proof.errors import ProofError
from chain.proof.ethereum import BlockHeader, decode_receipt
from chain.proof.trie import index_key, verify_trie_proof
from tests.integration.chain.support import ADDRESSES, RECORDER, Node, Plain, Proxy, Rpc, signed

NewAnvil = Callable[..., Plain]
NewClient = Callable[..., ChainClient]
NewProxy = Callable[..., Proxy]


def record(rpc: Rpc, count: int, *, instant: bool = False) -> list[dict[str, Any]]:
    """Events of `count` transactions by different senders and of different types, in one block where the node can."""
    chain_id = int(rpc("eth_chainId"), 16)
    raw, digest = signed(0, 0, chain_id=chain_id, to=None, value=0, data=RECORDER)
    rpc("eth_sendRawTransaction", raw)
    address = checksummed(bytes.fromhex(rpc.mined(digest)["contractAddress"][2:]))
    if not instant:
        rpc("evm_setAutomine", False)
    calls, hashes = [], []
    for place in range(count):
        kind: dict[str, Any] = {}
        if place % 3 == 1:
            kind = {"type": 1, "gasPrice": 10**11, "maxFeePerGas": None, "maxPriorityFeePerGas": None, "accessList": []}
        elif place % 3 == 2:
            kind = {"type": None, "gasPrice": 10**11, "maxFeePerGas": None, "maxPriorityFeePerGas": None}
        changes = {"chain_id": chain_id, "to": address, "value": 0, "data": bytes((place + 1,)) * 32, **kind}
        raw, digest = signed(1 + place % 4, place // 4, **changes)
        hashes.append(digest)
        calls.append({"jsonrpc": "2.0", "id": place, "method": "eth_sendRawTransaction", "params": [raw]})
    assert all("result" in answer for answer in rpc.post(calls))
    if not instant:
        rpc("evm_mine")
    return [rpc.mined(digest)["logs"][0] for digest in hashes]


def check(client: ChainClient, rpc: Rpc, event: dict[str, Any]) -> bytes:
    proof = collect_event_proof(client, event["transactionHash"], int(event["logIndex"], 16))
    header = BlockHeader.decode(proof.header)
    assert "0x" + header.hash.hex() == event["blockHash"]
    found = decode_receipt(
        verify_trie_proof(header.receipts_root, index_key(proof.transaction_index), proof.receipt_proof)
    )
    log = found.logs[proof.log_index]
    assert (log.address, log.data) == (proof.contract, bytes.fromhex(event["data"][2:]))
    assert (proof.chain_id, "0x" + proof.genesis.hex()) == (client.chain_id, client.genesis)
    assert "0x" + proof.contract.hex() == event["address"].lower()
    return proof.header


@pytest.mark.parametrize("count", [1, 2, 17, 140])
def test_every_event_of_a_block_can_be_proven(new_anvil: NewAnvil, new_client: NewClient, count: int) -> None:
    rpc = new_anvil().rpc
    events = record(rpc, count)
    client = new_client(rpc.url)
    assert len({event["blockHash"] for event in events}) == 1
    for event in events if count < 20 else events[::13]:
        check(client, rpc, event)


@pytest.mark.parametrize(("fork", "fields"), [("cancun", 20), ("prague", 21)])
def test_headers_of_both_forks_are_encoded_to_their_hash(
    new_anvil: NewAnvil, new_client: NewClient, fork: str, fields: int
) -> None:
    rpc = new_anvil("--hardfork", fork).rpc
    (event,) = record(rpc, 1)
    assert len(rlp.decode(check(new_client(rpc.url), rpc, event))) == fields


def test_events_of_the_embedded_chain_can_be_proven_after_a_restart(node: Node, new_client: NewClient) -> None:
    rpc = node.start()
    events = record(rpc, 9, instant=True)
    first = [check(new_client(rpc.url), rpc, event) for event in events]
    node.kill()
    rpc = node.start()
    assert [check(new_client(rpc.url), rpc, event) for event in events] == first


def test_events_of_a_hardhat_node_can_be_proven(hardhat_node: Plain, new_client: NewClient) -> None:
    rpc = hardhat_node.rpc
    for address in ADDRESSES:
        rpc("hardhat_setBalance", address, hex(10**24))
    start = int(rpc("eth_getTransactionCount", ADDRESSES[0], "latest"), 16)
    chain_id = int(rpc("eth_chainId"), 16)
    raw, digest = signed(0, start, chain_id=chain_id, to=None, value=0, data=RECORDER)
    rpc("eth_sendRawTransaction", raw)
    address = checksummed(bytes.fromhex(rpc.mined(digest)["contractAddress"][2:]))
    raw, digest = signed(0, start + 1, chain_id=chain_id, to=address, value=0, data=b"\x01" * 32)
    rpc("eth_sendRawTransaction", raw)
    check(new_client(rpc.url), rpc, rpc.mined(digest)["logs"][0])


def test_one_receipt_at_a_time_will_do(new_anvil: NewAnvil, new_proxy: NewProxy, new_client: NewClient) -> None:
    rpc = new_anvil().rpc
    events = record(rpc, 3)

    def old(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getBlockReceipts":
            return {"jsonrpc": "2.0", "id": answer["id"], "error": {"code": -32601, "message": "method not found"}}
        return answer

    check(new_client(new_proxy(rpc, old).url), rpc, events[2])


LIES: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "another root": (
        "eth_getBlockByHash",
        lambda block: {**block, "receiptsRoot": "0x" + "11" * 32},
        "header-malformed",
    ),
    "another time": ("eth_getBlockByHash", lambda block: {**block, "timestamp": "0x1"}, "header-malformed"),
    "another hash": ("eth_getBlockByHash", lambda block: {**block, "hash": "0x" + "22" * 32}, "header-malformed"),
    "another status": (
        "eth_getBlockReceipts",
        lambda receipts: [{**receipts[0], "status": "0x0"}, *receipts[1:]],
        "receipt-proof",
    ),
    "another event": (
        "eth_getBlockReceipts",
        lambda receipts: [
            *receipts[:2],
            {**receipts[2], "logs": [{**receipts[2]["logs"][0], "data": "0x" + "33" * 32}]},
        ],
        "receipt-proof",
    ),
    "a receipt left out": ("eth_getBlockReceipts", lambda receipts: receipts[:2], "receipt-proof"),
    "another index": (
        "eth_getTransactionReceipt",
        lambda receipt: {**receipt, "transactionIndex": "0x1"},
        "receipt-proof",
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lying_node_is_found_out(new_anvil: NewAnvil, new_proxy: NewProxy, new_client: NewClient, lie: str) -> None:
    rpc = new_anvil().rpc
    event = record(rpc, 3)[2]
    method, change, code = LIES[lie]

    def lying(asked: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        return {**answer, "result": change(answer["result"])} if asked == method else answer

    with pytest.raises((ProofError, EndpointError)) as refused:
        collect_event_proof(new_client(new_proxy(rpc, lying).url), event["transactionHash"], int(event["logIndex"], 16))
    assert getattr(refused.value, "code", None) in {code, None}


def test_an_event_that_is_gone_or_was_never_there_is_told(new_anvil: NewAnvil, new_client: NewClient) -> None:
    rpc = new_anvil().rpc
    event = record(rpc, 1)[0]
    client = new_client(rpc.url)
    with pytest.raises(EndpointError, match="no event 7"):
        collect_event_proof(client, event["transactionHash"], 7)
    rpc("anvil_reorg", 1, [])
    with pytest.raises(EndpointError, match="not mined"):
        collect_event_proof(client, event["transactionHash"], 0)
