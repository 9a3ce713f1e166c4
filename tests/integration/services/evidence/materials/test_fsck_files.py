"""What somebody does to stored files, their rows and their manifests is found and located, in any store."""

import os

import pytest
from sqlalchemy import text

from services.evidence.fsck.files import FileCheck
from services.evidence.fsck.findings import Finding, Report
from services.evidence.materials.errors import StoreAway
from services.evidence.materials.sealed import CHUNK, HEADER
from services.evidence.materials.store import Store
from services.evidence.retention.service import Retention
from tests.integration.services.evidence.house import OPERATOR, OTHER, House
from tests.integration.services.evidence.materials.conftest import Depot
from tests.integration.services.evidence.materials.filing import (
    YEAR,
    depot_of_house,
    erase,
    manifest,
    retention_of_house,
)

__all__ = ["depot_of_house", "retention_of_house"]  # fixtures
STEP = CHUNK + 28
FIRST = len(HEADER)


def examined(depot: Depot, *, deep: bool = True) -> Report:
    report = Report()
    with depot.database.read() as session:
        FileCheck(depot.store, depot.vault, depot.database.read, report, deep=deep).run(session)
    assert report.incomplete == []
    return report


def found(depot: Depot, *, deep: bool = True) -> list[Finding]:
    return examined(depot, deep=deep).findings


def kinds(findings: list[Finding]) -> list[tuple[str, int | None]]:
    return [(each.kind, each.chunk) for each in findings]


def chunk(stored: bytes, index: int) -> bytes:
    return stored[FIRST + index * STEP : FIRST + (index + 1) * STEP]


def put_chunk(stored: bytes, index: int, other: bytes) -> bytes:
    return stored[: FIRST + index * STEP] + other + stored[FIRST + (index + 1) * STEP :]


def test_every_change_of_a_stored_file_is_found_and_located(house: House, depot: Depot) -> None:
    view = depot.put(os.urandom(3 * CHUNK + 17), institution=OPERATOR)
    (name,) = depot.stored()
    other = depot.put(os.urandom(3 * CHUNK + 17), institution=OPERATOR)
    (second,) = set(depot.stored()) - {name}
    theirs = depot.put(os.urandom(3 * CHUNK + 17), institution=OTHER)
    (third,) = set(depot.stored()) - {name, second}
    record_id = manifest(house, view, other)
    clean = examined(depot)
    assert clean.findings == []
    assert (clean.counts["stored files"], clean.counts["manifests"]) == (3, 1)
    sound, twin, strange = depot.raw(name), depot.raw(second), depot.raw(third)

    flipped = bytearray(sound)
    flipped[FIRST + STEP + 99] ^= 1
    depot.overwrite(name, bytes(flipped))
    assert found(depot, deep=False) == []
    (one,) = found(depot)
    assert (one.kind, one.chunk, one.bytes) == ("file-damaged", 1, (CHUNK, 2 * CHUNK))
    assert (one.material_id, one.record_id, one.origin, one.first) == (view.id, record_id, house.origin, 0)
    assert any("bytes" in line for line in one.lines())

    depot.overwrite(name, sound[: FIRST + 2 * STEP + 5])
    (one,) = found(depot, deep=False)
    assert (one.kind, one.chunk, one.bytes) == ("file-length", 2, (2 * CHUNK, 3 * CHUNK + 17))

    depot.overwrite(name, put_chunk(sound, 0, chunk(twin, 0)))
    depot.overwrite(second, put_chunk(twin, 0, chunk(sound, 0)))
    assert sorted((each.kind, each.material_id) for each in found(depot)) == sorted(
        ("file-damaged", each.id) for each in (view, other)
    )
    depot.overwrite(second, twin)

    depot.overwrite(name, put_chunk(put_chunk(sound, 0, chunk(sound, 1)), 1, chunk(sound, 0)))
    assert kinds(found(depot)) == [("file-damaged", 0), ("file-damaged", 1)]

    depot.overwrite(name, strange)
    assert kinds(found(depot)) == [("file-damaged", index) for index in range(4)]

    depot.overwrite(name, b"\0" + sound[1:])
    assert kinds(found(depot)) == [("file-damaged", None)]

    depot.store.remove(name)
    (one,) = found(depot, deep=False)
    assert (one.kind, one.record_id) == ("file-missing", record_id)
    depot.overwrite(name, sound)

    orphan = "ab/" + "ab" * 32 + ".obj_" + "9" * 32
    depot.overwrite(orphan, b"x")
    (one,) = found(depot, deep=False)
    assert (one.kind, orphan in one.detail) == ("file-orphan", True)
    depot.store.remove(orphan)
    assert depot.materials.get(OTHER, theirs.id).digest is not None
    assert found(depot) == []


def test_rows_that_contradict_files_or_manifests_are_found(house: House, depot: Depot) -> None:
    view, other = (depot.put(os.urandom(99), f"{name}.pdf", OPERATOR) for name in ("one", "other"))
    record_id = manifest(house, view, other)
    with depot.database.write() as session:
        rows = [session.execute(text("SELECT object_id FROM materials WHERE id = :id"), {"id": each.id}).scalar_one()
                for each in (view, other)]  # fmt: skip
        for each, row in zip((view, other), reversed(rows), strict=True):
            session.execute(text("UPDATE materials SET object_id = :row WHERE id = :id"), {"row": row, "id": each.id})
    assert kinds(found(depot)) == [("file-differs", None)] * 2
    with depot.database.write() as session:
        for each, row in zip((view, other), rows, strict=True):
            session.execute(text("UPDATE materials SET object_id = :row WHERE id = :id"), {"row": row, "id": each.id})
        session.execute(text("DELETE FROM material_uses WHERE material_id = :id"), {"id": view.id})
    (one,) = found(depot)
    assert (one.kind, one.material_id, one.record_id) == ("material-row", view.id, record_id)
    with depot.database.write() as session:
        session.execute(text("UPDATE materials SET object_id = NULL WHERE id = :id"), {"id": view.id})
    assert {each.kind for each in found(depot, deep=False)} == {"material-missing", "material-row"}


def test_an_erased_file_that_is_still_there_is_found_once_it_should_be_gone(
    house: House, depot: Depot, retention: Retention
) -> None:
    record_id = manifest(house, depot.put(b"abc", institution=OPERATOR))
    (name,) = depot.stored()
    kept = depot.raw(name)
    house.clock.advance(seconds=YEAR)
    erase(retention, record_id)
    report = examined(depot)
    assert (report.findings, name in str(report.remarks)) == ([], True)
    retention.run()
    assert examined(depot).remarks == []
    depot.overwrite(name, kept)  # somebody restored it
    (one,) = found(depot)
    assert (one.kind, record_id in one.detail) == ("file-not-destroyed", True)


def test_a_store_that_is_away_makes_the_answer_incomplete(
    depot: Depot, monkeypatch: pytest.MonkeyPatch, store: Store
) -> None:
    depot.put(b"abc")

    def away() -> None:
        raise StoreAway("refused")

    monkeypatch.setattr(store, "entries", away)
    report = Report()
    with depot.database.read() as session:
        FileCheck(store, depot.vault, depot.database.read, report, deep=False).run(session)
    assert (report.exit_code, "does not answer" in report.incomplete[0]) == (3, True)
