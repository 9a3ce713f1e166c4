"""Killed at any point, the service loses nothing that it acknowledged and gives no index twice."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from chain.proof.leaf import leaf_hash
from chain.proof.merkle import root_of
from services.evidence.models import AnchorRow
from tests.integration.services.evidence.house import OPERATOR, House, record

ROOT = Path(__file__).parents[4]
COMMITS = ("sequencer.before-commit:2", "sequencer.after-commit:3", "anchor.before-commit:2")
"""Where the database's own way to commit matters."""
OTHERS = (
    "sequencer.after-heads:2",
    "heads.before-write:3",
    "heads.after-write:2",
    "seal.before-commit:2",
    "seal.after-commit:2",
    "anchor.after-commit:1",
    "anchor-event.before-commit:2",
)
KILLS = (*COMMITS, *(pytest.param(one, marks=pytest.mark.one_database) for one in OTHERS))


def killed_worker(url: str, house: House, failpoint: str) -> list[dict[str, Any]]:
    """What the worker said before it died of the failpoint."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.services.evidence.worker", url, str(house.home), house.log_id],
        cwd=ROOT,
        env={**os.environ, "REGSEAL_FAILPOINT": failpoint},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == -9, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines() if line.endswith("}")]


@pytest.mark.parametrize("failpoint", KILLS)
def test_a_kill_loses_no_acknowledged_record_and_gives_no_index_twice(
    failpoint: str, house: House, new_house: Callable[..., House], database_url: str
) -> None:
    house.close()
    said = killed_worker(database_url, house, failpoint)
    assert said[0] == {"ready": True}
    again = new_house()
    again.log_id = house.log_id
    assert again.service.gate.ready(), "the start-up check passes after a kill"
    leaves = dict(again.leaves())
    assert sorted(leaves) == list(range(len(leaves)))
    acknowledged = [line for line in said if "index" in line]
    for line in acknowledged:
        assert leaves[line["index"]].hex() == line["leaf"]
    for line in (each for each in said if "sealed" in each):
        hashes = [leaf_hash(leaves[index]) for index in range(line["sealed"])]
        assert root_of(hashes).hex() == line["root"], "no published head was taken back"
    if acknowledged:
        repeated = again.submit(record("s0"), log_id=again.log_id, idempotency_key=acknowledged[0]["key"])
        assert repeated.acknowledgement == acknowledged[0]["acknowledgement"]
    assert again.submit(record("after")).index == len(leaves)
    assert_anchors(again, said)


def assert_anchors(house: House, said: list[dict[str, Any]]) -> None:
    """None twice, at most one on its way, none lost."""
    with house.database.read() as session:
        rows = session.execute(select(AnchorRow.state, AnchorRow.size, AnchorRow.attempts)).all()
        assert session.scalar(select(func.count()).where(AnchorRow.state == "pending")) in (0, 1)
    assert {line["anchored"] for line in said if "anchored" in line} <= {row[1] for row in rows if row[0] == "anchored"}
    assert all(row[2] == 1 for row in rows)


def test_two_kills_in_a_row_leave_the_log_whole(
    house: House, new_house: Callable[..., House], database_url: str
) -> None:
    house.close()
    first = killed_worker(database_url, house, "heads.before-write:4")
    second = killed_worker(database_url, house, "sequencer.after-commit:1")
    again = new_house()
    again.log_id = house.log_id
    indexes = [line["index"] for line in (*first, *second) if "index" in line]
    assert len(indexes) >= 3
    assert sorted(dict(again.leaves())) == list(range(len(again.leaves())))
    assert again.service.get_record(again.submit(record(), log_id=again.log_id).record_id).institution_id == OPERATOR
