"""What clients see of an embedded chain."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from chain.node.front import MAX_BATCH, MAX_BODY
from chain.party.clock import system_now
from chain.party.evm import checksummed
from tests.integration.chain.support import ADDRESSES, CHAIN_ID, RECORDER, Node, Rpc, signed
from tests.waiting import until


@pytest.fixture
def rpc(node: Node) -> Rpc:
    return node.start()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rpc]:
    """For tests that change nothing."""
    node = Node(tmp_path_factory.mktemp("shared"))
    yield node.start()
    node.kill()


@pytest.mark.parametrize(
    "method",
    [
        "eth_sendTransaction",
        "eth_sign",
        "eth_signTransaction",
        "eth_signTypedData_v4",
        "eth_accounts",
        "eth_mining",
        "eth_coinbase",
        "eth_sendUnsignedTransaction",
        "personal_unlockAccount",
        "evm_mine",
        "evm_snapshot",
        "anvil_setStorageAt",
        "hardhat_setBalance",
        "debug_traceTransaction",
        "txpool_content",
        "admin_nodeInfo",
        "web3_x",
        "",
    ],
)
def test_methods_that_sign_drive_or_look_inside_are_not_there(shared: Rpc, method: str) -> None:
    assert shared.raw(method)["error"]["code"] == -32601
    (answer,) = shared.post([{"jsonrpc": "2.0", "id": 1, "method": method, "params": []}])
    assert answer["error"]["code"] == -32601


def test_a_transaction_is_mined_soon_and_reads_like_on_any_node(rpc: Rpc) -> None:
    raw, digest = signed(0, 0, to=None, value=0, data=RECORDER)
    assert rpc("eth_sendRawTransaction", raw) == digest
    receipt = rpc.mined(digest)
    assert receipt["status"] == "0x1"
    address = receipt["contractAddress"]
    word = "0x" + "05" * 32
    raw, digest = signed(0, 1, to=_checksum(address), value=0, data=b"\x05" * 32)
    rpc("eth_sendRawTransaction", raw)
    log = rpc.mined(digest)["logs"][0]
    assert log["topics"] == [word]
    for last in ("latest", "finalized", "safe", "pending"):
        assert rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": last, "address": address}) == [log]
        assert rpc("eth_getBlockByNumber", last, False)["hash"] == log["blockHash"]
        assert rpc("eth_getStorageAt", address, word, last) == "0x" + "00" * 31 + "01"
    assert rpc("eth_chainId") == hex(CHAIN_ID)


def test_reading_the_newest_state_never_fails_because_a_block_was_made_meanwhile(rpc: Rpc) -> None:
    question = {"to": ADDRESSES[0], "data": "0x"}
    until(lambda: rpc.head() >= 0)
    stop = threading.Event()
    refused: list[Any] = []

    def ask() -> None:
        while not stop.is_set():
            batch = [
                {"jsonrpc": "2.0", "id": n, "method": "eth_call", "params": [question, "latest"]} for n in range(20)
            ]
            batch += [{**batch[0], "id": 20, "params": [question]}]
            batch += [{**batch[0], "id": 21, "method": "eth_getBalance", "params": [ADDRESSES[0], "latest"]}]
            refused.extend(one["error"] for one in rpc.post(batch) if "error" in one)

    readers = [threading.Thread(target=ask) for _ in range(4)]
    for reader in readers:
        reader.start()
    for nonce in range(8):
        raw, digest = signed(0, nonce)
        rpc("eth_sendRawTransaction", raw)
        rpc.mined(digest)
    stop.set()
    for reader in readers:
        reader.join()
    assert refused == []
    assert "BlockOutOfRange" in rpc.error("eth_call", question, "0x1")  # what was asked by its number stays refused


def test_the_pool_answers_as_usual_nodes_do(rpc: Rpc) -> None:
    first, digest = signed(0, 0)
    gap, gap_digest = signed(0, 2)
    rpc("eth_sendRawTransaction", gap)
    assert rpc("eth_getTransactionByHash", gap_digest)["blockHash"] is None
    assert rpc("eth_getTransactionReceipt", gap_digest) is None
    assert rpc.error("eth_sendRawTransaction", gap) == "already known"
    assert rpc("eth_getTransactionCount", ADDRESSES[0], "pending") == "0x0"
    rpc("eth_sendRawTransaction", first)
    assert rpc("eth_getTransactionCount", ADDRESSES[0], "pending") == "0x1"
    rpc.mined(digest)
    assert rpc.error("eth_sendRawTransaction", first) == "already known"
    other, _ = signed(0, 0, value=9)
    assert rpc.error("eth_sendRawTransaction", other) == "nonce too low: next nonce 1, tx nonce 0"
    assert "underpriced" in rpc.error("eth_sendRawTransaction", signed(0, 2, value=9)[0])
    assert "insufficient funds" in rpc.error("eth_sendRawTransaction", signed(1, 0, value=10**30)[0])
    assert "invalid chain id" in rpc.error("eth_sendRawTransaction", signed(1, 0, chain_id=1)[0])
    fill, _ = signed(0, 1)
    rpc("eth_sendRawTransaction", fill)
    rpc.mined(gap_digest)
    assert rpc("eth_getTransactionCount", ADDRESSES[0], "latest") == "0x3"


def test_a_batch_is_answered_in_order_each_call_for_itself(rpc: Rpc) -> None:
    calls = [
        {"jsonrpc": "2.0", "id": "a", "method": "eth_chainId", "params": []},
        {"jsonrpc": "2.0", "id": 7, "method": "evm_mine", "params": []},
        {"jsonrpc": "2.0", "id": 7, "method": "eth_sendRawTransaction", "params": [signed(0, 0)[0]]},
        {"jsonrpc": "2.0", "id": None, "method": "eth_sendRawTransaction", "params": ["0xzz"]},
        "nonsense",
        {"jsonrpc": "2.0", "id": 9, "method": "eth_getBalance", "params": {"a": 1}},
        {"jsonrpc": "2.0", "id": 10, "method": "eth_getBalance", "params": ["0x1", "latest"]},
    ]
    answers = rpc.post(calls)
    assert [one["id"] for one in answers] == ["a", 7, 7, None, None, 9, 10]
    assert answers[0]["result"] == hex(CHAIN_ID)
    assert answers[2]["result"] == signed(0, 0)[1]
    assert [one["error"]["code"] for one in answers if "error" in one] == [-32601, -32602, -32600, -32602, -32602]


def test_many_senders_keep_their_order_in_one_block(rpc: Rpc) -> None:
    made = [signed(sender, nonce) for nonce in range(40) for sender in range(5)]
    calls = [{"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]} for raw, _ in made]
    rpc.post(calls)
    rpc.mined(made[-1][1])
    mined = [one["hash"] for block in rpc.blocks() for one in block["transactions"]]
    assert mined == [digest for _, digest in made]


def test_a_transaction_the_state_cannot_pay_when_its_turn_comes_is_dropped_alone(rpc: Rpc) -> None:
    balance = int(rpc("eth_getBalance", ADDRESSES[0], "latest"), 16)
    greedy, greedy_digest = signed(0, 0, value=balance - 10**18)
    broke, broke_digest = signed(0, 1, value=balance // 2)
    other, other_digest = signed(1, 0)
    rpc.post(
        [
            {"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [one]}
            for one in (greedy, broke, other)
        ]
    )
    rpc.mined(greedy_digest)
    rpc.mined(other_digest)
    until(lambda: rpc("eth_getTransactionByHash", broke_digest) is None)
    assert rpc("eth_getTransactionCount", ADDRESSES[0], "latest") == "0x1"
    raw, digest = signed(1, 1)
    rpc("eth_sendRawTransaction", raw)
    assert rpc.mined(digest)["status"] == "0x1"


def test_limits_of_size_and_number(shared: Rpc) -> None:
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}
    assert len(shared.post([call] * MAX_BATCH)) == MAX_BATCH
    assert "batch" in shared.post([call] * (MAX_BATCH + 1))["error"]["message"]
    assert "batch" in shared.post([])["error"]["message"]
    assert shared.post(b"{")["error"]["code"] == -32700
    assert shared.post(b"[" * 200_000)["error"]["code"] == -32700
    assert shared.post(b"17")["error"]["code"] == -32600
    with pytest.raises((urllib.error.HTTPError, ConnectionError, urllib.error.URLError)):
        shared.post(b'"' + b"x" * MAX_BODY + b'"')
    assert "oversized" in shared.error("eth_sendRawTransaction", "0x02" + "00" * 140_000)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example:8545"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_web_pages_cannot_reach_the_chain(shared: Rpc, headers: dict[str, str], status: int) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        shared.post({"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}, headers)
    with refused.value as answer:
        assert answer.code == status
        assert "Access-Control-Allow-Origin" not in answer.headers


def test_status_tells_class_head_and_limit(rpc: Rpc) -> None:
    with urllib.request.urlopen(f"{rpc.url}/status", timeout=60) as response:
        status = json.loads(response.read())
    assert status["class"] == "embedded: single operator, not tamper-resistant"
    assert status["head"]["hash"] == rpc("eth_getBlockByNumber", "latest", False)["hash"]
    assert status["slots"] == {"estimate": 0, "limit": 300_000, "warning": False}


def test_without_work_the_heart_beats(node: Node) -> None:
    rpc = node.start("--heartbeat", "0.5")
    until(lambda: rpc.head() >= 3)
    stamps = [int(block["timestamp"], 16) for block in rpc.blocks()]
    assert sorted(set(stamps)) == stamps
    assert abs(stamps[-1] - system_now().timestamp()) < 300, "the time of this machine, not of another zone or unit"


def _checksum(address: str) -> str:
    return checksummed(bytes.fromhex(address[2:]))
