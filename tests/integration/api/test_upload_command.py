"""`regseal upload` and a connection that is cut, against the application on a real socket."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from chain.proof.checkpoint import Acknowledgement
from chain.proof.note import parse_note
from cli.app import build
from tests.integration.api.conftest import Market, Member
from tests.integration.api.test_uploads import begin, line
from tests.serving import serving
from tests.waiting import until

pytestmark = pytest.mark.one_database


@pytest.fixture
def port(market: Market) -> Iterator[int]:
    """Where the application listens."""
    with serving(market.anyone.app) as found:
        yield found


@pytest.fixture
def party(market: Market, port: int, tmp_path: Path) -> Path:
    """A's folder."""
    home = tmp_path / "湾区 party"
    home.mkdir()
    (home / "api.json").write_text(json.dumps({"url": f"http://127.0.0.1:{port}", "log": "wanqu.example/register"}))
    (home / "token").write_text(_token(market.a))
    (home / "token").chmod(0o600)
    return home


def _token(member: Member) -> str:
    return str(member.client.headers["Authorization"]).removeprefix("Bearer ")


def run(*arguments: str) -> Any:
    return CliRunner().invoke(build("upload"), ["upload", *arguments])


def test_a_file_goes_in_and_what_proves_it_comes_back(market: Market, party: Path, tmp_path: Path) -> None:
    file = tmp_path / "events.ndjson"
    lines = [line(market.a, number) if number != 1_234 else b'{"record": {broken}\n' for number in range(2_500)]
    file.write_bytes(b"".join(lines))
    done = run(str(file), "--party", str(party), "--json")
    assert done.exit_code == 1, done.output  # a line was rejected
    (folder,) = (party / "uploads").iterdir()
    told = json.loads((folder / "rejected.ndjson").read_text("utf-8"))
    assert (told["line"], told["position"]) == (1_235, sum(map(len, lines[:1_234])))
    assert told["text"] == '{"record": {broken}'
    notes = sorted((folder / "acknowledgements").iterdir())
    assert [note.stem for note in notes] == ["000000001-000001000", "000001001-000002000", "000002001-000002500"]
    promises = [Acknowledgement.parse(parse_note(note.read_text()).text) for note in notes]
    assert [promise.count for promise in promises] == [1_000, 999, 500]
    again = run(str(file), "--party", str(party), "--resume", "--json")
    assert again.exit_code == 1
    assert [each.name for each in (party / "uploads").iterdir()] == [folder.name]


def test_all_or_nothing_and_wrong_use_have_their_exit_codes(market: Market, party: Path, tmp_path: Path) -> None:
    file = tmp_path / "few.ndjson"
    file.write_bytes(line(market.a, 1) + line(market.a, 2))
    done = run(str(file), "--party", str(party), "--atomic")
    assert (done.exit_code, "accepted     2" in done.output) == (0, True), done.output
    assert run(str(file), "--party", str(party), "--log", "nowhere").exit_code == 2
    assert run(str(tmp_path / "other"), "--party", str(party)).exit_code == 2
    (tmp_path / "new").write_bytes(b"")
    assert run(str(tmp_path / "new"), "--party", str(party), "--resume").exit_code == 2
    (party / "token").write_text("nonsense")
    assert run(str(file), "--party", str(party)).exit_code == 5


def test_a_cut_connection_keeps_its_full_chunks_and_goes_on_from_there(market: Market, port: int) -> None:
    a, upload = market.a, begin(market.a)
    path = f"/v1/uploads/{upload['id']}"
    data = b"".join(line(a, number) for number in range(3_300))
    head = f"PUT {path}/lines?offset=0 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {_token(a)}\r\n"
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head.encode() + f"Content-Length: {len(data)}\r\n\r\n".encode())
        connection.sendall(data[: len(data) * 3 // 4])
    until(lambda: a.client.get(path).json()["lines"] >= 2_000)
    assert a.client.get(path).json()["lines"] == 2_000
    position = a.client.get(path).json()["position"]
    done = a.client.put(f"{path}/lines", params={"offset": position}, content=data[position:]).json()
    assert (done["lines"], done["accepted"], done["position"]) == (3_300, 3_300, len(data))
