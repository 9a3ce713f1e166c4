"""An S3 store over a bad road: what is repeated, what is said, what is never half-done."""

import io
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from chain.proof.digest import digest_of
from services.evidence.materials.errors import Damaged, StorageFull, StoreAway, StoreRefuses
from services.evidence.materials.s3 import S3Store, client_of
from services.evidence.materials.sealed import CHUNK
from services.evidence.materials.wiring import store_of
from services.platform.atrest import Vault
from services.platform.clock import FixedClock
from services.platform.database import Database
from services.platform.errors import RegsealError, StartRefused
from services.platform.settings import MaterialsConfig, Settings
from tests.integration.services.evidence.materials.conftest import ONE, Depot, Worker
from tests.integration.services.evidence.materials.s3server import BUCKET, KEYS, Road, bad_road, client, s3_store

NAME = "ab/" + "ab" * 32 + ".obj_" + "1" * 32


@pytest.fixture
def backend() -> str:
    return "sqlite"


@pytest.fixture
def road(s3_port: int) -> Iterator[tuple[int, Road]]:
    with bad_road(s3_port) as found:
        yield found


@pytest.fixture
def place(road: tuple[int, Road], tmp_path: Path) -> str:
    return f"{road[0]}:{tmp_path.name}/"


@pytest.fixture
def depot(database: Database, clock: FixedClock, vault: Vault, tmp_path: Path, place: str) -> Depot:
    port, _, prefix = place.partition(":")
    return Depot(database, clock, vault, tmp_path, s3_store(int(port), prefix))


def sent(road: tuple[int, Road], method: str, part: str) -> int:
    return sum(1 for one, path in road[1].seen if one == method and part in path)


def test_what_can_be_repeated_is_repeated(depot: Depot, road: tuple[int, Road]) -> None:
    content = os.urandom(9 * CHUNK + 5)
    road[1].faults = {("PUT", "partNumber=2"): [503, 500], ("HEAD", ""): [502], ("GET", ".obj_"): [503, "cut", "cut"]}
    view = depot.put(content)
    assert depot.read(view) == content
    assert not any(road[1].faults.values())
    assert sent(road, "PUT", "partNumber=2") == 3


def test_beginning_and_finishing_are_not_repeated_and_completing_again_goes_on(
    depot: Depot, road: tuple[int, Road]
) -> None:
    content = os.urandom(9 * CHUNK + 5)
    view = depot.announce(len(content))
    depot.send(view, content)
    for path, word in (("uploads=", "away"), ("uploadId=", "away")):
        road[1].faults = {("POST", path): [503]}
        before = sent(road, "POST", path)
        with pytest.raises(StoreAway) as caught:
            depot.materials.complete(ONE, view.id, digest_of([content]))
        assert word in caught.value.slug
        assert sent(road, "POST", path) == before + 1
        assert depot.materials.get(ONE, view.id).digest is None
    parts = sent(road, "PUT", "partNumber=")
    done = depot.materials.complete(ONE, view.id, digest_of([content]))
    assert sent(road, "PUT", "partNumber=") == parts == 2
    assert depot.read(done) == content
    assert list(depot.store.unfinished()) == []


@pytest.mark.parametrize(
    ("fault", "error"),
    [(507, StorageFull), (403, StoreRefuses), ("mute", StoreAway), (503, StoreAway), (400, StoreRefuses)],
)
def test_a_store_that_does_not_do_it_is_named_and_nothing_is_lost(
    depot: Depot, road: tuple[int, Road], place: str, fault: int | str, error: type[RegsealError]
) -> None:
    content = b"%PDF-1.7 ..."
    view = depot.announce(len(content))
    depot.send(view, content)
    patient = depot.store
    if fault == "mute":
        depot.store = s3_store(road[0], place.partition(":")[2], timeout_s=1)
        depot.reopened()
    road[1].faults = {("PUT", ""): [fault] * 8}
    with pytest.raises(error) as caught:
        depot.materials.complete(ONE, view.id, digest_of([content]))
    road[1].faults = {}
    depot.store = patient
    depot.reopened()
    said = f"{caught.value} {caught.value.detail} {caught.value.__cause__}"
    assert not any(secret in said for secret in KEYS.values())
    assert (depot.materials.get(ONE, view.id).offset, depot.stored()) == (len(content), [])
    assert depot.read(depot.materials.complete(ONE, view.id, digest_of([content]))) == content


def test_a_copy_whose_end_was_not_heard_of_is_found_to_stand(depot: Depot, road: tuple[int, Road]) -> None:
    content = os.urandom(9 * CHUNK + 5)
    road[1].faults = {("POST", "uploadId="): ["cut"]}
    assert depot.read(depot.put(content)) == content
    assert sent(road, "POST", "uploadId=") == 1


def test_an_object_that_the_store_lost_is_said_to_be_gone(depot: Depot) -> None:
    view = depot.put(b"abc")
    depot.store.remove(depot.stored()[0])
    with pytest.raises(Damaged, match="gone"):
        depot.read(view)
    with pytest.raises(Damaged, match="gone"):
        depot.store.open(NAME, 0)


def test_a_store_that_goes_away_while_reading_gives_no_wrong_byte(depot: Depot, road: tuple[int, Road]) -> None:
    content = os.urandom(6 * CHUNK)
    view = depot.put(content)
    road[1].faults = {("GET", ".obj_"): ["cut"] * 3 + [503] * 8}
    pieces = depot.materials.content(ONE, view.id).pieces
    got = bytearray()

    def take() -> None:
        for piece in pieces:
            got.extend(piece)

    with pytest.raises(StoreAway):
        take()
    assert content.startswith(bytes(got))


def test_a_copy_in_parts_that_was_killed_goes_on_with_the_missing_part(
    depot: Depot, database_url: str, tmp_path: Path, place: str, road: tuple[int, Road]
) -> None:
    content, file = os.urandom(20 * CHUNK + 17), tmp_path / "content"
    file.write_bytes(content)
    view = depot.announce(len(content))
    work = Worker(database_url, tmp_path, place)
    code, _ = work("store", view.id, file, failpoint="material.after-part:2")
    assert code == -signal.SIGKILL
    depot.reopened().sweep()
    assert len(list(depot.store.unfinished())) == 1
    assert work("store", view.id, file)[0] == 0
    assert sent(road, "PUT", "partNumber=") == 3
    assert depot.read(depot.materials.get(ONE, view.id)) == content
    assert list(depot.store.unfinished()) == []


def test_parts_that_nobody_will_finish_are_swept(depot: Depot, s3_port: int, tmp_path: Path) -> None:
    inner, key = client(s3_port), f"{tmp_path.name}/{NAME}"
    inner._create_multipart_upload(BUCKET, key, {})
    inner._create_multipart_upload(BUCKET, key, {})
    inner._create_multipart_upload(BUCKET, f"other-{tmp_path.name}/{NAME}", {})
    assert list(depot.store.unfinished()) == [NAME]
    depot.materials.sweep()
    assert list(depot.store.unfinished()) == []
    assert list(s3_store(s3_port, f"other-{tmp_path.name}/").unfinished()) == [NAME]


def test_more_objects_than_a_page_are_listed_and_only_those_under_the_prefix(depot: Depot, s3_port: int) -> None:
    kept = depot.put(b"kept")
    inner, prefix = client(s3_port), depot.store._prefix if isinstance(depot.store, S3Store) else ""
    for number in range(1_005):
        inner.put_object(BUCKET, f"{prefix}cd/{number:064x}.obj_{number:032x}", io.BytesIO(b"x"), 1)
    inner.put_object(BUCKET, f"neighbour-{prefix}x", io.BytesIO(b"x"), 1)
    assert len(depot.stored()) == 1_006
    depot.materials.sweep()
    assert len(depot.stored()) == 1
    assert depot.read(kept) == b"kept"
    assert inner.stat_object(BUCKET, f"neighbour-{prefix}x").size == 1


def test_the_settings_choose_the_store_and_never_show_its_keys(tmp_path: Path, s3_port: int) -> None:
    given = MaterialsConfig(store=f"s3://{BUCKET}/{tmp_path.name}", endpoint=f"http://127.0.0.1:{s3_port}")
    settings = Settings(home=tmp_path, materials=given)
    secrets = tmp_path / "materials-store.toml"
    with pytest.raises(StartRefused, match="credentials_file"):
        store_of(settings)
    other = 'access_key = "a"\nsecret_key = "b"\nother = "c"'
    for text in ("access_key = 1", f"not toml {KEYS['secret_key']}", other):
        secrets.write_text(text)
        secrets.chmod(0o600)
        with pytest.raises(StartRefused) as caught:
            store_of(settings)
        assert KEYS["secret_key"] not in caught.value.detail
    secrets.write_text("".join(f'{name} = "{value}"\n' for name, value in KEYS.items()))
    secrets.chmod(0o640)
    with pytest.raises(StartRefused, match="chmod 600"):
        store_of(settings)
    secrets.chmod(0o600)
    store = store_of(settings)
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    store.put(NAME, file)
    assert [entry.name for entry in s3_store(s3_port, f"{tmp_path.name}/").entries()] == [NAME]
    assert KEYS["secret_key"] not in str(settings.redacted()) + repr(store)
    with pytest.raises(ValueError, match="belong together"):
        MaterialsConfig(store="s3://bucket")


@pytest.mark.parametrize(("virtual", "host"), [(False, "store.example:9000"), (True, "bucket.store.example:9000")])
def test_the_bucket_stands_in_the_path_or_in_the_host(virtual: bool, host: str) -> None:  # noqa: FBT001 (a parameter)
    made = client_of(
        "https://store.example:9000", KEYS, region="cn-south-1", virtual_host=virtual, ca_file=None, timeout_s=1
    )
    assert urlsplit(made.get_presigned_url("GET", "bucket", "ab/cd")).netloc == host
