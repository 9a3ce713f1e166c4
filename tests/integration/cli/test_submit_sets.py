"""Sets of files: more than one manifest holds, killed at any moment, with names and files that are not as they seem."""

import json
import os
import resource
import shutil
import signal
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.evidence.materials.sealed import CHUNK
from tests.integration.cli.test_submit import ROOT, Served
from tests.waiting import until

POLICY = {"stages": ["record", "leaf", "inclusion", "checkpoint"], "witness": {}, "header": {}}


def manifests(served: Served) -> list[dict[str, Any]]:
    client = served.market.a.client
    found = client.get("/v1/records?limit=500").json()["items"]
    read = [client.get(f"/v1/records/{each['id']}").json() for each in found]
    return [each for each in read if each["record"]["type"] == "material.manifest"]


def offset(served: Served, name: str) -> int:
    return max((int(each["offset"]) for each in served.materials() if each["name"] == name), default=0)


def trust(served: Served, folder: Path) -> Path:
    """The service's own, of its log's signature alone: no chain runs behind this one."""
    document = served.market.a.client.get("/v1/trust").json()
    (folder / "trust.json").write_text(json.dumps({**document, "policy": POLICY}))
    return folder / "trust.json"


def verified(served: Served, receipts: list[Path], material: Path) -> tuple[int, dict[str, Any]]:
    given = ["verify", *receipts, "--trust", trust(served, receipts[0].parent), "--material", material, "--json"]
    done = subprocess.run([*served.command(*given)[:-2]], cwd=ROOT, capture_output=True, text=True, check=False)
    said: dict[str, Any] = json.loads(done.stdout)["materials"][0]
    return done.returncode, said


FILES = 24
DEEP = "/".join(f"{'附' * 78}{level:02}" for level in range(12))


pytestmark = pytest.mark.parametrize("market", ["sqlite"], indirect=True)  # the command does not know which


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """As many files as two manifests hold: few, for they stand deep."""
    folder = tmp_path / "材料"
    (folder / DEEP).mkdir(parents=True)
    for number in range(FILES - 1):
        (folder / DEEP / f"附件{number:03}.txt").write_text(f"第 {number} 号附件\n")
    (folder / "空.txt").write_bytes(b"")
    return folder


def test_a_folder_of_many_files_is_a_set_and_what_changed_in_it_is_told(
    served: Served,
    folder: Path,
    tmp_path: Path,
) -> None:
    proofs = tmp_path / "receipts"
    before = len(manifests(served))
    done = served.run("submit", folder, "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    bodies = [each["record"]["body"] for each in manifests(served)[before:]]
    assert [(each["part"], each["parts"], each["set"]) for each in bodies] == [(n, 2, answer["set"]) for n in (1, 2)]
    assert [file for each in bodies for file in each["files"]] == answer["files"]
    assert len(answer["files"]) == FILES
    served.market.house.services.jobs.run("evidence.seal")
    receipts = []
    for each in answer["records"]:
        receipts.append(proofs / f"{each['id']}.regseal.json")
        done = served.run("receipt", "get", each["id"], "--form", "private", "--out", receipts[-1])
        assert done.returncode == 0, done.stderr
    code, said = verified(served, receipts, folder)
    assert (code, said["outcome"], len(said["stands"])) == (0, "stands", FILES)

    code, said = verified(served, receipts[:1], folder)
    assert (code, said["outcome"], len(said["not_shown"])) == (3, "not-shown", FILES - len(bodies[0]["files"]))
    assert "not among the receipts: 2" in said["sets"][0]

    deep = folder / DEEP
    (deep / "附件000.txt").write_text("第 0 号附件。\n")
    (deep / "附件001.txt").unlink()
    (deep / "附件002.txt").rename(folder / "改名.txt")
    (folder / "多余.txt").write_text("x")
    (folder / "链接").symlink_to(folder / "空.txt")
    code, said = verified(served, receipts, folder)
    assert (code, said["outcome"]) == (1, "differs")
    assert said["changed"] == [f"{DEEP}/附件000.txt"]
    assert sorted(said["missing"]) == [f"{DEEP}/附件001.txt", f"{DEEP}/附件002.txt"]
    assert sorted(said["extra"]) == ["多余.txt", "改名.txt"]
    assert said["unreadable"] == ["链接"]
    assert "附件002.txt" in said["remarks"]["改名.txt"]


def killed(served: Served, *given: object, when: Any) -> None:
    process = subprocess.Popen(served.command(*given), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: process.poll() is not None or when())
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_submission_that_is_killed_after_it_was_bound_makes_no_second_record(
    served: Served,
    folder: Path,
    tmp_path: Path,
) -> None:
    before = len(manifests(served))
    killed(served, "submit", folder, "--wait", "final", when=lambda: len(manifests(served)) >= before + 1)
    (journal,) = (served.party / "uploads").iterdir()
    bound = json.loads((journal / "binding.json").read_text())
    for other in (["--title", "another"], ["--subject", "another"]):
        done = served.run("submit", folder, *other)
        assert done.returncode == 2
        assert "is not finished" in done.stderr
    empty = folder / "空.txt"
    empty.write_text("changed since")
    done = served.run("submit", folder, "--json")
    assert done.returncode == 3
    assert "changed since" in done.stderr
    (answer, _) = json.JSONDecoder().raw_decode(done.stdout)
    made = manifests(served)
    assert len(made) == before + 2
    assert [each["record"]["body"] for each in made[before:]] == bound["bodies"]
    assert {each["record"]["occurred_at"] for each in made[before:]} == {bound["record"]["occurred_at"]}
    assert {each["id"] for each in made[before:]} == {each["id"] for each in answer["records"]}
    kept = {path.stem for path in (served.party / "acknowledgements").iterdir()}
    assert {each["id"] for each in made[before:]} <= kept
    assert list((served.party / "uploads").iterdir()) == []


def test_a_submission_that_is_killed_while_it_sends_sends_no_file_twice(served: Served, folder: Path) -> None:
    before = {each["id"] for each in served.materials()}

    def made() -> set[str]:
        return {each["id"] for each in served.materials()} - before

    killed(served, "submit", folder, when=lambda: len(made()) >= 5)
    begun = made()
    assert begun
    done = served.run("submit", folder, "--json")
    assert done.returncode == 0, done.stderr
    used = {each["material"] for each in json.loads(done.stdout)["files"]}
    assert len(begun - used) <= 1  # announced, and killed before it was noted
    assert len(made()) <= FILES + 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("付款\u202efdp.exe", "direction"),
        ("合\u200b同.pdf", "zero-width"),
        ("AUX.txt", "device"),
        ("com1", "device"),
        ("a\tb.txt", "control"),
        ("end.", "full stop"),
        (b"\xff\xfe.bin", "surrogate"),
    ],
)
def test_names_that_hide_or_lead_somewhere_are_named_and_nothing_is_sent(
    served: Served,
    tmp_path: Path,
    name: str | bytes,
    reason: str,
) -> None:
    folder = tmp_path / "names"
    folder.mkdir()
    (folder / "ok.txt").write_text("x")
    (folder / os.fsdecode(name)).write_text("x")
    before = len(served.materials())
    done = served.run("submit", folder)
    assert done.returncode == 2
    assert reason in done.stderr
    assert not {"\u202e", "\u200b"} & set(done.stderr)
    assert len(served.materials()) == before


def test_what_is_no_file_of_the_folder_is_named_and_nothing_is_sent(
    served: Served,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "odd"
    (folder / "unten").mkdir(parents=True)
    (folder / "link.txt").symlink_to("/etc/hostname")
    (folder / "links").symlink_to(folder / "unten")
    os.mkfifo(folder / "fifo")
    before = len(served.materials())
    done = served.run("submit", folder)
    assert done.returncode == 2
    assert done.stderr.count("a link") == 2
    assert "neither a file nor a folder" in done.stderr
    assert len(served.materials()) == before
    empty = served.run("submit", folder / "unten")
    assert empty.returncode == 2
    assert "0 files" in empty.stderr


def test_names_of_255_bytes_and_names_alike_are_kept_apart(
    served: Served,
    tmp_path: Path,
) -> None:
    folder = tmp_path / "alike"
    folder.mkdir()
    composed, decomposed = "é.txt", unicodedata.normalize("NFD", "é.txt")
    names = ["股" * 83 + ".pdf", composed, decomposed, "Readme.txt", "README.TXT"]
    for name in names:
        (folder / name).write_text(name)
    done = served.run("submit", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert {each["name"] for each in json.loads(done.stdout)["files"]} == set(names)
    assert done.stderr.count("warning") == 2


@pytest.mark.parametrize("size", [65 * CHUNK, CHUNK])
def test_a_file_that_grows_or_shrinks_while_it_is_sent_is_not_bound(served: Served, tmp_path: Path, size: int) -> None:
    file = tmp_path / f"wächst-{size}.log"
    file.write_bytes(os.urandom(CHUNK) * 64)
    before = len(manifests(served))
    process = subprocess.Popen(served.command("submit", file), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    until(lambda: process.poll() is not None or offset(served, file.name) > 0)
    process.send_signal(signal.SIGSTOP)
    with file.open("r+b") as opened:
        opened.truncate(size)
    process.send_signal(signal.SIGCONT)
    _, said = process.communicate()
    if process.returncode:  # on a fast machine all of it may have been sent before
        assert (process.returncode, len(manifests(served))) == (2, before)
        assert "while it was" in said
    done = served.run("submit", file, "--json")
    assert done.returncode == 0, done.stderr
    (entry,) = json.loads(done.stdout)["files"]
    stored = served.market.a.client.get(f"/v1/materials/{entry['material']}/content").content
    assert stored == file.read_bytes()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[None]:
    """No file of this process, which is the service's, becomes longer: what a full disk does to what is received."""
    longest = max((path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()), default=0)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(longest, 32 * CHUNK) + 500, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_of_the_service_is_said_and_the_submission_goes_on_when_there_is_room(
    served: Served,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    folder = tmp_path / "large"
    folder.mkdir()
    (folder / "a.txt").write_text("small")
    (folder / "b.bin").write_bytes(os.urandom(CHUNK) * 48)
    before = len(manifests(served))
    request.getfixturevalue("small_disk")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    done = served.run("submit", folder)
    assert done.returncode == 4, done.stderr
    assert "no room" in done.stderr
    assert len(manifests(served)) == before
    offset = next(each["offset"] for each in served.materials() if each["name"] == "b.bin")
    assert 0 < offset < 48 * CHUNK
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit[1], limit[1]))
    done = served.run("submit", folder)
    assert done.returncode == 0, done.stderr
    assert f"goes on at byte {offset:,}" in done.stderr
    assert len(manifests(served)) == before + 1


def test_the_sample_documents_go_in_and_stand(served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "挂牌申请材料"
    shutil.copytree(ROOT / "samples" / "documents" / folder.name, folder)
    done = served.run("submit", folder, "--title", "股权挂牌申请材料", "--version", "1", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert {Path(each["name"]).suffix for each in answer["files"]} == {".pdf", ".xlsx", ".docx", ".txt"}
    assert {each["media_type"].partition("/")[0] for each in answer["files"]} <= {"application", "text"}
    served.market.house.services.jobs.run("evidence.seal")
    receipt = tmp_path / "receipts" / "one.regseal.json"
    assert served.run("receipt", "get", answer["id"], "--form", "private", "--out", receipt).returncode == 0
    assert verified(served, [receipt], folder)[0] == 0
    register = folder / "附件" / "股东名册.xlsx"
    register.write_bytes(register.read_bytes() + b"\0")
    code, said = verified(served, [receipt], folder)
    assert (code, said["changed"]) == (1, ["附件/股东名册.xlsx"])
