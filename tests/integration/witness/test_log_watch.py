"""What a witness cosigns, and what it never does: over real HTTP, against a server that shows forks."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.party.witness.run import State, Witness
from chain.proof.checkpoint import Checkpoint, HeadStatement
from chain.proof.merkle import empty_root
from chain.proof.note import NoteSigner, SignatureType, VerifierKey, parse_note, sign_note, verify_note
from chain.proof.tiles import tile_path
from tests.integration.witness.conftest import KEY, Clock
from tests.integration.witness.evil import Log, Stage, fork_of

Start = Callable[..., Witness]
COSIGNER = VerifierKey(KEY.name, SignatureType.COSIGNATURE, KEY.public)


def cosigned(stage: Stage) -> list[tuple[int, int]]:
    """(size, time) of what was cosigned, every signature verified."""
    found = []
    for body in stage.notes("/cosignatures"):
        note = parse_note(body)
        (signature,) = verify_note(note, [COSIGNER])
        assert signature.time is not None
        found.append((Checkpoint.parse(note.text).size, signature.time))
    return found


def evidence(home: Path) -> list[dict[str, Any]]:
    return [json.loads(one.read_text()) for one in sorted((home / "evidence").glob("*.json"))]


def test_a_growing_log_is_cosigned_head_by_head(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    assert witness.round().worst is State.OK
    log.grow(300)
    assert witness.round().worst is State.OK
    log.grow(1)
    assert witness.round().worst is State.OK
    assert [size for size, _ in cosigned(stage)] == [5, 305, 306]


def test_the_posted_note_still_carries_the_logs_signature(stage: Stage, start: Start, log: Log) -> None:
    start().round()
    note = parse_note(stage.notes("/cosignatures")[0])
    assert [one.key.name for one in verify_note(note, [log.signer.key, COSIGNER])] == [log.origin, KEY.name]


def test_a_head_that_rests_is_cosigned_again_after_a_while(stage: Stage, start: Start, clock: Clock) -> None:
    witness = start(refresh_s=60)
    witness.round()
    clock.pass_seconds(59)
    witness.round()
    assert len(cosigned(stage)) == 1
    clock.pass_seconds(1)
    witness.round()
    (_, first), (_, second) = cosigned(stage)
    assert second == first + 60


def test_the_head_is_on_disk_before_it_is_posted(stage: Stage, start: Start, log: Log, tmp_path: Path) -> None:
    stage.statuses["/v1/logs/log_0/cosignatures"] = 503
    assert start().round().worst is State.UNREACHABLE
    (file,) = (tmp_path / "home" / "logs").glob("*/head.note")
    assert parse_note(file.read_text()).text == Checkpoint(log.origin, 5, log.root()).text()
    stage.statuses.clear()
    log.leaves = fork_of(log, 2, 5).leaves
    assert start().round().worst is State.ALARM
    assert cosigned(stage) == []


def test_two_roots_at_one_size_raise_an_alarm_that_stands(stage: Stage, start: Start, log: Log, tmp_path: Path) -> None:
    witness = start()
    witness.round()
    honest = log.leaves
    before = log.checkpoint()
    log.leaves = fork_of(log, 3, 5).leaves
    after = log.checkpoint()
    assert witness.round().logs[log.origin].kind == "fork"
    (found,) = evidence(tmp_path / "home")
    assert {found["material"]["cosigned"], found["material"]["seen"]} == {before, after}
    # Even when the log shows its first face again, by another process: a person has to look.
    log.leaves = honest
    log.grow(1)
    assert start().round().worst is State.ALARM
    assert [size for size, _ in cosigned(stage)] == [5]
    status = json.loads((tmp_path / "home" / "status.json").read_text())
    assert status["worst"] == "alarm"
    assert status["logs"][log.origin]["kind"] == "fork"


def test_a_split_view_is_seen_although_each_view_is_consistent(
    stage: Stage, start: Start, log: Log, tmp_path: Path
) -> None:
    other = fork_of(log, 3, 9)
    with Stage(other) as second:
        second.chain = stage.chain
        assert start().round().worst is State.OK
        found = start(api=second.url).round().logs[log.origin]
        assert (found.state, found.kind) == (State.REFUSED, "inconsistent")
        assert second.notes("/cosignatures") == []
    (kept,) = evidence(tmp_path / "home")
    assert kept["material"]["cosigned"] == log.checkpoint()
    assert kept["material"]["seen"] == other.checkpoint()


def test_a_refusal_passes_when_the_log_comes_back(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    witness.round()
    honest = [*log.leaves]
    log.leaves = fork_of(log, 3, 9).leaves
    assert witness.round().worst is State.REFUSED
    assert witness.round().worst is State.REFUSED
    log.leaves = honest
    log.grow(2)
    assert witness.round().worst is State.OK
    assert [size for size, _ in cosigned(stage)] == [5, 7]


def test_evidence_of_one_thing_is_kept_once(stage: Stage, start: Start, log: Log, tmp_path: Path) -> None:
    witness = start()
    witness.round()
    log.leaves = fork_of(log, 3, 9).leaves
    witness.round()
    witness.round()
    start().round()
    assert len(evidence(tmp_path / "home")) == 1


def test_a_log_that_shrinks_is_not_cosigned(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    log.grow(10)
    witness.round()
    log.shown_size = 9
    found = witness.round().logs[log.origin]
    assert (found.state, found.kind) == (State.REFUSED, "smaller")
    assert [size for size, _ in cosigned(stage)] == [15]


def test_a_smaller_head_of_another_tree_raises_an_alarm(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    log.grow(10)
    witness.round()
    log.leaves = fork_of(log, 2, 9).leaves
    assert witness.round().logs[log.origin].kind == "fork"


BAD_PROOFS: dict[str, Callable[[dict[str, list[str]]], object]] = {
    "one short": lambda answer: {"proof": answer["proof"][:-1]},
    "one more": lambda answer: {"proof": [*answer["proof"], "0x" + "00" * 32]},
    "reversed": lambda answer: {"proof": answer["proof"][::-1]},
    "empty": lambda _: {"proof": []},
    "no hash": lambda _: {"proof": ["0x00"]},
    "no proof": lambda _: {},
    "no JSON": lambda _: b"no json",
}


@pytest.mark.parametrize("bad", BAD_PROOFS)
def test_a_bad_proof_is_refused(stage: Stage, start: Start, log: Log, bad: str) -> None:
    witness = start()
    witness.round()
    log.grow(20)
    stage.lies["/v1/logs/log_0/consistency"] = BAD_PROOFS[bad]
    assert witness.round().logs[log.origin].state is State.REFUSED
    assert [size for size, _ in cosigned(stage)] == [5]


def _unsigned(note: bytes) -> bytes:
    return note.split(b"\n\n")[0] + b"\n\n" + "— somebody AAAAAAAA\n".encode()


@pytest.mark.parametrize(
    "lie",
    [
        pytest.param(lambda _: Log("log.example/pilots", b"\x99" * 32).checkpoint().encode(), id="stranger's key"),
        pytest.param(lambda _: Log("log.example/other").checkpoint().encode(), id="other origin"),
        pytest.param(lambda note: note.replace(b"\n6\n", b"\n7\n"), id="altered after signing"),
        pytest.param(_unsigned, id="not signed"),
        pytest.param(lambda note: note + b"x", id="trailing bytes"),
        pytest.param(lambda _: b"", id="empty"),
    ],
)
def test_a_checkpoint_not_signed_by_the_log_is_refused(
    stage: Stage, start: Start, log: Log, lie: Callable[[bytes], bytes]
) -> None:
    witness = start()
    witness.round()
    log.grow(1)
    stage.lies["/v1/logs/log_0/checkpoint"] = lie
    assert witness.round().logs[log.origin].state is State.REFUSED
    assert [size for size, _ in cosigned(stage)] == [5]


def test_the_logs_key_under_another_origin_is_refused(stage: Stage, start: Start, log: Log) -> None:
    other = sign_note(Checkpoint("log.example/other", 5, log.root()).text(), log.signer)
    stage.lies["/v1/logs/log_0/checkpoint"] = lambda _: other.encode()
    assert start().round().logs[log.origin].kind == "origin-wrong"


def test_a_key_is_pinned_on_first_use(stage: Stage, start: Start, log: Log) -> None:
    start().round()
    log.signer = NoteSigner(log.origin, SignatureType.ED25519, b"\x77" * 32)
    log.grow(1)
    assert start().round().logs[log.origin].kind == "key-wrong"


def test_a_configured_key_is_not_replaced_by_the_listed_one(stage: Stage, start: Start, log: Log) -> None:
    other = VerifierKey(log.origin, SignatureType.ED25519, KEY.public)
    assert start(logs={log.origin: (other,)}).round().logs[log.origin].kind == "key-wrong"


def test_a_key_that_was_not_opened_on_the_chain_is_refused(stage: Stage, start: Start, log: Log) -> None:
    stage.chain.mine(Log(log.origin, b"\x99" * 32).opened())
    witness = start()
    assert witness.round().logs[log.origin].kind == "key-wrong"
    assert start(logs={log.origin: (log.signer.key,)}).round().logs[log.origin].kind == "key-not-on-chain"
    assert cosigned(stage) == []


def test_a_pin_on_first_use_gives_way_to_the_chain(stage: Stage, start: Start, log: Log) -> None:
    honest, log.signer = log.signer, NoteSigner(log.origin, SignatureType.ED25519, b"\x77" * 32)
    witness = start()
    assert witness.round().worst is State.OK
    stage.chain.mine(Log(log.origin).opened())
    assert witness.round().logs[log.origin].kind == "key-wrong"
    log.signer = honest
    assert start().round().worst is State.OK


def test_an_old_key_is_worth_nothing_though_the_new_one_is_not_listed(stage: Stage, start: Start, log: Log) -> None:
    stage.chain.mine(log.opened())
    witness = start()
    witness.round()
    stage.chain.mine(log.rotated(5, NoteSigner(log.origin, SignatureType.ED25519, b"\x77" * 32)))
    log.grow(1)
    assert witness.round().logs[log.origin].kind == "key-wrong"
    assert [size for size, _ in cosigned(stage)] == [5]


def test_a_rotation_counts_once_the_chain_tells_it(stage: Stage, start: Start, log: Log) -> None:
    stage.chain.mine(log.opened())
    witness = start()
    assert witness.round().worst is State.OK
    old, new = log.signer, NoteSigner(log.origin, SignatureType.ED25519, b"\x77" * 32)
    log.signer = new
    log.grow(1)
    assert witness.round().logs[log.origin].kind == "key-wrong"
    stage.chain.mine(log.rotated(5, new))
    assert witness.round().worst is State.OK
    log.signer = old
    log.grow(1)
    stage.lies["/v1/logs"] = lambda answer: _with_vkeys(answer, [(old, 0), (new, 5)])
    assert witness.round().logs[log.origin].kind == "key-wrong"
    assert [size for size, _ in cosigned(stage)] == [5, 6]


def _with_vkeys(answer: dict[str, Any], keys: list[tuple[NoteSigner, int]]) -> dict[str, Any]:
    answer["items"][0]["vkeys"] = [{"vkey": one.key.format(), "from_size": size} for one, size in keys]
    return answer


def test_a_starting_service_is_told_the_last_head(stage: Stage, start: Start, log: Log) -> None:
    nonce = "ab" * 32
    stage.nonces["log_0"] = nonce
    witness = start()
    witness.round()
    log.leaves = log.leaves[:3]  # yesterday's database
    start().round()
    plain = COSIGNER.of_type(SignatureType.ED25519)
    statements = []
    for body in stage.notes("/heads"):
        note = parse_note(body)
        assert len(verify_note(note, [plain])) == 1
        statements.append(HeadStatement.parse(note.text))
    assert [(one.nonce, one.size) for one in statements] == [(nonce, 0), (nonce, 5)]
    assert statements[0].root == empty_root()


@pytest.mark.parametrize("nonce", ["", "AB" * 32, "ab" * 31, "x\ny", "ab" * 33])
def test_only_a_proper_nonce_is_answered(stage: Stage, start: Start, nonce: str) -> None:
    stage.nonces["log_0"] = nonce
    assert start().round().worst is State.OK
    assert stage.notes("/heads") == []


def test_the_mirror_holds_exactly_the_logs_tiles(stage: Stage, start: Start, log: Log, tmp_path: Path) -> None:
    witness = start()
    for size in (5, 255, 256, 257, 512, 600, 65536 + 300):
        log.grow(size - len(log.leaves))
        assert witness.round().worst is State.OK
        witness.round()
    (mirror,) = (tmp_path / "home" / "logs").glob("*/mirror")
    files = {str(one.relative_to(mirror)): one.read_bytes() for one in mirror.rglob("*") if one.is_file()}
    assert json.loads(files.pop("mirror.json")) == {"size": 65836}
    wanted = [tile_path(0, index) for index in range(257)] + [tile_path(0, 257, 44), tile_path(1, 0)]
    wanted += [tile_path(1, 1, 1), tile_path(2, 0, 1)]
    assert files == {path: log.tile(path) for path in wanted}


def test_a_wrong_tile_is_not_stored(stage: Stage, start: Start, log: Log, tmp_path: Path) -> None:
    stage.lies["/v1/logs/log_0/tile/0/000.p/5"] = lambda tile: tile[:32] + bytes(32) + tile[64:]
    assert start().round().logs[log.origin].kind == "tiles-wrong"
    assert list((tmp_path / "home").rglob("*.p")) == []
    stage.lies.clear()
    assert start().round().worst is State.OK


def test_a_tile_that_was_filled_meanwhile_serves_too(stage: Stage, start: Start, log: Log) -> None:
    log.grow(300)
    log.shown_size = 5
    honest = stage._get

    def only_full(path: str, query: dict[str, str]) -> tuple[int, Any]:
        return (404, {}) if ".p/" in path else honest(path, query)

    stage._get = only_full  # type: ignore[method-assign]
    assert start().round().worst is State.OK


def test_a_log_that_vanishes_is_noticed(stage: Stage, start: Start, log: Log) -> None:
    witness = start()
    witness.round()
    stage.logs.clear()
    assert witness.round().logs[log.origin].kind == "not-listed"
    assert start(logs={"log.example/unknown": ()}).round().logs["log.example/unknown"].kind == "not-listed"


def test_one_bad_log_does_not_keep_others_from_being_cosigned(stage: Stage, start: Start, log: Log) -> None:
    good = Log("log.example/good")
    good.grow(1)
    stage.logs["log_1"] = good
    witness = start()
    witness.round()
    log.leaves = fork_of(log, 0, 5).leaves
    good.grow(1)
    found = witness.round()
    assert found.logs[log.origin].state is State.ALARM
    assert found.logs[good.origin].state is State.OK
    assert [size for size, _ in cosigned(stage)] == [5, 1, 2]


def test_only_logs_that_are_asked_for_are_watched(stage: Stage, start: Start) -> None:
    stage.logs["log_1"] = Log("log.example/good")
    stage.logs["log_1"].grow(1)
    assert set(start(logs={"log.example/good": ()}).round().logs) == {"log.example/good"}


@pytest.mark.parametrize("identifier", ["../v1/tokens", "a/b", "", "x" * 81, 7, None])
def test_a_log_id_never_becomes_another_path(stage: Stage, start: Start, identifier: object) -> None:
    stage.lies["/v1/logs"] = lambda answer: {"items": [{**answer["items"][0], "id": identifier}], "next": None}
    assert start().round().service.state is State.REFUSED
    assert stage.posted == []


def test_a_redirect_is_not_followed(stage: Stage, start: Start, log: Log) -> None:
    stage.statuses["/v1/logs/log_0/cosignatures"] = 307
    assert start().round().logs[log.origin].kind == "ResponseRefused"


def test_a_service_that_is_away_is_no_misbehaviour(stage: Stage, start: Start) -> None:
    witness = start(api="http://127.0.0.1:1")
    assert witness.round().worst is State.UNREACHABLE


def test_a_log_without_a_checkpoint_is_waited_for(stage: Stage, start: Start, log: Log) -> None:
    log.leaves = []
    witness = start()
    assert witness.round().worst is State.OK
    log.grow(1)
    assert witness.round().worst is State.OK
    assert [size for size, _ in cosigned(stage)] == [1]
