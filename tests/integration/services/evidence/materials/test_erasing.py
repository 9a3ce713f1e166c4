"""A record's erasure takes its files with it: name, digests and key at once, the bytes by the job, from any store."""

import os
import signal
from pathlib import Path

import pytest

from services.evidence.materials.models import TombstoneRow
from services.evidence.materials.sealed import CHUNK
from services.evidence.materials.service import MaterialView
from services.evidence.retention.service import Retention
from services.evidence.retention.views import RetentionView
from services.platform.errors import Invalid, RegsealError
from tests.integration.services.evidence.house import OPERATOR, House
from tests.integration.services.evidence.materials.conftest import Depot, Worker
from tests.integration.services.evidence.materials.filing import (
    YEAR,
    depot_of_house,
    erase,
    manifest,
    retention_of_house,
)

pytestmark = pytest.mark.one_database

__all__ = ["depot_of_house", "retention_of_house"]  # fixtures


def evidence_of(house: House, held: RetentionView) -> dict[str, list[str]]:
    document = house.service.get_record(held.evidence[-1]).document
    assert document is not None
    body = document["body"]
    assert isinstance(body, dict)
    found = body["materials"]
    assert isinstance(found, dict)
    return {name: [str(each) for each in ids] for name, ids in found.items() if isinstance(ids, list)}


def refusal(depot: Depot, view: MaterialView) -> tuple[str, int]:
    with pytest.raises(RegsealError) as shown:
        depot.materials.get(OPERATOR, view.id)
    with pytest.raises(RegsealError) as read:
        depot.read(view)
    assert read.value.slug == shown.value.slug
    return read.value.slug, read.value.status


def test_files_go_with_the_last_record_that_names_them(house: House, depot: Depot, retention: Retention) -> None:
    lone, shared, free = (depot.put(os.urandom(99), f"{name}.pdf", OPERATOR) for name in ("lone", "shared", "free"))
    first, second = manifest(house, lone, shared), manifest(house, shared)
    house.clock.advance(seconds=YEAR)
    held = erase(retention, first)
    assert held.state == "erased"
    assert evidence_of(house, held) == {"destroyed": [lone.id], "kept": [shared.id]}
    assert refusal(depot, lone) == ("material-erased", 410)
    assert len(depot.stored()) == 3
    retention.run()
    assert len(depot.stored()) == 2
    for view in (shared, free):
        assert len(depot.read(view)) == 99
    assert {each.id for each in depot.materials.list(OPERATOR)} == {shared.id, free.id}
    held = erase(retention, second)
    assert evidence_of(house, held) == {"destroyed": [shared.id], "kept": []}
    retention.run()
    assert len(depot.stored()) == 1
    depot.materials.sweep()
    assert len(depot.read(free)) == 99


def test_equal_files_share_one_content_that_goes_with_the_last(
    house: House, depot: Depot, retention: Retention
) -> None:
    content = os.urandom(CHUNK + 1)
    one, other = (depot.put(content, f"{name}.pdf", OPERATOR) for name in ("one", "other"))
    first, second = manifest(house, one), manifest(house, other)
    house.clock.advance(seconds=YEAR)
    erase(retention, first)
    retention.run()
    assert (len(depot.stored()), depot.read(other)) == (1, content)
    erase(retention, second)
    retention.run()
    assert depot.stored() == []
    again = depot.put(content, "again.pdf", OPERATOR)
    retention.run()
    assert depot.read(again) == content


def test_before_its_term_a_record_keeps_its_files_from_being_read(
    house: House, depot: Depot, retention: Retention
) -> None:
    lone, shared = (depot.put(os.urandom(99), f"{name}.pdf", OPERATOR) for name in ("lone", "shared"))
    first, _ = manifest(house, lone, shared), manifest(house, shared)
    assert erase(retention, first).state == "restricted"
    assert refusal(depot, lone) == ("record-restricted", 409)
    assert len(depot.read(shared)) == 99
    assert [each.id for each in depot.materials.list(OPERATOR)] == [shared.id]
    retention.run()
    assert len(depot.stored()) == 2
    house.clock.advance(seconds=YEAR)
    retention.run()
    assert (refusal(depot, lone), len(depot.stored())) == (("material-erased", 410), 1)


def test_an_erased_file_cannot_be_bound_again(house: House, depot: Depot, retention: Retention) -> None:
    view = depot.put(b"abc", institution=OPERATOR)
    record_id = manifest(house, view)
    house.clock.advance(seconds=YEAR)
    erase(retention, record_id)
    before = len(house.leaves())
    with pytest.raises(Invalid, match="erased"):
        manifest(house, view)
    assert len(house.leaves()) == before


CANARY = b"canary-440301199001011234"


def test_what_was_erased_is_nowhere_and_a_kill_does_not_keep_it(
    house: House, depot: Depot, retention: Retention, work: Worker, tmp_path: Path
) -> None:
    views = [depot.put(CANARY * (number + 1), f"{CANARY.decode()}-{number}.pdf", OPERATOR) for number in range(3)]
    record_id = manifest(house, *views)
    names = depot.stored()
    house.clock.advance(seconds=YEAR)
    keys = _keys(house)
    erase(retention, record_id)
    work.folder = house.home
    code, _ = work("destroy", failpoint="material.after-remove:2")
    assert code == -signal.SIGKILL
    assert len(depot.stored()) == 1
    assert work("destroy")[0] == 0
    assert depot.stored() == []
    with house.database.read() as session:
        stones = session.query(TombstoneRow).all()
    assert sorted(each.name for each in stones) == names
    assert all(each.destroyed_at is not None and each.record_id == record_id for each in stones)
    assert not [key for key in keys if key in _rows(house)]
    house.database.scrub()
    if house.database.path is not None:
        raw = b"".join(path.read_bytes() for path in house.database.path.parent.glob(f"{house.database.path.name}*"))
        assert not [key for key in keys if key in raw]
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and CANARY in path.read_bytes()]


def _keys(house: House) -> list[bytes]:
    """The wrapped file keys, which alone could open the bytes that a store or a backup may still have."""
    with house.database.reader.connect() as connection:
        return [bytes(row[0]) for row in connection.exec_driver_sql("SELECT key FROM material_objects").all()]


def _rows(house: House) -> bytes:
    with house.database.reader.connect() as connection:
        tables = ("materials", "material_objects")
        rows = [row for each in tables for row in connection.exec_driver_sql(f"SELECT * FROM {each}").all()]
    return b"|".join(bytes(value) for row in rows for value in row if isinstance(value, bytes | memoryview))
