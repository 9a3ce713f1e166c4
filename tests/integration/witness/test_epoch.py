"""A chain was lost: a witness follows its successor only when its own operator says so, and signs only what it saw."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chain.party.errors import ConfigError
from chain.party.witness.config import WitnessConfig, load
from chain.party.witness.run import State, Witness
from chain.proof.checkpoint import HeaderAttestation
from chain.proof.epoch import AnchoredHead, EpochStatement, heads_tree
from chain.proof.ethereum import EventLog, log_id
from chain.proof.hashing import sha256
from chain.proof.note import NoteSigner, SignatureType, VerifierKey, parse_note, verify_note
from tests.integration.witness.conftest import KEY
from tests.integration.witness.evil import CHAIN_ID, Chain, Log, Stage, fork_of

Start = Callable[..., Witness]
PLAIN = VerifierKey(KEY.name, SignatureType.ED25519, KEY.public)
STATEMENTS = "/v1/chains/supervision/statements"


@pytest.fixture
def other(stage: Stage) -> Log:
    """A second log, so that the order over logs counts."""
    made = Log("log.example/register")
    made.grow(9)
    stage.logs["log_1"] = made
    return made


def heads(log: Log, other: Log) -> list[tuple[Log, int]]:
    return [(log, 2), (other, 4), (log, 3), (other, 9), (log, 5)]


def events(order: list[tuple[Log, int]]) -> list[EventLog]:
    return [log.anchored(size) for log, size in order]


def tree_of(order: list[tuple[Log, int]]) -> tuple[int, bytes]:
    tree = heads_tree(AnchoredHead(log_id(log.origin), size, log.root(size)) for log, size in order)
    return tree.size, tree.root()


class Land:
    """A stage whose chain is lost, and the witness's home told of its successor."""

    def __init__(self, stage: Stage, start: Start, config: WitnessConfig, log: Log, other: Log) -> None:
        self.stage, self.log, self.other = stage, log, other
        stage.chain.mine(log.opened(), other.opened())
        for event in events(heads(log, other)):
            stage.chain.mine(event)
        assert start().round().worst is State.OK
        self.lost = stage.chain
        self.chain = Chain("the next one")
        self.chain.chain_id = CHAIN_ID + 1
        pin = replace(config.chain, chain_id=CHAIN_ID + 1, genesis=self.chain.genesis, epoch=2)
        self.config = config.followed_by(pin)
        stage.chain = self.chain
        self.changes = {"chain": pin, "past": self.config.past}

    def statements(self) -> list[EpochStatement]:
        """What was posted, every signature verified."""
        found = []
        for body in self.stage.notes(STATEMENTS):
            note = parse_note(body)
            assert len(verify_note(note, [PLAIN])) == 1
            found.append(EpochStatement.parse(note.text))
        return found


@pytest.fixture
def land(stage: Stage, start: Start, config: WitnessConfig, log: Log, other: Log) -> Land:
    return Land(stage, start, config, log, other)


def test_a_new_chain_is_not_followed_on_the_services_word(land: Land, start: Start) -> None:
    land.chain.chain_id = CHAIN_ID
    for _ in range(20):
        land.chain.mine()
    found = start().round()
    assert (found.chain.state, found.chain.kind) == (State.REFUSED, "not-descending")
    assert land.statements() == []


def test_all_heads_again_in_order_are_stated_once(land: Land, start: Start, log: Log, other: Log) -> None:
    order = heads(log, other)
    land.chain.mine(log.opened(), other.opened())
    land.chain.mine(*events(order[:2]))
    witness = start(**land.changes)
    found = witness.round()
    assert (found.worst, land.statements()) == (State.OK, [])
    land.chain.mine(*events(order[2:]))
    log.grow(3)
    land.chain.mine(log.anchored(8))  # and on
    assert witness.round().worst is State.OK
    witness.round()
    count, root = tree_of(order)
    pins = (land.config.past[0].pinned, land.config.chain.pinned)
    assert land.statements() == [EpochStatement(*pins, count, root)]
    assert start(**land.changes).round().worst is State.OK
    assert set(land.statements()) == {EpochStatement(*pins, count, root)}  # told again by a new process, the same
    chains = {HeaderAttestation.parse(parse_note(one).text).chain_id for one in land.stage.notes("/attestations")}
    assert chains == {CHAIN_ID, CHAIN_ID + 1}


def lies(log: Log, other: Log) -> dict[str, list[EventLog]]:
    order = heads(log, other)
    forged = fork_of(log, 0, 3)
    return {
        "one left out": events([*order[:1], *order[2:]]),
        "the last left out, and on": [*events(order[:-1]), log.anchored(4)],
        "another order over logs": events([order[1], order[0], *order[2:]]),
        "one more before": events([(other, 1), *order]),
        "one twice over": events([*order[:3], (other, 5), *order[3:]]),
        "another tree": [*events(order[:2]), forged.anchored(3), *events(order[3:])],
    }


@pytest.mark.parametrize("lie", range(6))
def test_other_heads_or_another_order_are_not_signed(
    land: Land, start: Start, log: Log, other: Log, tmp_path: Path, lie: int
) -> None:
    name, told = list(lies(log, other).items())[lie]
    land.chain.mine(log.opened(), other.opened())
    for event in told:
        land.chain.mine(event)
    witness = start(**land.changes)
    for _ in range(2):
        found = witness.round()
        assert (found.epoch.state, found.epoch.kind) == (State.REFUSED, "epoch-differs"), name
    assert land.statements() == []
    (kept,) = (tmp_path / "home" / "evidence").glob("epoch-differs-*.json")
    material = json.loads(kept.read_text())["material"]
    assert material["lost"] != material["next"]


def test_logs_of_others_on_the_same_contract_do_not_count(land: Land, start: Start, log: Log, other: Log) -> None:
    stranger = Log("elsewhere.example/log")
    stranger.grow(4)
    order = heads(log, other)
    land.chain.mine(stranger.anchored(2), *events(order[:3]), stranger.anchored(4), *events(order[3:]))
    assert start(**land.changes).round().epoch.state is State.OK
    assert [(one.count, one.root) for one in land.statements()] == [tree_of(order)]


def test_a_witness_speaks_of_what_it_had_seen(stage: Stage, start: Start, config: WitnessConfig, log: Log) -> None:
    land = Land(stage, start, config, log, log_of(stage))
    unseen = log.anchored(5)
    land.lost.mine(unseen)  # it was down, and the chain is gone
    land.chain.mine(*events(heads(log, land.other)), unseen)
    assert start(**land.changes).round().worst is State.OK
    assert [(one.count, one.root) for one in land.statements()] == [tree_of(heads(log, land.other))]


def log_of(stage: Stage) -> Log:
    made = Log("log.example/register")
    made.grow(9)
    stage.logs["log_1"] = made
    return made


def test_a_log_opened_with_another_key_is_not_cosigned(land: Land, start: Start, log: Log, other: Log) -> None:
    thief = NoteSigner(log.origin, SignatureType.ED25519, b"\x66" * 32)
    opened = log.opened()
    key = sha256(log.signer.key.public)
    assert key in opened.data
    land.chain.mine(replace(opened, data=opened.data.replace(key, sha256(thief.key.public))), other.opened())
    found = start(**land.changes).round()
    assert (found.logs[log.origin].state, found.logs[log.origin].kind) == (State.REFUSED, "key-other")
    assert found.logs[other.origin].state is State.OK


def test_heads_survive_a_kill_and_are_counted_once(land: Land, start: Start, tmp_path: Path) -> None:
    file = tmp_path / "home" / "chain" / "heads.bin"
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:100])  # written, and killed before the state that counts it
    start(**land.changes)
    assert file.read_bytes() == whole
    file.write_bytes(whole[:-1])
    with pytest.raises(ConfigError, match="lost heads"):
        start(**land.changes)


def test_a_home_from_before_heads_were_counted_follows_once_more(
    stage: Stage, start: Start, log: Log, tmp_path: Path
) -> None:
    stage.chain.mine(log.opened(), log.anchored(5))
    start().round()
    folder = tmp_path / "home" / "chain"
    state = json.loads((folder / "followed.json").read_text())
    assert state.pop("heads") == 1
    (folder / "followed.json").write_text(json.dumps(state))
    (folder / "heads.bin").unlink()
    assert start().round().worst is State.OK
    assert json.loads((folder / "followed.json").read_text())["heads"] == 1


def test_pins_of_an_epoch_are_kept_and_must_be_another_chain(config: WitnessConfig, tmp_path: Path) -> None:
    good = replace(config.chain, chain_id=CHAIN_ID + 1, genesis=bytes(32), epoch=2)
    after = config.followed_by(good)
    after.write(tmp_path)
    assert load(tmp_path) == after
    for bad in (
        replace(good, epoch=3),
        replace(config.chain, epoch=2),
        replace(config.chain, epoch=2, contract=bytes(20)),
        replace(config.chain, epoch=2, genesis=bytes(32)),
    ):
        with pytest.raises(ConfigError):
            config.followed_by(bad)
