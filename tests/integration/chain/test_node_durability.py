"""An embedded chain after kills, tampering and damage: the same blocks, or a refusal."""

import contextlib
import gzip
import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from chain.party.evm import checksummed
from tests.integration.chain.support import CHAIN_ID, RECORDER, Node, Rpc, signed
from tests.ports import free_port
from tests.waiting import until


def fill(rpc: Rpc, rounds: int, *, first: int = 0) -> list[str]:
    """Contract creations, events and transfers by several senders; the hashes, all mined."""
    made: list[str] = []
    for nonce in range(first, first + rounds):
        calls = []
        for sender in range(3):
            changes: dict[str, Any] = {"to": None, "value": 0, "data": RECORDER} if nonce == 0 else {}
            raw, digest = signed(sender, nonce, **changes)
            calls.append({"jsonrpc": "2.0", "id": 1, "method": "eth_sendRawTransaction", "params": [raw]})
            made.append(digest)
        assert all("result" in one for one in rpc.post(calls))
        rpc.mined(made[-1])
    return made


def memory(rpc: Rpc, hashes: list[str]) -> list[object]:
    """All that clients could have seen."""
    receipts = [rpc("eth_getTransactionReceipt", one) for one in hashes]
    return [rpc.blocks(), receipts, rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})]


def answers(rpc: Rpc) -> bool:
    """Whether anybody does, there."""
    try:
        return rpc.head() >= 0
    except OSError:
        return False


def test_a_killed_chain_comes_back_with_the_same_blocks_and_goes_on(node: Node) -> None:
    rpc = node.start()
    hashes = fill(rpc, 3)
    before = memory(rpc, hashes)
    node.kill()
    again = node.start("--port", str(free_port()))
    assert memory(again, hashes) == before
    fill(again, 1, first=3)


def test_the_evm_node_dies_with_its_parent_and_the_parent_ends_with_it(node: Node) -> None:
    rpc = node.start()
    inner = node.inner()
    assert inner("eth_chainId") == hex(CHAIN_ID)
    node.kill()
    until(lambda: not answers(inner))
    rpc = node.start()
    fill(rpc, 1)
    assert node.process is not None
    children = Path(f"/proc/{node.process.pid}/task/{node.process.pid}/children").read_text().split()
    os.kill(int(children[0]), signal.SIGKILL)
    assert node.ended() == 1
    assert "the EVM node" in node.words()


@pytest.mark.parametrize(
    ("failpoint", "snapshot_blocks"),
    [
        ("plan-before-write:4", 1000),
        ("plan-torn:4", 1000),
        ("plan-after-write:4", 1000),
        ("plan-after-fsync:4", 1000),
        ("mined:4", 1000),
        ("done-written:4", 1000),
        ("plan-torn:4", 2),
        ("mined:4", 2),
    ],
)
def test_killed_at_any_point_of_a_block_nothing_seen_is_lost(node: Node, failpoint: str, snapshot_blocks: int) -> None:
    options = ("--port", str(free_port()), "--snapshot-blocks", str(snapshot_blocks), "--heartbeat", "600")
    rpc = node.start(*options, failpoint=failpoint)
    seen: list[str] = []
    blocks: dict[str, str] = {}
    for nonce in range(8):
        raw, digest = signed(0, nonce)
        try:
            rpc("eth_sendRawTransaction", raw)
            seen.append(digest)
            receipt = rpc.mined(digest)
        except OSError:
            break
        blocks[digest] = receipt["blockHash"]
        if snapshot_blocks == nonce + 1:
            until((node.home / "snapshots" / "latest.json").exists)
    assert node.ended() == -signal.SIGKILL
    assert len(blocks) in {3, 4}
    again = node.start("--port", str(free_port()), "--heartbeat", "600")
    for digest, block in blocks.items():
        assert again("eth_getTransactionReceipt", digest)["blockHash"] == block
    planned = failpoint.split(":", maxsplit=1)[0] in {"plan-after-write", "plan-after-fsync", "mined", "done-written"}
    assert again.head() == (4 if planned else 3)
    for digest, nonce in zip(seen[again.head() :], range(again.head(), 9), strict=False):
        again("eth_sendRawTransaction", signed(0, nonce)[0])
        again.mined(digest)
    final = again.blocks()
    node.kill()
    assert node.start("--full-replay", "--heartbeat", "600").blocks() == final


@pytest.mark.parametrize("failpoint", ["snapshot-written", "snapshot-published"])
def test_killed_while_a_snapshot_is_made_the_chain_comes_back(node: Node, failpoint: str) -> None:
    rpc = node.start("--port", str(free_port()), "--snapshot-blocks", "2", failpoint=failpoint)
    hashes = fill(rpc, 3)
    until(lambda: list((node.home / "snapshots").glob("*.state")))
    before = memory(rpc, hashes)
    node.kill()
    assert memory(node.start(), hashes) == before


def test_from_a_snapshot_old_blocks_receipts_and_events_stay_readable_and_new_hashes_are_those_of_a_full_replay(
    node: Node,
) -> None:
    rpc = node.start("--port", str(free_port()), "--snapshot-blocks", "3")
    hashes = fill(rpc, 4)
    contract = checksummed(bytes.fromhex(rpc("eth_getTransactionReceipt", hashes[0])["contractAddress"][2:]))
    hashes.append(_record(rpc, contract, 3, 0))
    until((node.home / "snapshots" / "latest.json").exists)
    hashes += fill(rpc, 1, first=4)
    before = memory(rpc, hashes)
    assert before[2], "events are part of what must stay"
    node.kill()
    again = node.start()
    assert memory(again, hashes) == before
    hashes.append(_record(again, contract, 3, 1))
    after = memory(again, hashes)
    node.kill()
    assert memory(node.start("--full-replay"), hashes) == after


@pytest.mark.parametrize("damage", ["cut", "changed", "other", "manifest", "state"])
def test_a_snapshot_that_does_not_fit_costs_time_only(node: Node, damage: str) -> None:
    rpc = node.start("--port", str(free_port()), "--snapshot-blocks", "2")
    hashes = fill(rpc, 3)
    manifest = node.home / "snapshots" / "latest.json"
    until(manifest.exists)
    before = memory(rpc, hashes)
    node.kill()
    state = next((node.home / "snapshots").glob("*.state"))
    data = state.read_bytes()
    value = json.loads(manifest.read_text())
    if damage == "cut":
        state.write_bytes(data[:-10])
    elif damage == "changed":
        state.write_bytes(data[:50] + bytes((data[50] ^ 1,)) + data[51:])
    elif damage == "manifest":
        manifest.write_text("{")
    else:
        from chain.proof.hashing import sha256

        dump = json.loads(gzip.decompress(data))
        if damage == "state":
            next(iter(dump["accounts"].values()))["balance"] = "0x1"
        else:
            value["hash"] = "0x" + "00" * 32
        data = gzip.compress(json.dumps(dump).encode())
        state.write_bytes(data)
        manifest.write_text(json.dumps(value | {"digest": sha256(data).hex()}))
    assert memory(node.start(), hashes) == before


def test_state_written_past_the_journal_is_found_at_the_next_start(node: Node) -> None:
    rpc = node.start()
    fill(rpc, 1)
    contract = rpc("eth_getTransactionReceipt", signed(0, 0, to=None, value=0, data=RECORDER)[1])["contractAddress"]
    node.inner()("anvil_setStorageAt", contract, "0x" + "00" * 32, "0x" + "00" * 31 + "07")
    fill(rpc, 1, first=1)
    node.kill()
    node.spawn()
    assert node.ended() == 1
    words = node.words()
    assert "replays as" in words
    assert "The state was changed past the journal" in words


def test_state_written_past_the_journal_is_found_by_the_next_snapshot(node: Node) -> None:
    rpc = node.start("--port", str(free_port()), "--snapshot-blocks", "4")
    fill(rpc, 1)
    contract = rpc("eth_getTransactionReceipt", signed(0, 0, to=None, value=0, data=RECORDER)[1])["contractAddress"]
    node.inner()("anvil_setStorageAt", contract, "0x" + "00" * 32, "0x" + "00" * 31 + "07")
    with contextlib.suppress(OSError, AssertionError):  # it ends, or refuses, as soon as it finds out
        fill(rpc, 8, first=1)
    assert node.ended() == 1
    assert "cannot be replayed" in node.words()
    assert not (node.home / "endpoint.json").exists()


def test_a_block_mined_behind_the_journal_stops_the_chain_and_is_gone_after_a_restart(node: Node) -> None:
    rpc = node.start()
    hashes = fill(rpc, 2)
    before = rpc.blocks()
    inner = node.inner()
    inner("evm_mine")
    rpc("eth_sendRawTransaction", signed(0, 2)[0])
    assert node.ended() == 1
    assert "somebody else drove the EVM node" in node.words()
    again = node.start()
    assert again.blocks(len(before) - 1) == before
    assert again("eth_getTransactionReceipt", hashes[0])["status"] == "0x1"
    assert again("eth_getTransactionReceipt", signed(0, 2)[1])["status"] == "0x1", "its plan was durable"
    raw, digest = signed(0, 3)
    again("eth_sendRawTransaction", raw)
    again.mined(digest)


def test_a_changed_journal_is_refused(node: Node) -> None:
    fill(node.start(), 2)
    node.kill()
    journal = node.home / "journal"
    data = journal.read_bytes()
    place = data.index(b'"time":') + 10
    journal.write_bytes(data[:place] + bytes((data[place] ^ 1,)) + data[place + 1 :])
    node.spawn()
    assert node.ended() == 1
    assert "damaged" in node.words()
    assert journal.stat().st_size == len(data), "nothing is cut from a damaged journal"


def test_a_lost_journal_or_identity_is_refused(node: Node) -> None:
    fill(node.start(), 1)
    node.kill()
    (node.home / "chain.json").rename(node.home / "away")
    node.spawn()
    assert node.ended() == 1
    assert "restore it from a copy" in node.words()


def test_a_second_start_on_the_same_home_is_refused(node: Node) -> None:
    rpc = node.start()
    other = Node(node.home)
    endpoint = (node.home / "endpoint.json").read_text()
    other.spawn()
    (node.home / "endpoint.json").write_text(endpoint)  # the helper clears it before a start
    assert other.ended() == 1
    assert "in use by another process" in other.words()
    assert rpc.head() >= 0
    other.kill()


def test_a_clean_stop_ends_well_and_takes_the_endpoint_back(node: Node) -> None:
    rpc = node.start()
    fill(rpc, 1)
    assert node.process is not None
    node.process.terminate()
    assert node.ended() == 0
    assert not (node.home / "endpoint.json").exists()


def test_the_port_is_kept_and_a_taken_one_is_told(node: Node, home: Path, tmp_path: Path) -> None:
    first = node.start("--heartbeat", "60")
    node.kill()
    assert node.start("--heartbeat", "60").url == first.url
    node.kill()
    squatter = Node(tmp_path / "other")
    port = first.url.rpartition(":")[2]
    squatter.start("--port", port)
    assert node.start("--heartbeat", "60").url != first.url
    node.kill()
    node.spawn("--port", port)
    assert node.ended() == 1
    assert f"port {port} is in use" in node.words()
    squatter.kill()


def test_a_home_is_of_one_chain_with_its_funds(node: Node) -> None:
    node.start()
    node.kill()
    for extra, words in [
        (("--chain-id", "9"), "holds chain 7001, not 9"),
        (("--fund", "0x" + "77" * 20), "without funds for 0x7777777777777777777777777777777777777777"),
    ]:
        node.spawn(*extra)
        assert node.ended() == 1
        assert words in node.words()
        node.kill()


def _record(rpc: Rpc, contract: str, sender: int, nonce: int) -> str:
    raw, digest = signed(sender, nonce, to=contract, value=0, data=bytes((nonce + 1,)) * 32)
    rpc("eth_sendRawTransaction", raw)
    rpc.mined(digest)
    return digest
