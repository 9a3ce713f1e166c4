"""Files over HTTP: parts, ranges, and a connection that breaks before a wrong byte is sent."""

import os
import re
import secrets
from collections.abc import Iterator

import pytest

from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from services.evidence.materials.sealed import CHUNK
from tests.integration.api.conftest import Market, Member
from tests.integration.api.test_isolation import stored_material


def announce(member: Member, size: int, name: str = "股东名册.pdf") -> str:
    answer = member.client.post("/v1/materials", json={"name": name, "media_type": "application/pdf", "size": size})
    assert answer.status_code == 201, answer.text
    assert answer.headers["upload-offset"] == "0"
    place: str = answer.headers["location"]
    return place


def meant(content: bytes) -> dict[str, object]:
    found = digest_of([content])
    return {"size": found.size, "sha256": to_hex(found.sha256), "sm3": to_hex(found.sm3)}


def test_a_file_is_sent_in_parts_and_read_back_whole_and_in_ranges(market: Market) -> None:
    content, client = os.urandom(2 * CHUNK + 100), market.a.client
    place = announce(market.a, len(content))
    for start, stop in ((0, CHUNK), (CHUNK, len(content))):
        sent = client.patch(f"{place}/content", content=content[start:stop], headers={"Upload-Offset": str(start)})
        assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(stop))
    done = client.post(f"{place}/completion", json=meant(content))
    assert (done.status_code, done.json()["state"]) == (200, "stored"), done.text
    assert done.json() | meant(content) == done.json()
    whole = client.get(f"{place}/content")
    assert whole.content == content
    assert whole.headers["content-type"] == "application/pdf"
    assert whole.headers["content-disposition"].startswith("attachment; filename*=UTF-8''%E8%82%A1")
    part = client.get(f"{place}/content", headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(content)}"
    assert place.rpartition("/")[2] in client.get("/v1/materials").text


def test_a_part_without_a_length_stands_as_far_as_its_whole_chunks(market: Market) -> None:
    content, client = os.urandom(2 * CHUNK), market.a.client
    place = announce(market.a, len(content))

    def cut() -> Iterator[bytes]:
        yield content[: CHUNK + 5000]

    sent = client.patch(f"{place}/content", content=cut(), headers={"Upload-Offset": "0"})
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(CHUNK))
    again = client.patch(f"{place}/content", content=content, headers={"Upload-Offset": "0"})
    assert (again.status_code, again.json()["offset"]) == (409, CHUNK)
    early = client.post(f"{place}/completion", json=meant(content))
    assert (early.status_code, early.json()["type"]) == (409, "urn:regseal:problem:upload-incomplete")
    assert client.get(place).headers["upload-offset"] == str(CHUNK)


@pytest.mark.parametrize("length", ["declared", "open"])
def test_more_bytes_than_announced_are_refused_and_nothing_of_them_stands(market: Market, length: str) -> None:
    client = market.a.client
    place = announce(market.a, 3)
    content = b"abcd" if length == "declared" else iter([b"abcd"])
    sent = client.patch(f"{place}/content", content=content, headers={"Upload-Offset": "0"})
    assert sent.status_code == 422, sent.text
    assert client.get(place).json()["offset"] == 0


def test_other_digests_discard_the_upload(market: Market) -> None:
    client = market.a.client
    place = announce(market.a, 3)
    client.patch(f"{place}/content", content=b"abc", headers={"Upload-Offset": "0"})
    done = client.post(f"{place}/completion", json=meant(b"abd"))
    assert (done.status_code, done.json()["type"]) == (422, "urn:regseal:problem:digest-mismatch")
    assert client.get(place).status_code == 404


def test_a_file_of_no_bytes_is_a_file(market: Market) -> None:
    place = announce(market.a, 0, "空.txt")
    assert market.a.client.post(f"{place}/completion", json=meant(b"")).status_code == 200
    empty = market.a.client.get(f"{place}/content")
    assert (empty.status_code, empty.content) == (200, b"")


@pytest.mark.parametrize("name", ["../x", "a\u202eb.pdf", "a\u200bb", "a\nb"])
def test_a_refused_name_says_the_field_and_the_reason(market: Market, name: str) -> None:
    answer = market.a.client.post("/v1/materials", json={"name": name, "size": 1})
    assert (answer.status_code, answer.json()["field"]) == (422, "/name")
    assert "must not contain" in answer.json()["detail"]


def test_a_file_that_is_too_large_is_refused_when_it_is_announced(market: Market) -> None:
    answer = market.a.client.post("/v1/materials", json={"name": "a", "size": (5 << 30) + 1})
    assert (answer.status_code, answer.json()["limit"]) == (413, 5 << 30)


def test_the_same_announcement_under_one_key_is_one_upload(market: Market) -> None:
    headers = {"Idempotency-Key": secrets.token_hex(8)}
    said = {"name": "a", "media_type": "text/plain", "size": 1}
    first, again = (market.a.client.post("/v1/materials", json=said, headers=headers).json() for _ in range(2))
    assert first == again
    assert market.a.client.post("/v1/materials", json={**said, "size": 2}, headers=headers).status_code == 422


def test_an_auditor_of_the_region_reads_and_stores_nothing(market: Market) -> None:
    assert stored_material(market.a, "a.txt")
    reading = market.a.client.post("/v1/tokens", json={"name": "reader", "roles": ["reader"]}).json()["secret"]
    headers = {"Authorization": f"Bearer {reading}"}
    refused = market.anyone.post("/v1/materials", json={"name": "a", "size": 1}, headers=headers)
    assert (refused.status_code, refused.json()["rule"]) == (403, "material.store")
    assert market.anyone.get("/v1/materials", headers=headers).status_code == 200


def test_a_changed_byte_ends_the_answer_before_it_is_sent(market: Market) -> None:
    content = os.urandom(3 * CHUNK)
    material = stored_material(market.a, "大.bin", content)
    objects = market.house.home / "materials" / "objects"
    stored = max(objects.glob("*/*"), key=lambda path: path.stat().st_size)
    sound = stored.read_bytes()
    place = f"/v1/materials/{material}/content"
    try:
        for flipped, received in ((len(sound) - 1, 2 * CHUNK), (CHUNK + 100, CHUNK)):
            changed = bytearray(sound)
            changed[flipped] ^= 1
            stored.write_bytes(changed)
            answer = market.a.client.get(place)  # a real server breaks the connection here: see test_server.py
            assert int(answer.headers["content-length"]) == len(content)
            assert answer.content == content[:received]
        stored.write_bytes(bytes([sound[0] ^ 1]) + sound[1:])
        answer = market.a.client.get(place)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:regseal:problem:material-damaged")
        stored.write_bytes(sound[:-1])
        assert market.a.client.get(place).status_code == 503
    finally:
        stored.write_bytes(sound)
    assert market.a.client.get(place).content == content


def test_a_manifest_binds_stored_files_to_one_record(market: Market) -> None:
    material = stored_material(market.a, "章程.pdf", b"abc")
    file = {"name": "章程.pdf", "media_type": "application/pdf", **meant(b"abc"), "material": material}
    done = market.a.submit(type="material.manifest", body={"files": [file]})
    assert re.fullmatch(r"rec_[0-9a-f]{32}", done["id"])
    theirs = stored_material(market.b, "章程.pdf", b"abc")
    record = market.a.record(type="material.manifest", body={"files": [{**file, "material": theirs}]})
    refused = market.a.client.post("/v1/records", json={"log": market.a.log, "record": record})
    assert (refused.status_code, refused.json()["field"]) == (422, "/record/body/files[0]/material")
    record = market.a.record(type="material.manifest", body={"files": [{**file, "name": "a/b"}]})
    refused = market.a.client.post("/v1/records", json={"log": market.a.log, "record": record})
    assert (refused.status_code, refused.json()["field"]) == (422, "/body/files[0]/name")
