"""The same witness on blocks that a real EVM node made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import rlp

from chain.party.witness.config import ChainPin
from chain.party.witness.run import State, Witness
from chain.proof.checkpoint import HeaderAttestation
from chain.proof.hashing import keccak256
from chain.proof.note import parse_note
from tests.integration.chain.support import ADDRESSES, Node, signed
from tests.integration.witness.evil import Log, Stage

Start = Callable[..., Witness]


@pytest.fixture
def node(tmp_path: Path) -> Iterator[Node]:
    folder = tmp_path / "链"
    folder.mkdir()
    made = Node(folder)
    yield made
    made.kill()


def emitting(log: Log, size: int) -> str:
    """Creation code whose constructor emits HeadAnchored, so that the new contract's address is the emitter."""
    event = log.anchored(size)
    push = b"".join(b"\x7f" + topic for topic in reversed(event.topics))
    code = push + bytes.fromhex("60606000a200")  # LOG2(0, 96), STOP
    copy = bytes.fromhex("6060") + bytes((0x60, 7 + len(code))) + bytes.fromhex("600039")  # CODECOPY(0, behind, 96)
    return "0x" + (copy + code + event.data).hex()


@pytest.mark.parametrize("known", [True, False], ids=["of the log", "of a fork"])
def test_an_anchor_on_a_real_node_is_followed_and_judged(
    stage: Stage, start: Start, log: Log, node: Node, *, known: bool
) -> None:
    rpc = node.start()
    chain_id, genesis = (
        int(rpc("eth_chainId"), 16),
        bytes.fromhex(rpc("eth_getBlockByNumber", "0x0", False)["hash"][2:]),
    )
    sender = bytes.fromhex(ADDRESSES[0][2:])
    contract = keccak256(rlp.encode([sender, 0]))[12:]
    witness = start(
        chain=ChainPin(name="supervision", rpc=(rpc.url,), chain_id=chain_id, genesis=genesis, contract=contract)
    )
    witness.round()

    anchored = log if known else Log(log.origin)
    anchored.grow(0 if known else 5, "other")
    transactions = [signed(1, 0), signed(0, 0, to=None, value=0, gas=500_000, data=emitting(anchored, 5)), signed(2, 0)]
    for raw, _ in transactions:
        rpc("eth_sendRawTransaction", raw)
    mined = [rpc.mined(digest) for _, digest in transactions]
    assert {one["status"] for one in mined} == {"0x1"}

    found = witness.round()
    attested = [HeaderAttestation.parse(parse_note(one).text) for one in stage.notes("/attestations")]
    if known:
        assert found.worst is State.OK
        assert [(one.number, "0x" + one.block_hash.hex()) for one in attested] == [
            (int(mined[1]["blockNumber"], 16), mined[1]["blockHash"])
        ]
    else:
        assert (found.logs[log.origin].state, attested) == (State.ALARM, [])
