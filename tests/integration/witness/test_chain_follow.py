"""What a witness attests, and what it never does: against a lying RPC over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.party.errors import ConfigError
from chain.party.witness.config import ChainPin, WitnessConfig
from chain.party.witness.run import State, Witness
from chain.proof.checkpoint import HeaderAttestation
from chain.proof.encoding import to_hex
from chain.proof.ethereum import EventLog, TransactionReceipt, bloom_of, encode_header, encode_receipt
from chain.proof.hashing import keccak256
from chain.proof.note import SignatureType, VerifierKey, parse_note, verify_note
from chain.proof.trie import build_trie, index_key
from tests.integration.witness.conftest import KEY
from tests.integration.witness.evil import CHAIN_ID, CONTRACT, Chain, Log, Stage, fork_of

Start = Callable[..., Witness]
PLAIN = VerifierKey(KEY.name, SignatureType.ED25519, KEY.public)
Json = dict[str, Any]


def attested(stage: Stage) -> list[tuple[int, bytes]]:
    """(number, hash) of the attested blocks, every signature verified."""
    found = []
    for body in stage.notes("/v1/chains/supervision/attestations"):
        note = parse_note(body)
        assert len(verify_note(note, [PLAIN])) == 1
        statement = HeaderAttestation.parse(note.text)
        assert (statement.chain_id, statement.genesis) == (CHAIN_ID, stage.chain.genesis)
        found.append((statement.number, statement.block_hash))
    return found


def test_the_block_of_a_known_head_is_attested_once(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    witness.round()
    stage.chain.mine()
    stage.chain.mine(log.anchored(5))
    stage.chain.mine()
    assert witness.round().worst is State.OK
    witness.round()
    start().round()
    assert attested(stage) == [(2, stage.chain.hash(2))]


def test_blocks_without_anchors_are_followed_in_silence(stage: Stage, start: Start, tmp_path: Path) -> None:
    for _ in range(5):
        stage.chain.mine()
    start().round()
    assert attested(stage) == []
    state = json.loads((tmp_path / "home" / "chain" / "followed.json").read_text())
    assert (state["number"], state["hash"]) == (5, to_hex(stage.chain.hash(5)))


def test_the_head_of_any_size_the_log_had_is_known(stage: Stage, start: Start, log: Log) -> None:
    log.grow(400)
    stage.chain.mine(log.anchored(300))  # a size that was never cosigned: told from the mirror
    witness = start()
    assert witness.round().worst is State.OK
    assert attested(stage) == [(1, stage.chain.hash(1))]


def test_an_anchor_ahead_of_the_log_waits_for_it(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    witness.round()
    log.grow(10)
    log.shown_size = 5
    stage.chain.mine(log.anchored(15))
    assert witness.round().worst is State.OK
    assert attested(stage) == []
    log.shown_size = None
    assert start().round().worst is State.OK
    assert attested(stage) == [(1, stage.chain.hash(1))]


@pytest.mark.parametrize("size", [5, 4])
def test_an_anchored_head_that_contradicts_raises_an_alarm(
    stage: Stage, start: Start, log: Log, tmp_path: Path, size: int
) -> None:
    witness = start()
    witness.round()
    stage.chain.mine(log.anchored(size, fork_of(log, 1, size).root()))
    found = witness.round().logs[log.origin]
    assert (found.state, found.kind) == (State.ALARM, "anchor-contradicts")
    log.grow(1)
    assert start().round().worst is State.ALARM
    assert attested(stage) == []
    assert len(stage.notes("/cosignatures")) == 1
    (kept,) = (tmp_path / "home" / "evidence").glob("anchor-contradicts-*.json")
    material = json.loads(kept.read_text())["material"]
    assert material["cosigned"] == stage.notes("/cosignatures")[0].split("— witness")[0]
    assert material["anchored"] == {"size": size, "root": to_hex(fork_of(log, 1, size).root())}


def test_a_block_with_one_contradiction_is_attested_for_nobody(stage: Stage, start: Start, log: Log) -> None:
    good = Log("log.example/good")
    good.grow(3)
    stage.logs["log_1"] = good
    witness = start()
    witness.round()
    stage.chain.mine(good.anchored(3), log.anchored(5, bytes(32)))
    witness.round()
    assert attested(stage) == []


def test_attestations_wait_for_a_service_that_is_away(stage: Stage, start: Start, log: Log, tmp_path: Path) -> None:
    stage.statuses["/v1/chains/supervision/attestations"] = 503
    stage.chain.mine(log.anchored(5))
    start().round()
    assert start().round().worst is State.UNREACHABLE
    (kept,) = (tmp_path / "home" / "chain" / "attestations").rglob("*.note")
    stage.statuses.clear()
    assert start().round().worst is State.OK
    assert stage.notes("/attestations") == [kept.read_text()]


def test_receipts_are_asked_one_by_one_of_a_node_that_knows_no_better(stage: Stage, start: Start, log: Log) -> None:
    stage.lies["eth_getBlockReceipts"] = lambda _: ...
    start().round()
    stage.chain.mine(log.anchored(5), EventLog(b"\x01" * 20, (), b"other contract"))
    assert start().round().worst is State.OK
    assert attested(stage) == [(1, stage.chain.hash(1))]


# --- lies about blocks


def _resealed(block: Json, **changes: Any) -> Json:
    """A block whose hash was made to fit."""
    changed = {**block, **changes}
    return {**changed, "hash": to_hex(keccak256(encode_header(changed)))}


def _only(number: int, lie: Callable[[Json], Any]) -> Callable[[Any], Any]:
    """Lies about one block alone."""

    def told(block: Any) -> Any:
        return lie(block) if isinstance(block, dict) and block["number"] == hex(number) else block

    return told


LIES_ABOUT_BLOCKS: dict[str, tuple[str, Callable[[Json], Any]]] = {
    "fabricated, hash kept": ("header-fabricated", lambda block: {**block, "stateRoot": "0x" + "11" * 32}),
    "fabricated, other parent": (
        "not-descending",
        lambda block: _resealed(block, parentHash="0x" + "11" * 32),
    ),
    "number of another": ("header-fabricated", lambda block: _resealed(block, number="0x63")),
    "field missing": ("header-fabricated", lambda block: {k: v for k, v in block.items() if k != "receiptsRoot"}),
    "no hexadecimal": ("header-fabricated", lambda block: {**block, "stateRoot": "zz"}),
    "short hash": ("header-fabricated", lambda block: _resealed(block, receiptsRoot="0x1234")),
    "no object": ("header-fabricated", lambda _: [1, 2]),
    "a boolean": ("header-fabricated", lambda _: True),
    "no hash": ("header-fabricated", lambda block: {k: v for k, v in block.items() if k != "hash"}),
    "missing below the tip": ("ResponseRefused", lambda _: None),
}


@pytest.mark.parametrize("lie", LIES_ABOUT_BLOCKS)
def test_a_lie_about_a_block_is_refused(stage: Stage, start: Start, log: Log, lie: str) -> None:
    kind, told = LIES_ABOUT_BLOCKS[lie]
    stage.chain.mine()
    stage.chain.mine(log.anchored(5))
    stage.lies["eth_getBlockByNumber"] = _only(2, told)
    witness = start()
    found = witness.round()
    assert (found.chain.state, found.chain.kind) == (State.REFUSED, kind)
    assert attested(stage) == []
    stage.lies.clear()
    assert witness.round().worst is State.OK
    assert attested(stage) == [(2, stage.chain.hash(2))]


def test_a_lie_about_the_chain_keeps_no_log_from_being_cosigned(stage: Stage, start: Start) -> None:
    stage.lies["eth_chainId"] = lambda _: "0x1"
    found = start().round()
    assert found.chain.kind == "chain-other"
    assert len(stage.notes("/cosignatures")) == 1


def test_another_genesis_is_refused(stage: Stage, start: Start, log: Log) -> None:
    honest = stage.chain
    stage.chain = Chain("another")
    stage.chain.mine(log.anchored(5))
    found = start().round()
    assert found.chain.kind == "genesis-other"
    assert stage.notes("/attestations") == []
    stage.chain = honest
    assert start().round().worst is State.OK


def _mined(chain: Chain, *blocks: list[EventLog]) -> Chain:
    for events in blocks:
        chain.mine(*events)
    return chain


def test_a_shortened_chain_is_refused_until_it_is_back(stage: Stage, start: Start, tmp_path: Path) -> None:
    whole = _mined(stage.chain, [], [], [])
    shorter = whole.copy()
    del shorter.blocks[2:]
    start().round()
    stage.chain = shorter
    assert start().round().chain.kind == "chain-shorter"
    stage.chain = whole
    assert start().round().worst is State.OK
    assert len(list((tmp_path / "home" / "evidence").glob("chain-shorter-*"))) == 1


@pytest.mark.parametrize(("longer", "kind"), [(0, "chain-replaced"), (3, "not-descending")])
def test_a_replaced_history_is_refused_with_evidence(
    stage: Stage, start: Start, log: Log, tmp_path: Path, longer: int, kind: str
) -> None:
    common = _mined(stage.chain, [])
    other = common.copy()
    _mined(common, [log.anchored(5)], [])
    # The same contract, the same genesis, an own history: what an operator with the node can do.
    _mined(other, [], [log.anchored(5)], *([[]] * longer))
    start().round()
    stage.chain = other
    assert start().round().chain.kind == kind
    assert attested(stage) == [(2, common.hash(2))]
    (kept,) = (tmp_path / "home" / "evidence").glob(f"{kind}-*.json")
    material = json.loads(kept.read_text())["material"]
    assert material["followed"] == {"number": 3, "hash": to_hex(common.hash(3))}
    number = 3 if longer == 0 else 4
    assert keccak256(bytes.fromhex(material["header"][2:])) == other.hash(number)


# --- lies about receipts


def _forged_event(stage: Stage, log: Log) -> Callable[[Any], Any]:
    """Receipts in which the contract anchors a head; the header's root is of others."""
    donor = stage.chain.copy()
    donor.mine(log.anchored(5))
    return lambda _: donor.receipts[-1]


LIES_ABOUT_RECEIPTS: dict[str, Callable[[list[Json]], Any]] = {
    "event removed": lambda receipts: [{**receipts[0], "logs": []}, *receipts[1:]],
    "other root": lambda receipts: [_with_data(receipts[0], 63), *receipts[1:]],
    "other size": lambda receipts: [_with_data(receipts[0], 31), *receipts[1:]],
    "one left out": lambda receipts: receipts[:-1],
    "all left out": lambda _: [],
    "one twice": lambda receipts: [*receipts, receipts[0]],
    "order changed": lambda receipts: [
        {**one, "transactionIndex": hex(len(receipts) - 1 - i)} for i, one in enumerate(receipts)
    ],
    "said to have failed": lambda receipts: [{**receipts[0], "status": "0x0"}, *receipts[1:]],
    "other emitter": lambda receipts: [_emitted_by(receipts[0], "0x" + "11" * 20), *receipts[1:]],
    "no receipts": lambda _: [{}],
    "no list": lambda _: [7],
}


def _with_data(receipt: Json, place: int) -> Json:
    data = bytearray.fromhex(receipt["logs"][0]["data"][2:])
    data[place] ^= 1
    return {**receipt, "logs": [{**receipt["logs"][0], "data": to_hex(bytes(data))}]}


def _emitted_by(receipt: Json, address: str) -> Json:
    return {**receipt, "logs": [{**receipt["logs"][0], "address": address}]}


@pytest.mark.parametrize("lie", LIES_ABOUT_RECEIPTS)
def test_a_lie_about_receipts_is_refused(stage: Stage, start: Start, log: Log, lie: str) -> None:
    stage.chain.mine(log.anchored(5), log.anchored(4))
    stage.lies["eth_getBlockReceipts"] = LIES_ABOUT_RECEIPTS[lie]
    witness = start()
    found = witness.round()
    assert (found.chain.state, found.chain.kind) == (State.REFUSED, "receipts-wrong")
    assert attested(stage) == []
    stage.lies.clear()
    assert witness.round().worst is State.OK
    assert attested(stage) == [(1, stage.chain.hash(1))]


def test_a_forged_event_is_refused(stage: Stage, start: Start, log: Log) -> None:
    forged = fork_of(log, 0, 5)
    stage.chain.mine(log.anchored(5))
    stage.lies["eth_getBlockReceipts"] = _forged_event(stage, forged)
    found = start().round()
    assert found.chain.kind == "receipts-wrong"
    assert found.logs[log.origin].state is State.OK  # a lying node is no proof against the log


def test_a_forged_event_in_a_made_up_block_is_refused(stage: Stage, start: Start, log: Log) -> None:
    """Header, bloom and receipts fit each other perfectly; only the chain behind does not lead there."""
    honest = stage.chain.copy()
    start().round()
    honest.mine()
    forged = log.anchored(5, bytes(32))
    receipt = TransactionReceipt(2, 1, 21000, bloom_of([forged]), (forged,))
    root, _ = build_trie([(index_key(0), encode_receipt(receipt))])
    made_up = _resealed(
        honest.blocks[1],
        parentHash="0x" + "22" * 32,
        receiptsRoot=to_hex(root),
        logsBloom=to_hex(bloom_of([forged])),
    )
    honest.blocks[1] = made_up
    stage.chain = honest
    found = start().round()
    assert found.chain.kind == "not-descending"
    assert found.logs[log.origin].state is State.OK


def test_the_event_of_another_contract_anchors_nothing(stage: Stage, start: Start, log: Log) -> None:
    mine = log.anchored(5, bytes(32))
    foreign = EventLog(b"\x01" * 20, mine.topics, mine.data)
    stage.chain.mine(foreign)
    stage.chain.mine(foreign, log.anchored(5), foreign)
    assert start().round().worst is State.OK
    assert attested(stage) == [(2, stage.chain.hash(2))]


def test_an_anchor_cannot_be_hidden_behind_a_false_bloom(stage: Stage, start: Start, log: Log) -> None:
    stage.chain.mine(log.anchored(5, bytes(32)))
    stage.lies["eth_getBlockByNumber"] = _only(1, lambda block: {**block, "logsBloom": "0x" + "00" * 256})
    assert start().round().chain.kind == "header-fabricated"


# --- nodes and finality


def test_another_node_is_asked_when_one_lies(stage: Stage, start: Start, config: WitnessConfig, log: Log) -> None:
    stage.chain.mine(log.anchored(5))
    with Stage() as liar:
        liar.chain = Chain("another")
        chain = ChainPin(
            name="supervision",
            rpc=(liar.url, "http://127.0.0.1:1", stage.url),
            chain_id=CHAIN_ID,
            genesis=stage.chain.genesis,
            contract=CONTRACT,
        )
        assert start(chain=chain).round().worst is State.OK
    assert attested(stage) == [(1, stage.chain.hash(1))]


@pytest.mark.parametrize(("finality", "reached"), [("immediate", 6), ("confirmations:4", 2), ("finalized", 4)])
def test_nothing_above_finality_is_followed(
    stage: Stage, start: Start, config: WitnessConfig, tmp_path: Path, finality: str, reached: int
) -> None:
    _mined(stage.chain, *([[]] * 6))
    pin = config.chain
    chain = ChainPin(
        name=pin.name,
        rpc=pin.rpc,
        chain_id=pin.chain_id,
        genesis=pin.genesis,
        contract=pin.contract,
        finality=finality,
    )
    assert start(chain=chain).round().worst is State.OK
    assert json.loads((tmp_path / "home" / "chain" / "followed.json").read_text())["number"] == reached


def test_a_home_that_followed_another_chain_is_refused(stage: Stage, start: Start, config: WitnessConfig) -> None:
    start().round()
    pin = config.chain
    other = ChainPin(name=pin.name, rpc=pin.rpc, chain_id=pin.chain_id, genesis=bytes(32), contract=pin.contract)
    with pytest.raises(ConfigError, match="another chain"):
        start(chain=other)


def test_a_chain_that_is_away_is_no_misbehaviour(stage: Stage, start: Start, config: WitnessConfig) -> None:
    pin = config.chain
    away = ChainPin(
        name=pin.name, rpc=("http://127.0.0.1:1",), chain_id=pin.chain_id, genesis=pin.genesis, contract=pin.contract
    )
    found = start(chain=away).round()
    assert (found.worst, found.chain.state) == (State.UNREACHABLE, State.UNREACHABLE)
    assert len(stage.notes("/cosignatures")) == 1
