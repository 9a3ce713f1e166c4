"""The register's demonstration on each database: real processes that speak HTTP, simulated time, every refusal as told,
receipts verified offline.
"""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.full, pytest.mark.timeout(1_800)]


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_company_goes_from_its_spreadsheet_through_deals_and_liens(tmp_path: Path, database: str) -> None:
    out = tmp_path / "out"
    where = ("--var", tmp_path / "登记 var", "--out", out, "--database", database)
    told = subprocess.run(
        [sys.executable, "-m", "samples.register.demo", *where], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stdout[-4_000:] + told.stderr
    assert "SIMULATED TIME" in told.stdout
    dividend = ("DIV-02", "DOC-01")
    for rule in ("CUS-01", "GB11643-CHECK", "REM-06", "REM-10", "REG-09", "REM-22", "REM-04", "REG-06", *dividend):
        assert rule in told.stdout, rule
    assert "nothing differs" in told.stdout
    receipts = len(list((out / "receipts").iterdir()))
    assert receipts > 60
    assert f"{receipts} receipts VALID" in told.stdout
