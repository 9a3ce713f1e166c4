"""Killed (-9) at each point where something was stored, sent or seen: nothing happens twice, nothing is left undone."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from services.platform.failpoints import POINTS
from services.transactions.models import AttemptRow, NonceRow
from tests.integration.services.transactions.rig import ROOT, Anvil, Rig
from tests.integration.services.transactions.worker import work

OURS = [point for point in POINTS if point.startswith(("transactions.", "indexer."))]


def killed(database_url: str, anvil: Anvil, address_file: Path, failpoint: str) -> int:
    """Runs the worker to its death; its return code."""
    command = [sys.executable, "-m", "tests.integration.services.transactions.worker"]
    environment = {**os.environ, "REGSEAL_FAILPOINT": failpoint}
    arguments = [database_url, anvil.url, str(address_file)]
    return subprocess.run([*command, *arguments], cwd=ROOT, env=environment, timeout=240, check=False).returncode


@pytest.mark.parametrize("point", OURS)
def test_killed_anywhere_everything_ends_once(
    rig: Rig, database_url: str, anvil: Anvil, address_file: Path, point: str
) -> None:
    chained = [rig.register(number, queue="q") for number in (1, 2)]
    free = rig.register(3)
    doubled = rig.register(3, queue="other")
    assert killed(database_url, anvil, address_file, point) == -signal.SIGKILL
    work(rig.database, anvil.url, address_file)

    assert [rig.state(each) for each in chained] == ["final", "final"]
    assert sorted([rig.state(free), rig.state(doubled)]) == ["final", "refused"]
    assert sorted(rig.heard()) == [1, 2, 3]
    with rig.database.read() as session:
        nonces = [(row.nonce, row.transaction_id) for row in session.scalars(select(NonceRow).order_by(NonceRow.nonce))]
        attempts = [(row.nonce, row.transaction_id) for row in session.scalars(select(AttemptRow))]
    assert [nonce for nonce, _ in nonces] == list(range(rig.nonces_used())), "every nonce given was used"
    assert len({transaction for _, transaction in nonces}) == len(nonces), "no transaction had two nonces"
    assert sorted(attempts) == sorted(nonces), "and none was signed twice"
