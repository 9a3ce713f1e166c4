"""`regseal verify`: verdicts, exit codes, words."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
VECTORS = ROOT / "tests" / "vectors"
RECEIPTS = json.loads((VECTORS / "receipts.json").read_text(encoding="utf-8"))
EVIL = json.loads((VECTORS / "evil.json").read_text(encoding="utf-8"))
Run = Callable[..., Any]


@pytest.fixture
def trust(tmp_path: Path) -> Path:
    path = tmp_path / "信任.json"
    path.write_text(RECEIPTS["trusts"]["default"], encoding="utf-8")
    return path


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "凭证 1.regseal.json"
    path.write_text(RECEIPTS["receipts"][0]["receipt"], encoding="utf-8")
    return path


@pytest.fixture
def tampered(tmp_path: Path) -> Path:
    case = next(one for one in EVIL["receipts"] if one["trust"] == "default" and one["stage"] == "inclusion")
    path = tmp_path / "tampered.regseal.json"
    path.write_text(case["receipt"], encoding="utf-8")
    return path


def test_every_golden_receipt_ends_with_its_verdicts_exit_code(run: Run, tmp_path: Path) -> None:
    codes = set()
    for case in RECEIPTS["receipts"]:
        for name, verdict in case["verdicts"].items():
            (tmp_path / "t").write_text(RECEIPTS["trusts"][name], encoding="utf-8")
            (tmp_path / "r").write_text(case["receipt"], encoding="utf-8")
            result = run("verify", tmp_path / "r", "--trust", tmp_path / "t", "--json")
            (document,) = json.loads(result.stdout)["receipts"]
            assert result.exit_code == document["exit_code"] == verdict["exit_code"], (case["name"], name)
            assert document["outcome"] == verdict["outcome"]
            codes.add(result.exit_code)
    assert {0, 3} <= codes


def test_a_tampered_receipt_names_the_first_failure(run: Run, trust: Path, tampered: Path) -> None:
    result = run("verify", tampered, "--trust", trust, "--json")
    assert result.exit_code == 1
    (document,) = json.loads(result.stdout)["receipts"]
    assert document["first_failure"] == "inclusion"
    assert document["stages"]["checkpoint"]["status"] == "not_run"


def test_the_gravest_of_several_counts(run: Run, trust: Path, good: Path, tampered: Path, tmp_path: Path) -> None:
    rubbish = tmp_path / "rubbish"
    rubbish.write_bytes(b"{")
    assert run("verify", good, "--trust", trust).exit_code == 0
    assert run("verify", good, rubbish, "--trust", trust).exit_code == 2
    result = run("verify", good, rubbish, tampered, tmp_path / "absent", "--trust", trust)
    assert result.exit_code == 1
    assert len(result.stdout.strip().splitlines()) == 4


def test_words_come_in_two_languages(run: Run, trust: Path, good: Path) -> None:
    english = run("verify", good, "--trust", trust, "--explain").stdout
    chinese = run("verify", good, "--trust", trust, "--explain", "--lang", "zh").stdout
    assert "VALID" in english
    assert "有效" in chinese
    assert len(english.splitlines()) > 8


def test_wrong_use_is_exit_code_2(run: Run, trust: Path, good: Path, tmp_path: Path) -> None:
    assert run("verify", good).exit_code == 2
    assert run("verify", "--trust", trust).exit_code == 2
    assert run("verify", good, "--trust", trust, "--lang", "fr").exit_code == 2
    missing = run("verify", good, "--trust", tmp_path / "absent", "--json")
    assert missing.exit_code == 2
    assert "absent" in json.loads(missing.stdout)["error"]["message"]


def test_a_receipt_is_no_trust_file(run: Run, good: Path) -> None:
    result = run("verify", good, "--trust", good)
    assert result.exit_code == 2
    assert "no trust file" in result.stderr


@pytest.mark.parametrize("size", [0, (1 << 20) + 1, 3 << 20])
def test_an_oversized_or_empty_file_is_unreadable(run: Run, trust: Path, tmp_path: Path, size: int) -> None:
    big = tmp_path / "big"
    big.write_bytes(b" " * size)
    assert run("verify", big, "--trust", trust).exit_code == 2


def test_it_needs_nothing_of_the_service(trust: Path, good: Path) -> None:
    """In another folder, without environment, with the service's libraries and every socket out of reach."""
    code = (
        "import sys\n"
        "for name in ('services', 'api', 'web3', 'sqlalchemy', 'fastapi'):\n"
        "    sys.modules[name] = None\n"
        "def no_network(event, _):\n"
        "    if event.startswith('socket.'):\n"
        "        raise RuntimeError(event)\n"
        "sys.addaudithook(no_network)\n"
        "from cli.app import main\n"
        f"sys.argv = ['regseal', 'verify', {str(good)!r}, '--trust', {str(trust)!r}]\n"
        "main()\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=trust.parent, env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
