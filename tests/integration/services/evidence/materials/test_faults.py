"""Power cuts, full disks, changed bytes, and what must not be found anywhere."""

import os
import signal
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from services.evidence.materials.errors import Damaged, OffsetMismatch
from services.evidence.materials.sealed import CHUNK, HEADER
from services.platform.database import Database
from services.platform.logging import configure
from tests.conftest import FULL
from tests.integration.services.evidence.materials.conftest import ONE, Depot, Worker, digest

pytestmark = pytest.mark.one_database

STEP = CHUNK + 28
LARGE = 5 << 30 if FULL else 64 << 20
LARGE_S3 = 1 << 30 if FULL else 64 << 20
"""The test's S3 server, not ours, holds a whole file in memory when it puts its parts together."""
RSS_MIB = 200
"""Of the whole process with its libraries, whatever the file's size."""


@pytest.mark.parametrize(
    ("failpoint", "stands"),
    [
        ("material.after-chunk:1", 1),
        ("material.after-chunk:3", 3),
        ("material.before-store", 4),
        ("material.after-store", 4),
        ("material.after-commit", 4),
    ],
)
def test_a_killed_upload_goes_on_and_nothing_is_stored_that_is_not_complete(
    depot: Depot, work: Worker, failpoint: str, stands: int, tmp_path: Path
) -> None:
    content, file = os.urandom(3 * CHUNK + 17), tmp_path / "content"
    file.write_bytes(content)
    view = depot.announce(len(content))
    code, _ = work("store", view.id, file, failpoint=failpoint)
    assert code == -signal.SIGKILL
    found = depot.reopened().get(ONE, view.id)
    assert found.offset == min(stands * CHUNK, len(content))
    assert (found.digest is not None) is (failpoint == "material.after-commit")
    depot.materials.sweep()
    assert len(depot.stored()) == (1 if "after-commit" in failpoint or "after-store" in failpoint else 0)
    if found.digest is None:
        depot.send(view, content, offset=found.offset)
        depot.materials.complete(ONE, view.id, digest(content))
    depot.materials.sweep()
    assert depot.read(depot.materials.get(ONE, view.id)) == content
    assert (depot.uploads(), len(depot.stored())) == ([], 1)


def test_a_full_disk_is_said_keeps_what_stands_and_the_upload_goes_on(
    depot: Depot, work: Worker, tmp_path: Path
) -> None:
    content, file = os.urandom(3 * CHUNK + 17), tmp_path / "content"
    file.write_bytes(content)
    view = depot.announce(len(content))
    code, said = work("full", view.id, file)
    assert code == 0
    assert said == [{"slug": "storage-full", "status": 507, "offset": 2 * CHUNK}, {"same": True}]


@pytest.mark.timeout(1_200)
def test_memory_does_not_grow_with_the_file(depot: Depot, work: Worker) -> None:
    size = LARGE if work.place.startswith(os.sep) else LARGE_S3
    code, (said,) = work("large", size)
    sys.stdout.write(f"{size >> 20} MiB: {said}\n")
    assert code == 0
    assert said["same"]
    assert said["rss_mib"] < RSS_MIB
    assert len(depot.stored()) == 1


def changes() -> dict[str, Any]:
    """How somebody may change a stored file of three full chunks and a rest."""
    first = len(HEADER)

    def chunk(stored: bytes, index: int) -> bytes:
        return stored[first + index * STEP : first + (index + 1) * STEP]

    return {
        "a byte of the header": lambda s: bytes([s[0] ^ 1]) + s[1:],
        "a byte in the middle": lambda s: s[: STEP + 99] + bytes([s[STEP + 99] ^ 1]) + s[STEP + 100 :],
        "the last byte": lambda s: s[:-1] + bytes([s[-1] ^ 1]),
        "cut by a byte": lambda s: s[:-1],
        "cut at a chunk": lambda s: s[: first + 3 * STEP],
        "longer": lambda s: s + b"\0",
        "reordered": lambda s: s[:first] + chunk(s, 1) + chunk(s, 0) + chunk(s, 2) + chunk(s, 3),
        "repeated": lambda s: s[:first] + chunk(s, 0) + chunk(s, 0) + chunk(s, 2) + chunk(s, 3),
        "empty": lambda s: s[:0],
    }


def taken(depot: Depot, material: str) -> bytes:
    """What is given out before the damage is found, as it must be."""
    got = bytearray()

    def take() -> None:
        for piece in depot.materials.content(ONE, material).pieces:
            got.extend(piece)

    with pytest.raises(Damaged):
        take()
    return bytes(got)


@pytest.fixture
def told() -> Iterator[StringIO]:
    """What is logged, from whatever configured logging before this test."""
    stream = StringIO()
    configure("info", stream)
    yield stream
    configure()


def said(told: StringIO) -> str:
    """What was logged since the last time."""
    text = told.getvalue()
    told.seek(0)
    told.truncate()
    return text


def test_no_byte_of_a_changed_chunk_is_given_out(depot: Depot, told: StringIO) -> None:
    content = os.urandom(3 * CHUNK + 17)
    view = depot.put(content)
    (name,) = depot.stored()
    sound = depot.raw(name)
    for what, change in changes().items():
        depot.overwrite(name, change(sound))
        got = taken(depot, view.id)
        assert len(got) < len(content), what
        assert content.startswith(got), what
        assert view.id in said(told), what
    depot.overwrite(name, sound)
    assert depot.read(view) == content


def test_a_chunk_of_another_file_of_the_same_institution_is_found(depot: Depot) -> None:
    one, other = os.urandom(2 * CHUNK), os.urandom(2 * CHUNK)
    view = depot.put(one)
    (name,) = depot.stored()
    depot.put(other)
    (second,) = [each for each in depot.stored() if each != name]
    sound, strange = depot.raw(name), depot.raw(second)
    for changed in (strange[: len(HEADER) + STEP] + sound[len(HEADER) + STEP :], strange):
        depot.overwrite(name, changed)
        with pytest.raises(Damaged):
            depot.read(view)


def test_an_upload_whose_chunks_did_not_reach_the_disk_goes_on_before_them(depot: Depot) -> None:
    content = os.urandom(3 * CHUNK)
    view = depot.announce(len(content))
    depot.send(view, content, upto=2 * CHUNK)
    (name,) = depot.uploads()
    upload = depot.folder / "uploads" / name
    raw = bytearray(upload.read_bytes())
    raw[-500:] = bytes(500)  # what a power cut leaves of a file that was not synchronised
    upload.write_bytes(raw)
    depot.reopened()
    with pytest.raises(OffsetMismatch) as caught:
        depot.send(view, content, offset=2 * CHUNK)
    assert caught.value.extra == {"offset": CHUNK}
    depot.send(view, content, offset=CHUNK)
    assert depot.read(depot.materials.complete(ONE, view.id, digest(content))) == content


CANARY = "身份证440301199001011234-canary"


def test_nothing_of_a_file_its_name_or_its_digest_is_found_anywhere(
    depot: Depot, database: Database, told: StringIO
) -> None:
    content = CANARY.encode() * (2 * CHUNK // len(CANARY.encode()))
    view = depot.announce(len(content), f"{CANARY}.txt")
    depot.send(view, content, upto=CHUNK)
    depot.reopened()
    _search(depot, database, content, said(told))
    depot.send(view, content, offset=CHUNK)
    done = depot.materials.complete(ONE, view.id, digest(content))
    assert depot.read(done) == content
    depot.materials.sweep()
    _search(depot, database, content, said(told))


def _search(depot: Depot, database: Database, content: bytes, log: str) -> None:
    found = digest(content)
    wanted = [CANARY.encode(), found.sha256, found.sm3, found.sha256.hex().encode(), found.sm3.hex().encode()]
    held = {path.name: path.read_bytes() for path in depot.folder.rglob("*") if path.is_file()}
    held |= {name: depot.raw(name) for name in depot.stored()}
    assert len(held) >= 2
    with database.reader.connect() as connection:
        for table in ("materials", "material_objects", "material_keys", "idempotency_keys"):
            rows = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            raw = [bytes(value) if isinstance(value, memoryview) else value for row in rows for value in row]
            held[table] = b"\n".join(each if isinstance(each, bytes) else str(each).encode() for each in raw)
    assert held["materials"]
    held["log"] = log.encode()
    held["names"] = "\n".join([*map(str, depot.folder.rglob("*")), *depot.stored()]).encode()
    for place, data in held.items():
        for each in wanted:
            assert each not in data, place
