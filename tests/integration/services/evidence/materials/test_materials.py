"""Files go in, sealed from the first chunk on, and come out as they were or not at all."""

import os
import threading

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.proof.digest import FileDigest
from chain.proof.manifest import FileEntry
from services.evidence.materials.errors import (
    Damaged,
    DigestMismatch,
    OffsetMismatch,
    UploadBusy,
    UploadIncomplete,
)
from services.evidence.materials.sealed import CHUNK
from services.evidence.materials.service import Announced
from services.platform.errors import Conflict, IdempotencyKeyReused, Invalid, NotFound
from services.platform.idempotency import Once
from tests.integration.services.evidence.materials.conftest import ONE, OTHER, Depot, digest

pytestmark = pytest.mark.one_database

DAY_MS = 86_400_000


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK + 5])
def test_a_file_comes_out_as_it_went_in(depot: Depot, size: int) -> None:
    content = os.urandom(size)
    view = depot.put(content, "附件一 — 章程（修订）.pdf")
    assert (view.name, view.size, view.offset) == ("附件一 — 章程（修订）.pdf", size, size)
    assert view.digest == digest(content)
    assert depot.read(view) == content
    assert depot.uploads() == []
    assert depot.materials.get(ONE, view.id) == view


def test_a_range_is_the_same_bytes(depot: Depot) -> None:
    content = os.urandom(2 * CHUNK + 5)
    view = depot.put(content)
    assert depot.read(view, f"bytes={CHUNK - 2}-{CHUNK + 1}") == content[CHUNK - 2 : CHUNK + 2]
    assert depot.read(view, "bytes=-7") == content[-7:]
    with pytest.raises(Invalid):
        depot.read(view, f"bytes={len(content)}-")


def test_an_upload_is_resumed_where_its_chunks_end_even_by_another_process(depot: Depot) -> None:
    content = os.urandom(3 * CHUNK + 9)
    view = depot.announce(len(content))
    depot.send(view, content, upto=CHUNK)
    assert depot.reopened().get(ONE, view.id).offset == CHUNK
    with pytest.raises(OffsetMismatch):
        depot.send(view, content)
    depot.send(view, content, offset=CHUNK, upto=2 * CHUNK)
    depot.send(view, content, offset=2 * CHUNK)
    done = depot.materials.complete(ONE, view.id, digest(content))
    assert depot.read(done) == content


def test_a_file_that_was_cut_off_is_not_completed(depot: Depot) -> None:
    content = os.urandom(2 * CHUNK)
    view = depot.announce(len(content))
    depot.send(view, content, upto=CHUNK)
    with pytest.raises(UploadIncomplete) as caught:
        depot.materials.complete(ONE, view.id, digest(content))
    assert caught.value.extra == {"offset": CHUNK, "size": 2 * CHUNK}
    with pytest.raises(Invalid):
        depot.materials.complete(ONE, view.id, digest(content[:CHUNK]))
    with pytest.raises(Conflict, match="still being uploaded"):
        depot.read(view)


@pytest.mark.parametrize("wrong", ["sha256", "sm3"])
def test_bytes_that_are_not_those_meant_are_discarded(depot: Depot, wrong: str) -> None:
    view = depot.announce(3)
    depot.send(view, b"abc")
    meant = digest(b"abc")
    other = digest(b"abd")
    given_ = FileDigest(3, other.sha256, meant.sm3) if wrong == "sha256" else FileDigest(3, meant.sha256, other.sm3)
    with pytest.raises(DigestMismatch, match=wrong.replace("sha", "SHA-").upper()):
        depot.materials.complete(ONE, view.id, given_)
    with pytest.raises(NotFound):
        depot.materials.get(ONE, view.id)
    assert depot.uploads() == depot.stored() == []


def test_completing_again_gives_the_same_answer_and_takes_no_more_bytes(depot: Depot) -> None:
    view = depot.put(b"abc")
    assert depot.materials.complete(ONE, view.id, digest(b"abc")) == view
    with pytest.raises(Conflict):
        depot.materials.complete(ONE, view.id, digest(b"abd"))
    with pytest.raises(Conflict):
        depot.send(view, b"abc")


def test_equal_files_of_one_institution_are_stored_once_and_of_two_twice(depot: Depot) -> None:
    content = os.urandom(CHUNK + 1)
    first, second = depot.put(content, "一.pdf"), depot.put(content, "二.pdf")
    assert len(depot.stored()) == 1
    theirs = depot.put(content, "三.pdf", OTHER)
    assert len(depot.stored()) == 2
    assert len({name.partition(".")[0] for name in depot.stored()}) == 2
    assert depot.read(first) == depot.read(second) == depot.read(theirs) == content
    assert (first.name, second.name) == ("一.pdf", "二.pdf")
    assert depot.uploads() == []


def test_another_institution_sees_and_touches_nothing(depot: Depot) -> None:
    view, open_one = depot.put(b"abc"), depot.announce(3)
    assert depot.materials.list(OTHER) == []
    for act in (
        lambda: depot.materials.get(OTHER, view.id),
        lambda: depot.materials.content(OTHER, view.id),
        lambda: depot.materials.complete(OTHER, open_one.id, digest(b"abc")),
        lambda: depot.materials.receive(OTHER, open_one.id, offset=0, length=3).__enter__(),
        lambda: depot.materials.get(OTHER, "mat_" + "0" * 32),
    ):
        with pytest.raises(NotFound, match="There is no such material"):
            act()


def test_one_request_at_a_time_writes_to_an_upload(depot: Depot) -> None:
    view = depot.announce(2 * CHUNK)
    with (
        depot.materials.receive(ONE, view.id, offset=0, length=None),
        pytest.raises(UploadBusy),
        depot.reopened().receive(ONE, view.id, offset=0, length=None),
    ):
        raise AssertionError("two writers")


def test_ten_at_once_complete_one_upload_once(depot: Depot) -> None:
    content = os.urandom(CHUNK)
    views = [depot.announce(CHUNK) for _ in range(5)]
    for view in views:
        depot.send(view, content)
    answers: list[object] = []

    def complete(material_id: str) -> None:
        try:
            answers.append(depot.materials.complete(ONE, material_id, digest(content)))
        except Conflict as error:
            answers.append(error.slug)

    threads = [threading.Thread(target=complete, args=(view.id,)) for view in views * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 10
    busy = ("upload-busy", "material-stored")
    assert all(answer in busy or getattr(answer, "digest", None) == digest(content) for answer in answers)
    assert all(depot.read(depot.materials.get(ONE, view.id)) == content for view in views)
    depot.materials.sweep()
    assert len(depot.stored()) == 1


def test_an_announcement_is_made_once_under_one_key(depot: Depot) -> None:
    said = Announced(name="a", media_type="text/plain", size=1)
    first = depot.materials.announce(ONE, said, once=Once("k", b"1"))
    assert depot.materials.announce(ONE, said, once=Once("k", b"1")).id == first.id
    with pytest.raises(IdempotencyKeyReused):
        depot.materials.announce(ONE, said, once=Once("k", b"2"))


def test_materials_are_listed_in_pages_oldest_first(depot: Depot) -> None:
    made = [depot.put(bytes([each])).id for each in range(5)]
    first = depot.materials.list(ONE, limit=2)
    rest = depot.materials.list(ONE, after=first[-1].id, limit=9)
    assert [view.id for view in (*first, *rest)] == made


def test_what_a_manifest_says_is_stored_is_stored_and_the_submitters(depot: Depot) -> None:
    view, theirs, open_one = depot.put(b"abc"), depot.put(b"abc", institution=OTHER), depot.announce(3)

    def entry(material: str | None, content: bytes = b"abc") -> FileEntry:
        return FileEntry(name="a", digest=digest(content), media_type="text/plain", material=material)

    depot.materials.check_manifest(ONE, [entry(view.id), entry(None, b"kept elsewhere")])
    for wrong in (entry(theirs.id), entry(open_one.id), entry(view.id, b"abd"), entry("mat_" + "0" * 32)):
        with pytest.raises(Invalid) as caught:
            depot.materials.check_manifest(ONE, [entry(view.id), wrong])
        assert caught.value.field == "/record/body/files[1]/material"


def test_the_sweep_takes_orphans_and_abandoned_uploads_and_nothing_else(depot: Depot) -> None:
    kept, young = depot.put(b"kept"), depot.announce(CHUNK + 1)
    old = depot.announce(CHUNK + 2)
    content = os.urandom(CHUNK + 2)
    depot.send(old, content, upto=CHUNK)
    orphan = depot.folder / "orphan"
    orphan.write_bytes(b"left by a crash")
    depot.store.put("ab/" + "ab" * 32 + ".obj_" + "9" * 32, orphan)
    (depot.folder / "uploads" / ("obj_" + "8" * 32)).write_bytes(b"left by a crash")
    depot.materials.sweep()
    assert len(depot.uploads()) == len(depot.stored()) == 1
    assert depot.materials.get(ONE, old.id).offset == CHUNK
    depot.clock.advance(seconds=6 * DAY_MS // 1000)
    depot.send(young, content[: CHUNK + 1], upto=CHUNK)
    depot.clock.advance(seconds=2 * DAY_MS // 1000)
    depot.materials.sweep()
    with pytest.raises(NotFound):
        depot.materials.get(ONE, old.id)
    assert depot.materials.get(ONE, young.id).offset == CHUNK
    depot.materials.sweep()
    assert len(depot.uploads()) == 1
    assert depot.read(kept) == b"kept"


def test_storing_a_file_again_repairs_a_copy_that_is_gone(depot: Depot) -> None:
    content = os.urandom(CHUNK + 1)
    first = depot.put(content)
    depot.store.remove(depot.stored()[0])
    with pytest.raises(Damaged, match="gone"):
        depot.read(first)
    second = depot.put(content)
    assert depot.read(first) == depot.read(second) == content
    assert len(depot.stored()) == 1


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_any_way_of_cutting_an_upload_gives_the_same_file(depot: Depot, data: st.DataObject) -> None:
    chunks = data.draw(st.integers(0, 3))
    content = os.urandom(64) * (CHUNK // 64) * chunks + os.urandom(data.draw(st.integers(0, 100)))
    view, offset = depot.announce(len(content)), 0
    while offset < len(content):
        if data.draw(st.booleans()):
            depot.reopened()
        upto = min(len(content), offset + CHUNK * data.draw(st.integers(1, 3)))
        depot.send(view, content, offset=offset, upto=upto)
        offset = depot.materials.get(ONE, view.id).offset
        assert offset == upto
    done = depot.materials.complete(ONE, view.id, digest(content))
    assert depot.read(done) == content
