"""`regseal submit` against a real server: folders go in, a broken upload goes on, wrong bytes break the connection."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.app import create_app
from services.evidence.materials.sealed import CHUNK
from tests.integration.api.conftest import Market, market  # noqa: F401 (a fixture)
from tests.integration.services.identity.conftest import deployed  # noqa: F401 (a fixture)
from tests.serving import serving
from tests.waiting import until

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.one_database


@dataclass
class Served:
    """The service behind a real socket, and a party's folder."""

    port: int
    party: Path
    market: Market
    token: str

    def command(self, *given: object) -> list[str]:
        return [sys.executable, "-m", "cli", *map(str, given), "--party", str(self.party)]

    def run(self, *given: object) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(self.command(*given), cwd=ROOT, capture_output=True, text=True, check=False)

    def materials(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.market.a.client.get("/v1/materials?limit=500").json()["items"]
        return found


@pytest.fixture
def served(market: Market, tmp_path: Path) -> Iterator[Served]:  # noqa: F811 (the fixture)
    party = tmp_path / "机构 party"
    party.mkdir()
    token = market.a.client.headers["authorization"].removeprefix("Bearer ")
    (party / "token").write_text(token)
    (party / "token").chmod(0o600)
    with serving(create_app(market.house.services)) as port:
        known = {"url": f"http://127.0.0.1:{port}", "institution": market.a.caller.institution_id, "log": market.a.log}
        (party / "api.json").write_text(json.dumps(known))
        yield Served(port, party, market, token)


def test_a_folder_becomes_one_record_that_names_each_file(served: Served, tmp_path: Path) -> None:
    folder = tmp_path / "挂牌申请 材料"
    (folder / "附件").mkdir(parents=True)
    contents = {"章程.pdf": os.urandom(CHUNK + 5), "附件/股东名册.xlsx": b"PK\3\4", "附件/空.txt": b""}
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    done = served.run("submit", folder, "--signer", "王某", "--json")
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    named = {f"{each['folder']}/{each['name']}" if "folder" in each else each["name"] for each in answer["files"]}
    assert named == contents.keys()
    record = served.market.a.client.get(f"/v1/records/{answer['id']}").json()["record"]
    assert record["type"] == "material.manifest"
    assert record["subject"] == "挂牌申请 材料"
    assert record["body"]["files"] == answer["files"]
    for each in answer["files"]:
        assert each["signer"] == "王某"
        name = f"{each['folder']}/{each['name']}" if "folder" in each else each["name"]
        assert served.market.a.client.get(f"/v1/materials/{each['material']}/content").content == contents[name]
    assert (served.party / "acknowledgements" / f"{answer['id']}.note").read_text() == answer["acknowledgement"]
    assert list((served.party / "uploads").iterdir()) == []


def test_an_upload_that_was_killed_goes_on(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "大文件.bin"
    content = os.urandom(CHUNK) * 96
    file.write_bytes(content)
    first = subprocess.Popen(served.command("submit", file), cwd=ROOT, stderr=subprocess.PIPE)

    def begins() -> bool:
        mine = [each for each in served.materials() if each["name"] == file.name]
        return bool(mine and mine[0]["offset"] > 0)

    try:
        until(lambda: begins() or first.poll() is not None)
    finally:
        first.send_signal(signal.SIGKILL)
        first.communicate()
    (begun,) = [each for each in served.materials() if each["name"] == file.name]
    assert begun["offset"] > 0
    done = served.run("submit", file)
    assert done.returncode == 0, done.stderr
    if begun["state"] == "uploading":
        assert "goes on at byte" in done.stderr
    (stored,) = [each for each in served.materials() if each["name"] == file.name]
    assert (stored["id"], stored["state"]) == (begun["id"], "stored")
    assert served.market.a.client.get(f"/v1/materials/{stored['id']}/content").content == content


def test_a_name_that_hides_something_is_refused_before_anything_is_sent(served: Served, tmp_path: Path) -> None:
    before = len(served.materials())
    (tmp_path / "ok.txt").write_text("x")
    (tmp_path / "invoice\u202efdp.exe").write_text("x")
    done = served.run("submit", tmp_path / "ok.txt", tmp_path / "invoice\u202efdp.exe")
    assert done.returncode == 2
    assert "\\u202e" in done.stderr
    assert "direction" in done.stderr
    assert len(served.materials()) == before


def test_a_changed_byte_breaks_the_connection_before_it_is_sent(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "file.bin"
    content = os.urandom(3 * CHUNK)
    file.write_bytes(content)
    (entry,) = json.loads(served.run("submit", file, "--json").stdout)["files"]
    objects = served.market.house.home / "materials" / "objects"
    stored = max(objects.glob("*/*"), key=lambda path: path.stat().st_mtime_ns)
    sound = stored.read_bytes()
    stored.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=90)
    try:
        headers = {"Authorization": f"Bearer {served.token}"}
        connection.request("GET", f"/v1/materials/{entry['material']}/content", headers=headers)
        answer = connection.getresponse()
        assert answer.status == 200
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
        assert caught.value.partial == content[: 2 * CHUNK]
    finally:
        connection.close()
        stored.write_bytes(sound)


def test_a_connection_that_breaks_leaves_the_whole_mebibytes_that_arrived(served: Served) -> None:
    client = served.market.a.client
    said = {"name": "cut.bin", "media_type": "application/octet-stream", "size": 4 * CHUNK}
    place = client.post("/v1/materials", json=said).json()["id"]
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=90)
    connection.putrequest("PATCH", f"/v1/materials/{place}/content")
    for name, value in (("Authorization", f"Bearer {served.token}"), ("Upload-Offset", "0")):
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(4 * CHUNK))
    connection.endheaders()
    connection.send(os.urandom(2 * CHUNK + 1000))
    until(lambda: client.get(f"/v1/materials/{place}").json()["offset"] >= 2 * CHUNK)
    connection.close()
    assert client.get(f"/v1/materials/{place}").json()["offset"] == 2 * CHUNK
    content = bytes(2 * CHUNK)

    def goes_on() -> Any:
        """Once the service has noticed that the other connection is gone."""
        headers = {"Upload-Offset": str(2 * CHUNK)}
        answer = client.patch(f"/v1/materials/{place}/content", content=content, headers=headers)
        return None if answer.status_code == 409 else answer

    sent = until(goes_on)
    assert (sent.status_code, sent.headers["upload-offset"]) == (204, str(4 * CHUNK))
