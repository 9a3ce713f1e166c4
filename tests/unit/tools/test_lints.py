"""Every lint of the house catches what it is for, and leaves alone what is allowed."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tools.lint.__main__ import check
from tools.lint.source import Source

ROOT = Path(__file__).resolve().parents[3]
REGISTRY = "registry npmjs org".replace(" ", ".")  # in pieces, or the lint would find this test

CAUGHT = [
    ("clock", "services/evidence/service.py", "from datetime import datetime, UTC\nnow = datetime.now(UTC)\n"),
    ("clock", "chain/client.py", "import datetime as d\nnow = d.datetime.utcnow()\n"),
    ("clock", "api/limits.py", "import time\nnow = time.time()\n"),
    ("clock", "api/limits.py", "import time\nclock = time.time\n"),
    ("clock", "cli/app.py", "from time import time_ns\n"),
    ("clock", "cli/app.py", "from datetime import date\ntoday = date.today()\n"),
    ("clock", "cli/app.py", "import time\nparts = time.localtime()\n"),
    ("exact", "services/register/service.py", "def issue(units: float) -> None: ...\n"),
    ("exact", "services/register/service.py", "class Row:\n    face_amount: float | None\n"),
    ("exact", "services/register/service.py", "def holding_ratio() -> float: ...\n"),
    ("exact", "services/register/service.py", "half = units / 2\n"),
    ("exact", "services/register/service.py", "value = float(row.price)\n"),
    ("exact", "services/register/rules.py", "limit = 0.25\n"),
    ("exact", "services/register/rules.py", "def rule(x: float) -> None: ...\n"),
    ("exact", "services/register/models.py", "from sqlalchemy import Float\n"),
    ("sql", "services/evidence/service.py", "from sqlalchemy import select\n"),
    ("sql", "api/records/routes.py", "from sqlalchemy import insert, text\n"),
    ("sql", "services/evidence/service.py", "import sqlalchemy as sa\nrows = sa.select(1)\n"),
    ("sql", "services/evidence/service.py", "from sqlalchemy.dialects.sqlite import insert\n"),
    ("sql", "services/evidence/service.py", "session.execute('SELECT 1 ')\n"),
    ("sql", "services/evidence/service.py", "connection.exec_driver_sql(f'delete from {table} ')\n"),
    ("cursor", "services/transactions/indexer.py", "row.handled_block = 7\n"),
    ("cursor", "services/transactions/indexer.py", "row.scanned_block += 1\n"),
    ("cursor", "services/transactions/repository.py", "statement.values(handled_hash=block)\n"),
    ("cursor", "services/evidence/service.py", "rows.update({'handled_block': 1})\n"),
    ("cursor", "services/evidence/service.py", "setattr(row, 'scanned_block', 1)\n"),
    ("hashing", "services/identity/service.py", "import hashlib\n"),
    ("hashing", "services/identity/service.py", "from Crypto.Hash import keccak\n"),
    ("hashing", "services/transactions/typed.py", "from eth_utils import keccak\n"),
    ("hashing", "chain/client.py", "digest = Web3.keccak(b'')\n"),
    ("hashing", "chain/party/keystore.py", "import hmac\nmac = hmac.new(key, data, 'sha256')\n"),
    ("hashing", "samples/demo.py", "digest = sha256(json.dumps(record).encode())\n"),
    ("hashing", "services/x/service.py", "text = json.dumps(record)\nkey.sign(text.encode())\n"),
    ("reach", "chain/proof/leaf.py", "import web3\n"),
    ("reach", "chain/proof/leaf.py", "from chain.party.clock import now\n"),
    ("reach", "chain/party/rpc.py", "import httpx\n"),
    ("reach", "chain/party/rpc.py", "from services.platform import ids\n"),
    ("reach", "chain/proof/leaf.py", "import os\n"),
    ("reach", "chain/proof/leaf.py", "data = open('leaf').read()\n"),
    ("size", "services/a.py", "x = 1\n" * 401),
    ("size", "contracts/evidence/EvidenceLog.sol", "// x\n" * 401),
    ("size", "services/a.py", "def f() -> None:\n" + "    x = 1\n" * 60),
    ("hosts", "hardhat-devnet/package-lock.json", f'"resolved": "https://{REGISTRY}/a"\n'),
]
ALLOWED = [
    ("services/platform/clock.py", "from datetime import datetime, UTC\nnow = datetime.now(UTC)\n"),
    ("chain/party/clock.py", "import time\nnow = time.time_ns()\n"),
    ("services/a.py", "import time\nbegan = time.monotonic()\nparts = time.gmtime(0)\n"),
    ("services/a.py", "interval: float = 0.5\nhalf = seconds / 2\n"),
    ("services/register/rules.py", "half = units // 2\n"),
    ("services/evidence/repository.py", "from sqlalchemy import select\nsession.execute('select 1 ')\n"),
    ("services/platform/database.py", "connection.exec_driver_sql('PRAGMA journal_mode=WAL')\n"),
    ("services/evidence/service.py", "from sqlalchemy.orm import Session\nwith_ = button('update it')\n"),
    ("services/transactions/cursor.py", "row.handled_block = 7\n"),
    ("services/transactions/models.py", "class Cursor:\n    handled_block: int\n"),
    ("services/transactions/indexer.py", "behind = head - row.handled_block\n"),
    ("chain/proof/hashing.py", "import hashlib\nfrom Crypto.Hash import keccak\n"),
    ("chain/party/keystore.py", "import hmac\nfrom hashlib import scrypt\nok = hmac.compare_digest(a, b)\n"),
    ("services/a.py", "from chain.proof.hashing import sha256\nprint(json.dumps(view))\nsha256(canonical(record))\n"),
    ("samples/a.py", "doc = json.loads(json.dumps(made))\ndigest(doc)\n"),
    ("chain/proof/leaf.py", "import struct\nfrom chain.proof.errors import FormatError\nfrom . import hashing\n"),
    ("chain/party/rpc.py", "import os, urllib.request\nfrom chain.proof.canonical import canonical\nimport rlp\n"),
    ("services/a.py", "# long: one table, split it and nobody finds a row\n" + "x = 1\n" * 401),
    ("services/a.py", "# long: one sequence of steps, told in order\ndef f() -> None:\n" + "    x = 1\n" * 60),
    ("services/a.py", "x = 1\n" * 400),
    ("docs/long.md", "text\n" * 500),
]


@pytest.mark.parametrize(("lint", "path", "text"), CAUGHT, ids=[f"{case[0]}{n}" for n, case in enumerate(CAUGHT)])
def test_lint_catches(lint: str, path: str, text: str) -> None:
    assert lint in {finding.lint for finding in check(Source(path, text))}


@pytest.mark.parametrize(("path", "text"), ALLOWED, ids=[str(n) for n in range(len(ALLOWED))])
def test_lint_leaves_alone(path: str, text: str) -> None:
    assert check(Source(path, text)) == []


def test_finding_names_file_line_and_lint() -> None:
    (finding,) = check(Source("services/a.py", "import time\n\nx = time.time()\n"))
    assert str(finding).startswith("services/a.py:3: clock: ")


@pytest.mark.parametrize(
    ("code", "text"),
    [("RUF100", "x = 1  # noqa: E501\n"), ("PGH004", "import os  # noqa\n"), ("ANN001", "def f(a): ...\n")],
)
def test_ruff_is_configured_to_catch(code: str, text: str) -> None:
    command = ["ruff", "check", "--no-cache", "--output-format=json", "--stdin-filename=services/a.py", "-"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, input=text, capture_output=True, text=True, check=False
    )
    assert code in {finding["code"] for finding in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("importer", "line"),
    [
        ("chain/proof/hashing.py", "import services.platform.ids"),
        ("services/platform/ids.py", "import api.deps"),
        ("chain/errors.py", "import sqlalchemy"),
        ("cli/__init__.py", "import services.platform.ids"),
        ("services/evidence/service.py", "import services.identity.repository"),
        ("services/platform/ids.py", "import services.identity.service"),
    ],
)
def test_import_contract_catches(tmp_path: Path, importer: str, line: str) -> None:
    for package in ("api", "chain", "cli", "services"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "static"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    target = tmp_path / importer
    target.write_text(target.read_text("utf-8") + f"\n{line}\n", "utf-8")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "BROKEN" in done.stdout
