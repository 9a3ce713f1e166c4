"""`regseal fsck` as an auditor types it: its own process, one line a fact, JSON, exit codes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.services.evidence.fsck.store import Copy

pytestmark = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
ROOT = Path(__file__).parents[5]


def run(copy: Copy, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """With the copy's settings written where an installation has them."""
    settings, chain = copy.settings, copy.settings.chains["supervision"]
    lines = [f'database_url = "{settings.database_url}"', "witness_quorum = { regulator = 1 }"]
    lines += [f'witnesses = [{{ vkey = "{one.vkey}", role = "{one.role}" }}]' for one in settings.witnesses]
    lines += ["[chains.supervision]", f'endpoints = ["{chain.endpoints[0]}"]', f"chain_id = {chain.chain_id}"]
    lines += [f'genesis = "{chain.genesis}"', f'addresses_file = "{chain.addresses_file}"']
    (settings.home / "settings.toml").write_text("\n".join(lines) + "\n", "utf-8")
    command = [sys.executable, "-m", "cli", "fsck", "--home", str(settings.home), *map(str, arguments)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)


def test_a_clean_installation_ends_with_0_and_says_what_was_examined(copy: Copy) -> None:
    done = run(copy, "--mirror", copy.store.witness)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"{copy.store.size} records" in done.stdout
    assert done.stdout.splitlines()[-1] == "nothing differs"


def test_a_changed_field_ends_with_1_and_names_log_record_field_and_what_contradicts(
    copy: Copy, tmp_path: Path
) -> None:
    copy.reseal(copy.store.index, units="999999")
    receipt = tmp_path / "mine.regseal.json"
    receipt.write_bytes(copy.store.receipt)
    done = run(copy, "--receipt", receipt, "--json")
    assert done.returncode == 1, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["outcome"] == "findings"
    record, field = found["findings"]
    assert (record["kind"], field["kind"], field["field"]) == ("record-differs", "field-differs", "/body/units")
    assert field["contradicted_by"] == ["the receipt mine.regseal.json"]
    assert "master key" in record["who"]
    assert record["title_zh"] == "记录与叶承诺不符"
    told = run(copy).stdout
    assert f"{copy.store.origin} at {copy.store.index}" in told


def test_a_foreign_file_or_folder_is_refused_with_a_sentence(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("{}")
    done = run(copy, "--receipt", tmp_path / "x.json")
    assert (done.returncode, "neither a receipt" in done.stderr) == (1, True), done.stderr
    done = run(copy, "--mirror", tmp_path)
    assert "no witness's home" in done.stderr
