"""The witness's settings and its memory."""

from __future__ import annotations

from pathlib import Path

import pytest

from chain.party.durable import only_process, write_private
from chain.party.errors import ConfigError, KeystoreError
from chain.party.keystore import NoteKey
from chain.party.witness.config import KEY_FILE, ChainPin, WitnessConfig, initialise, load
from chain.party.witness.refusal import Alarm, Refusal
from chain.party.witness.store import Head, KeyRange, LogStore, keep_evidence
from chain.proof.checkpoint import Checkpoint
from chain.proof.note import NoteSigner, SignatureType, sign_note

ORIGIN = "log.example/pilots"
SIGNER = NoteSigner(ORIGIN, SignatureType.ED25519, b"\x21" * 32)
PIN = ChainPin(
    name="supervision", rpc=("http://a", "http://b"), chain_id=7, genesis=b"\x01" * 32, contract=b"\xab" * 20
)
CONFIG = WitnessConfig(name="witness.示例", role="regulator", api="http://h:1", chain=PIN)


def head(size: int, mark: int = 0) -> Head:
    checkpoint = Checkpoint(ORIGIN, size, bytes([mark]) * 32)
    return Head(checkpoint, sign_note(checkpoint.text(), SIGNER))


@pytest.mark.parametrize(
    "config",
    [
        CONFIG,
        WitnessConfig(name="w", role="r", api="http://h", chain=PIN, logs={ORIGIN: (SIGNER.key,), "log.other": ()}),
        WitnessConfig(name="w", role="r", api="http://h", chain=PIN, interval_ms=50, refresh_s=5),
    ],
    ids=["all logs", "some logs", "other pace"],
)
def test_settings_come_back_as_they_were_written(tmp_path: Path, config: WitnessConfig) -> None:
    config.write(tmp_path)
    assert load(tmp_path) == config


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('role = "regulator"\n', ""),
        ('role = "regulator"', 'role = "regulator"\nmore = 1'),
        ("chain_id = 7", "chain_id = 7\nmore = 1"),
        ("chain_id = 7", "chain_id = 0"),
        ('genesis = "0x01', 'genesis = "0x'),
        ('finality = "immediate"', 'finality = "soon"'),
        ("interval_ms = 1000", "interval_ms = 1"),
        ("0xabab", "0xabaB"),
        ("[chain]", "[chain"),
        ('rpc = ["http://a", "http://b"]', "rpc = []"),
    ],
)
def test_damaged_settings_are_named(tmp_path: Path, old: str, new: str) -> None:
    CONFIG.write(tmp_path)
    path = tmp_path / "witness.toml"
    text = path.read_text()
    path.write_text(text.replace(old, new, 1).replace("0xabaBAb", "0xabaBAB") if old != "0xabab" else _miscased(text))
    with pytest.raises(ConfigError):
        load(tmp_path)


def _miscased(text: str) -> str:
    line = next(one for one in text.splitlines() if one.startswith("contract"))
    return text.replace(line, line.swapcase().replace("CONTRACT", "contract").replace("0X", "0x"))


def test_missing_settings_name_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="witness init"):
        load(tmp_path)


def test_a_key_is_not_replaced_by_a_second_initialisation(tmp_path: Path) -> None:
    config = WitnessConfig(name="witness.example", role="r", api="http://h", chain=PIN)
    key = initialise(tmp_path, config, "p")
    with pytest.raises(KeystoreError, match="exists"):
        initialise(tmp_path, config, "p")
    assert NoteKey.load(tmp_path / "keys" / KEY_FILE, "p") == key


def test_heads_pins_and_alarms_survive(tmp_path: Path) -> None:
    store = LogStore(tmp_path, ORIGIN)
    assert (store.head, store.pins(), store.alarm()) == (None, (), None)
    for size in (3, 70_000):
        store.advance(head(size))
    store.pin([KeyRange(0, SIGNER.key)])
    store.raise_alarm({"kind": "first"})
    store.raise_alarm({"kind": "second"})
    again = LogStore(tmp_path, ORIGIN)
    assert again.head == head(70_000)
    assert (again.at(3), again.at(4)) == (head(3), None)
    assert again.pins() == (KeyRange(0, SIGNER.key),)
    assert again.alarm() == {"kind": "first"}
    again.clear_alarm()
    assert LogStore(tmp_path, ORIGIN).alarm() is None


def test_logs_do_not_share_a_folder(tmp_path: Path) -> None:
    LogStore(tmp_path, "a.b/c").advance(Head(Checkpoint("a.b/c", 1, bytes(32)), _signed("a.b/c")))
    assert LogStore(tmp_path, "a.b_c").head is None


def _signed(origin: str) -> str:
    return sign_note(Checkpoint(origin, 1, bytes(32)).text(), SIGNER)


def test_a_damaged_alarm_still_stands(tmp_path: Path) -> None:
    store = LogStore(tmp_path, ORIGIN)
    (store.folder / "alarm.json").write_bytes(b"")
    assert store.alarm() is not None


def test_evidence_is_kept_once_and_apart(tmp_path: Path) -> None:
    seen = Alarm("fork", "two roots", {"a": "1"})
    first = keep_evidence(tmp_path, ORIGIN, seen, at="t1")
    assert first == keep_evidence(tmp_path, ORIGIN, seen, at="t2")
    assert first is not None
    assert '"seen_at": "t1"' in first.read_text()
    assert keep_evidence(tmp_path, "other", seen, at="t") != first
    assert keep_evidence(tmp_path, ORIGIN, Refusal("x", "nothing seen"), at="t") is None


def test_two_processes_cannot_hold_one_home(tmp_path: Path) -> None:
    with only_process(tmp_path), pytest.raises(ConfigError, match="in use"), only_process(tmp_path):
        pass
    with only_process(tmp_path):
        pass


@pytest.mark.parametrize("fault", ["os.fsync", "pathlib.Path.replace"])
def test_a_write_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    path = tmp_path / "f"
    write_private(path, b"old")

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(fault, fail)
        with pytest.raises(OSError, match="space"):
            write_private(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["f"]


def test_evidence_of_refusals_does_not_fill_the_disk_and_that_of_alarms_is_always_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chain.party.witness.store.EVIDENCE_MAX", 3)
    kept = [keep_evidence(tmp_path, ORIGIN, Refusal("x", "", {"seen": str(each)}), at="t") for each in range(5)]
    assert [each is not None for each in kept] == [True] * 3 + [False] * 2
    assert keep_evidence(tmp_path, ORIGIN, Refusal("x", "", {"seen": "0"}), at="t") == kept[0], "it is there"
    assert keep_evidence(tmp_path, ORIGIN, Alarm("fork", "", {"seen": "9"}), at="t")
