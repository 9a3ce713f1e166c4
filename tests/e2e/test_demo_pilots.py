"""The pilots' demonstration, one of its projects: real processes, simulated time, dossiers verified offline."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.full, pytest.mark.timeout(1_200)]


def test_a_core_institution_runs_and_its_dossiers_stand(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "samples.pilots.demo", "--only", "core"]
    told = subprocess.run(
        [*command, "--var", tmp_path / "试点 var", "--out", tmp_path / "out"], cwd=ROOT, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert told.returncode == 0, told.stdout[-4_000:] + told.stderr
    assert "SIMULATED TIME" in told.stdout
    dossiers = sorted((tmp_path / "out").glob("*.dossier.zip"))
    assert len(dossiers) == 2
    verify: list[str | Path] = [
        sys.executable,
        "-P",
        "-m",
        "cli",
        "verify",
        *dossiers,
        "--trust",
        tmp_path / "out" / "trust.json",
        "--json",
    ]
    found = subprocess.run(
        verify, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    verdicts = json.loads(found.stdout)["dossiers"]
    assert [each["outcome"] for each in verdicts] == ["valid", "valid"]
    # unsealed may be the last step's outcome, and the note that the working group fetched the dossier
    assert all(each["count"] >= each["events"] - 2 for each in verdicts)
    assert len({each["count"] for each in verdicts}) == 1
