"""The witness as the process a regulator runs: made, started, killed and asked by its command line."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from chain.proof.checkpoint import Checkpoint
from chain.proof.encoding import to_hex
from chain.proof.note import VerifierKey, parse_note, verify_note
from tests.integration.witness.evil import CHAIN_ID, CONTRACT, Log, Stage, fork_of
from tests.waiting import until

ROOT = Path(__file__).parents[3]
KILLS = 40 if os.environ.get("REGSEAL_TEST_SIZE") == "full" else 6
Command = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Starts `regseal witness ...` from another folder."""

    def begin(*arguments: object) -> subprocess.Popen[str]:
        environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "cli", "witness", *map(str, arguments)],
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return begin


def done(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """(exit code, standard output, standard error) of a process that ends by itself."""
    out, err = process.communicate(timeout=150)
    return process.returncode, out, err


@pytest.fixture
def home(tmp_path: Path, stage: Stage, command: Command) -> Path:
    """A witness's home, made by `witness init`."""
    deployment = {
        "chain_id": CHAIN_ID,
        "genesis": to_hex(stage.chain.genesis),
        "contracts": {"EvidenceLog": {"address": to_hex(CONTRACT), "code_hash": "0x", "block": 1}},
    }
    (tmp_path / "deployment.json").write_text(json.dumps(deployment))
    path = tmp_path / "见证 home"
    options = ["--home", path, "--name", "witness.example", "--role", "regulator", "--api", stage.url]
    options += ["--rpc", stage.url, "--deployment", tmp_path / "deployment.json", "--new-passphrase", "--json"]
    code, out, err = done(command("init", *options))
    assert code == 0, err
    assert json.loads(out)["vkey"].startswith("witness.example+")
    return path


def test_one_round_ends_with_its_result(home: Path, stage: Stage, log: Log, command: Command) -> None:
    stage.chain.mine(log.anchored(5))
    code, out, _ = done(command("--home", home, "--once", "--json"))
    assert (code, json.loads(out)["worst"]) == (0, "ok")
    assert len(stage.notes("/cosignatures")) == len(stage.notes("/attestations")) == 1
    code, out, _ = done(command("status", "--home", home, "--json"))
    assert code == 0
    assert json.loads(out)["logs"][log.origin]["size"] == 5


def test_an_alarm_is_loud_until_a_person_clears_it(home: Path, log: Log, command: Command) -> None:
    assert done(command("--home", home, "--once"))[0] == 0
    honest = log.leaves
    log.leaves = fork_of(log, 1, 5).leaves
    code, out, err = done(command("--home", home, "--once"))
    assert code == 1
    assert "alarm" in out
    assert "CRITICAL" in err
    log.leaves = honest
    assert done(command("--home", home, "--once"))[0] == 1
    assert done(command("status", "--home", home))[0] == 1
    code, out, _ = done(command("clear", log.origin, "--home", home))
    assert (code, out) == (0, "alarm cleared: fork\n")
    assert done(command("--home", home, "--once"))[0] == 0
    assert len(list((home / "evidence").iterdir())) == 1


def test_wrong_use_and_absence_have_their_exit_codes(home: Path, tmp_path: Path, command: Command) -> None:
    assert done(command())[0] == 2
    assert done(command("--home", tmp_path / "nowhere", "--once"))[0] == 2
    settings = home / "witness.toml"
    text = settings.read_text()
    settings.write_text(
        "\n".join('api = "http://127.0.0.1:1"' if one.startswith("api") else one for one in text.split("\n"))
    )
    assert done(command("--home", home, "--once"))[0] == 4
    (home / "passphrase").write_text("wrong\n")
    assert done(command("--home", home, "--once"))[0] == 5


def test_a_second_process_on_one_home_is_refused(home: Path, stage: Stage, command: Command) -> None:
    first = command("--home", home)
    try:
        until(lambda: bool(stage.notes("/cosignatures")))
        code, _, err = done(command("--home", home, "--once"))
        assert code == 2
        assert "in use" in err
    finally:
        first.send_signal(signal.SIGTERM)
        assert done(first)[0] == 0


def test_kill_9_at_any_moment_forgets_nothing(
    home: Path, stage: Stage, log: Log, command: Command, tmp_path: Path
) -> None:
    text = (home / "witness.toml").read_text().replace("interval_ms = 1000", "interval_ms = 10")
    (home / "witness.toml").write_text(text)
    chance = random.Random(20261120)
    for _ in range(KILLS):
        before = len(stage.posted)
        process = command("--home", home)
        until(lambda before=before: len(stage.posted) > before)  # type: ignore[misc]
        killed_at = time.monotonic() + chance.uniform(0.0, 0.5)
        while True:  # once at least: the next witness must find something to post
            log.grow(chance.randint(1, 90))
            stage.chain.mine(log.anchored(len(log.leaves)))
            time.sleep(0.005)
            if time.monotonic() >= killed_at:
                break
        process.kill()
        process.communicate()
        _check_memory(home, stage, log)
    assert done(command("--home", home, "--once"))[0] == 0
    _check_memory(home, stage, log)
    last = len(stage.chain.blocks) - 1
    assert sum(f"\n{last}\n" in one for one in stage.notes("/attestations")) >= 1
    log.leaves = fork_of(log, 1, len(log.leaves)).leaves
    assert done(command("--home", home, "--once"))[0] == 1


def _check_memory(home: Path, stage: Stage, log: Log) -> None:
    """All that left the process is on disk, and all of it is one history."""
    (folder,) = (home / "logs").iterdir()
    head = Checkpoint.parse(parse_note((folder / "head.note").read_bytes()).text)
    for body in stage.notes("/cosignatures"):
        seen = Checkpoint.parse(parse_note(body).text)
        (kept,) = folder.glob(f"checkpoints/*/{seen.size}.note")
        assert Checkpoint.parse(parse_note(kept.read_bytes()).text) == seen
        assert seen.root == log.root(seen.size)
        assert seen.size <= head.size
    for body in stage.notes("/attestations"):
        number = body.splitlines()[3]
        (kept,) = (home / "chain" / "attestations").glob(f"*/{number}.note")
        assert kept.read_text() == body
    assert list(home.rglob("*.toml")) == [home / "witness.toml"]


def test_the_vkey_of_init_verifies_what_the_witness_signs(home: Path, stage: Stage, command: Command) -> None:
    done(command("--home", home, "--once"))
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"]}
    shown = subprocess.run(
        [sys.executable, "-P", "-m", "cli", "keys", "show", str(home / "keys" / "witness.pem"), "--json"],
        env=environment,
        capture_output=True,
        check=True,
    )
    key = VerifierKey.parse(json.loads(shown.stdout)["witness_vkey"])
    assert len(verify_note(parse_note(stage.notes("/cosignatures")[0]), [key])) == 1
