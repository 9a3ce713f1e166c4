import json
from pathlib import Path
from typing import Any

import pytest

from chain.proof.canonical import JsonValue
from chain.proof.digest import FileDigest, digest_of
from chain.proof.encoding import to_hex
from chain.proof.errors import FormatError
from chain.proof.manifest import (
    MAX_FILES,
    FileEntry,
    bodies_of,
    digests_among,
    digests_in,
    name_fault,
    read_manifest,
    read_part,
    set_digest,
)
from chain.proof.record import check_record

DIGEST = digest_of([b"content"])
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[3] / "vectors" / "materials.json").read_text("ascii"))


def entry(**changes: Any) -> dict[str, Any]:
    return {**FileEntry(name="章程.pdf", digest=DIGEST, media_type="application/pdf").document(), **changes}


def record(*files: Any) -> dict[str, Any]:
    return {
        "type": "material.manifest",
        "subject": "company/440300-0001",
        "actor": "ins_" + "0" * 32,
        "occurred_at": "2026-11-20T09:30:00Z",
        "body": {"title": "挂牌申请材料", "files": list(files)},
    }


def test_a_manifest_says_what_was_put_in() -> None:
    put = FileEntry(
        name="章程.pdf",
        digest=DIGEST,
        media_type="application/pdf",
        folder="申请/附件",
        material="mat_" + "a" * 32,
        signer="王某",
        version="2",
    )
    assert read_manifest(check_record(record(put.document()))["body"]) == [put]


def test_the_greatest_manifest_fits_into_a_record() -> None:
    check_record(record(*[entry(name=f"文件{n:04}.pdf", material="mat_" + "a" * 32) for n in range(MAX_FILES)]))
    with pytest.raises(FormatError, match="at most"):
        read_manifest({"files": [entry()] * (MAX_FILES + 1)})


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "../x"}, "name"),
        ({"name": 7}, "name"),
        ({"size": -1}, "size"),
        ({"size": True}, "size"),
        ({"sha256": "0x00"}, "sha256"),
        ({"sm3": DIGEST.sm3.hex()}, "sm3"),
        ({"media_type": "pdf"}, "media_type"),
        ({"folder": "a/../b"}, "folder"),
        ({"folder": "/a"}, "folder"),
        ({"material": "mat_1"}, "material"),
        ({"signer": "a\u202eb"}, "signer"),
        ({"md5": "0x00"}, "md5"),
    ],
)
def test_a_file_that_is_not_described_as_agreed_is_refused_by_its_field(change: dict[str, Any], field: str) -> None:
    with pytest.raises(FormatError) as caught:
        read_manifest({"files": [entry(), entry(**change)]})
    assert caught.value.field == f"/body/files[1]/{field}"


@pytest.mark.parametrize("body", [{}, {"files": []}, {"files": {}}, {"files": [entry()], "more": 1}, []])
def test_what_is_no_manifest_is_refused(body: Any) -> None:
    with pytest.raises(FormatError):
        read_manifest(body)


def test_digests_are_found_in_records_and_among_disclosed_fields() -> None:
    smaller = FileDigest(1, DIGEST.sha256, DIGEST.sm3)
    assert digests_in(check_record(record(entry(), entry(size=1)))) == [DIGEST, smaller]
    shown: list[tuple[str, JsonValue]] = [("/body/files[3]/size", DIGEST.size)]
    shown.append(("/body/files[3]/sha256", to_hex(DIGEST.sha256)))
    assert digests_among(shown) == []
    assert digests_among([*shown, ("/body/files[4]/sm3", to_hex(DIGEST.sm3))]) == []
    assert digests_among([*shown, ("/body/files[3]/sm3", to_hex(DIGEST.sm3))]) == [DIGEST]


@pytest.mark.parametrize("vector", VECTORS["sets"], ids=lambda vector: vector["name"])
def test_a_set_is_cut_into_records_that_fit_and_lead_back_to_it(vector: dict[str, Any]) -> None:
    files = read_all(vector["files"])
    assert to_hex(set_digest(files)) == vector["set"]
    bodies = bodies_of(files, title="挂牌申请材料")
    parts = [read_part(check_record({**record(), "body": body})["body"]) for body in bodies]
    assert [len(part.files) for part in parts] == vector["parts"]
    assert [file for part in parts for file in part.files] == files
    if len(parts) > 1:
        assert [(part.number, part.of) for part in parts] == [(n, len(parts)) for n in range(1, len(parts) + 1)]
        assert {to_hex(part.set_digest or b"") for part in parts} == {vector["set"]}
    assert set_digest(files[::-1]) != set_digest(files) or len(files) == 1


def read_all(entries: list[JsonValue]) -> list[FileEntry]:
    return [file for entry in entries for file in read_manifest({"files": [entry]})]


def test_names_of_the_vectors() -> None:
    assert [name for name in VECTORS["names"]["good"] if name_fault(name)] == []
    assert [name for name in VECTORS["names"]["refused"] if not name_fault(name)] == []


@pytest.mark.parametrize("vector", VECTORS["invalid"], ids=lambda vector: vector["name"])
def test_a_body_that_is_no_manifest_is_refused_with_the_place(vector: dict[str, Any]) -> None:
    with pytest.raises(FormatError) as caught:
        read_part(vector["body"])
    assert caught.value.field == vector["path"]
