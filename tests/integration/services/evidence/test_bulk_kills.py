"""Killed between two chunks or within one, an upload goes on where its log ends: no line lost, none twice."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.services.evidence.bulkhouse import (
    acknowledged,
    begin,
    body,
    bulk_of,
    check_acknowledgements,
    line,
    send,
)
from tests.integration.services.evidence.house import OPERATOR, House

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parents[4]
LINES = 6_500
KILLS = ("sequencer.before-commit:2", "sequencer.after-commit:3", "heads.before-write:2", "sequencer.after-heads:1")


@pytest.mark.parametrize("failpoint", KILLS)
def test_a_killed_upload_is_continued_exactly(
    failpoint: str, house: House, new_house: Callable[..., House], database_url: str, tmp_path: Path
) -> None:
    lines = [line(number) if number % 100 else b"{" for number in range(LINES)]
    data, file = body(lines), tmp_path / "events.ndjson"
    file.write_bytes(data)
    with bulk_of(house) as bulk:
        upload = begin(bulk, house)
    house.close()
    done = subprocess.run(
        [sys.executable, "-m", "tests.integration.services.evidence.bulkworker", database_url, str(house.home),
         house.log_id, upload.id, str(file)],
        cwd=ROOT, env={**os.environ, "REGSEAL_FAILPOINT": failpoint}, capture_output=True, timeout=240, check=False,
    )  # fmt: skip
    assert done.returncode == -9, done.stderr[-2_000:]
    again = new_house()
    again.log_id = house.log_id
    assert again.service.gate.ready()
    with bulk_of(again) as bulk:
        stands = bulk.get(OPERATOR, upload.id)
        assert stands.lines == sum(chunk.lines for chunk in acknowledged(bulk, upload)) < LINES
        assert stands.accepted == len(again.leaves()) == check_acknowledgements(again, acknowledged(bulk, upload))
        replayed = failpoint.endswith("3")
        finished = send(bulk, stands, data[0 if replayed else stands.position :], 0 if replayed else stands.position)
        assert (finished.lines, finished.rejected) == (LINES, LINES // 100)
        assert finished.accepted == check_acknowledgements(again, acknowledged(bulk, upload)) == len(again.leaves())
        for place in (2, LINES // 2 + 2, LINES):
            (outcome,) = bulk.outcomes(OPERATOR, upload.id, after=place - 1, limit=1, only_rejected=False)
            document = again.service.get_record(str(outcome.record_id)).document
            assert document is not None
            assert document["body"] == {"no": str(place - 1)}
    again.service.sealer.run()
    assert again.head()[0] == len(again.leaves())
