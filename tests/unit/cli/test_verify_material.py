"""`regseal verify --material`: the file's digests must stand in the record that the receipt proves."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chain.proof.canonical import JsonObject
from chain.proof.checkpoint import Checkpoint
from chain.proof.digest import digest_of
from chain.proof.hashing import Suite
from chain.proof.leaf import NO_LEAF, Leaf
from chain.proof.manifest import TYPE, FileEntry, Part, set_digest
from chain.proof.note import sign_note
from chain.proof.receipt import Opening, Receipt, format_receipt
from chain.proof.record import check_record, commit, disclose
from chain.proof.types import BY_NAME, Phase
from cli.materials.compare import Shown, compare_folder
from tests.vectors.world import ACCEPTED_AT, LOG, ORIGIN

Run = Callable[..., Any]
CONTENT = "章程正文\n".encode() * 1000
SECRET = bytes(range(32))
NAMED = {"章程.pdf": CONTENT, "空.txt": b""}
RECORD: JsonObject = {
    "type": TYPE,
    "subject": "company/440300-0001",
    "actor": "ins_" + "0" * 32,
    "occurred_at": "2026-11-20T09:30:00Z",
    "body": {
        "files": [
            FileEntry(name=name, digest=digest_of([data]), media_type="text/plain").document()
            for name, data in NAMED.items()
        ]
    },
}


def receipt(**shown: Any) -> bytes:
    """The receipt of the record, alone in its log."""
    leaf = Leaf(
        suite=Suite.INTL_V1,
        type_code=BY_NAME[TYPE].code,
        phase=Phase.EVENT,
        seq=0,
        stream=bytes(16),
        previous=NO_LEAF,
        commitment=commit(check_record(RECORD), SECRET),
        accepted_at=ACCEPTED_AT,
    )
    checkpoint = sign_note(Checkpoint(ORIGIN, 1, leaf.hash()).text(), LOG)
    return format_receipt(Receipt(origin=ORIGIN, leaf=leaf.encode(), index=0, proof=(), checkpoint=checkpoint, **shown))


@pytest.fixture
def verify(run: Run, tmp_path: Path) -> Run:
    """`verify(receipt, file, ...)`: the exit code and what is said of each file."""
    policy = {"stages": ["leaf", "inclusion", "checkpoint"], "witness": {}, "header": {}}
    keys = [{"vkey": LOG.key.format(), "from_size": 0, "to_size": None}]
    logs = [{"origin": ORIGIN, "keys": keys, "submitter_required": False}]
    trust = {"format": "regseal/trust@v1", "logs": logs, "submitters": [], "witnesses": [], "chains": []}
    (tmp_path / "trust.json").write_text(json.dumps({**trust, "policy": policy}))

    def verified(proof: bytes, *files: Path) -> tuple[int, list[str]]:
        (tmp_path / "r.regseal.json").write_bytes(proof)
        given = [each for file in files for each in ("--material", file)]
        result = run("verify", tmp_path / "r.regseal.json", "--trust", tmp_path / "trust.json", "--json", *given)
        return result.exit_code, [each["outcome"] for each in json.loads(result.stdout).get("materials", [])]

    return verified


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    for name, data in NAMED.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "changed").write_bytes(CONTENT[:-1] + b" ")
    return {name: tmp_path / name for name in (*NAMED, "changed", "missing")}


def private() -> bytes:
    return receipt(record=Opening(RECORD, SECRET))


def test_files_stand_in_the_record_of_a_private_receipt(verify: Run, files: dict[str, Path]) -> None:
    assert verify(private()) == (0, [])
    assert verify(private(), files["章程.pdf"], files["空.txt"]) == (0, ["stands", "stands"])


def test_a_changed_file_is_refused(verify: Run, files: dict[str, Path]) -> None:
    assert verify(private(), files["章程.pdf"], files["changed"]) == (1, ["stands", "absent"])


def test_a_file_that_cannot_be_read_is_a_wrong_use(verify: Run, files: dict[str, Path]) -> None:
    assert verify(private(), files["missing"]) == (2, ["unreadable"])


def test_a_public_receipt_leaves_the_question_open(verify: Run, files: dict[str, Path]) -> None:
    assert verify(receipt(), files["章程.pdf"]) == (3, ["not-shown"])


def test_disclosing_size_and_both_digests_of_a_file_is_enough_for_that_file(
    verify: Run, files: dict[str, Path]
) -> None:
    paths = [f"/body/files[0]/{each}" for each in ("size", "sha256", "sm3")]
    shown = receipt(disclosures=disclose(RECORD, SECRET, paths))
    assert verify(shown, files["章程.pdf"]) == (0, ["stands"])
    assert verify(shown, files["changed"]) == (3, ["not-shown"])
    fewer = receipt(disclosures=disclose(RECORD, SECRET, paths[:2]))
    assert verify(fewer, files["章程.pdf"]) == (3, ["not-shown"])


def test_a_record_that_is_not_the_leafs_proves_no_file(verify: Run, files: dict[str, Path]) -> None:
    other = {**RECORD, "subject": "company/other"}
    code, said = verify(receipt(record=Opening(other, SECRET)), files["章程.pdf"])
    assert (code, said) == (1, ["not-shown"])


def test_a_folder_is_compared_by_place(verify: Run, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    for name, data in NAMED.items():
        (folder / name).write_bytes(data)
    assert verify(private(), folder) == (0, ["stands"])
    assert verify(receipt(), folder) == (3, ["not-shown"])
    (folder / "more.txt").write_bytes(b"")
    assert verify(private(), folder) == (1, ["differs"])
    (folder / "more.txt").unlink()
    (folder / "空.txt").unlink()
    assert verify(private(), folder) == (1, ["differs"])
    assert verify(private(), folder, folder / "章程.pdf") == (1, ["differs", "stands"])


def manifest(*files: FileEntry, number: int = 1, of: int = 1, whole: bytes | None = None) -> Part:
    return Part(files, number, of, whole)


def entry(name: str, content: bytes = b"content") -> FileEntry:
    return FileEntry(name=name, digest=digest_of([content]), media_type="text/plain")


def test_a_name_that_a_file_system_composed_differently_is_the_same_and_remarked(tmp_path: Path) -> None:
    (tmp_path / unicodedata.normalize("NFD", "é.txt")).write_bytes(b"content")
    said = compare_folder(tmp_path, Shown(frozenset(), [manifest(entry("é.txt"))], whole=True))
    assert said.code == 0
    assert "NFC" in str(said.lines)


def test_parts_are_taken_for_a_set_only_when_all_are_there_and_make_up_its_digest(tmp_path: Path) -> None:
    one, two, other = entry("a"), entry("b"), entry("b", b"other")
    for each in ("a", "b"):
        (tmp_path / each).write_bytes(b"content")
    whole = set_digest([one, two])

    def compared(*parts: Part) -> tuple[int, str]:
        said = compare_folder(tmp_path, Shown(frozenset(), parts, whole=True))
        return int(said.code), " ".join(said.lines)

    first, second = manifest(one, number=1, of=2, whole=whole), manifest(two, number=2, of=2, whole=whole)
    assert compared(first, second)[0] == compared(second, first)[0] == 0
    code, words = compared(first)
    assert (code, "not among the receipts: 2" in words) == (3, True)
    code, words = compared(first, manifest(other, number=2, of=2, whole=whole))
    assert (code, "its digest is another" in words) == (1, True)
    code, words = compared(first, second, manifest(other, number=2, of=2, whole=whole))
    assert (code, "two different manifests" in words) == (1, True)
