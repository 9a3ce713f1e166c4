"""Canaries in every field that may carry personal data, then a search of everything that leaves the service's hands.

What is looked through: the chain's folder and every block, transaction and log of it; what service, witness and node
said; metrics, tiles, entry bundles, checkpoints, public receipts, the trust document; the witness's folder; temporary
files; the service's home with the stored files; the database's files with their write-ahead logs. A database in a
stranger's hands shows ciphertext only; once the terms are over and the records erased, not even theirs.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from chain.party.http import ApiClient, Connection
from chain.party.rpc import JsonRpc
from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from services.platform.database import Database
from services.platform.settings import RetentionTerm
from tests.canaries import Canaries, Search
from tests.e2e.cluster import Cluster
from tests.e2e.crew import Crew
from tests.e2e.test_kills import cluster, new_database  # noqa: F401 (fixtures)
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World
from tests.waiting import until

pytestmark = pytest.mark.timeout(600)
YEARS_21_MS = 21 * 366 * 86_400_000


@pytest.fixture
def crew(
    backend: str,
    cluster: Cluster | None,  # noqa: F811
    new_world: Callable[..., World],  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Crew]:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    made = Crew(new_world(), tmp_path, count=1 if cluster is None else 2, ttl_ms=15_000, witness=True)
    yield made
    made.close()


class Person:
    """Whoever fills in every field with what should have stayed at home."""

    def __init__(self, crew: Crew, said: Canaries) -> None:
        self.crew, self.said = crew, said
        self._http = Connection(crew.workers[-1].url, timeout=60)
        self.records: list[str] = []

    def send(self, method: str, path: str, body: Any, where: str, **headers: str) -> Any:
        """With canaries in what surrounds the body, too."""
        data = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        sent = {"Content-Type": "application/json", "Authorization": f"Bearer {self.crew.world.token}"}
        sent["User-Agent"] = f"client/{self.said.number(f'user agent of {where}', '139')}"
        if method == "POST":
            sent["Idempotency-Key"] = self.said.number(f"idempotency key of {where}")
        query = f"{'&' if '?' in path else '?'}holder={self.said.number(f'query of {where}')}"
        answer = self._http.request(method, path + query, body=data, headers={**sent, **headers})
        return answer.status, answer.json() if answer.body else None

    def record(self, where: str) -> dict[str, Any]:
        said = self.said
        holder = {"name": said.name(f"{where}: name"), "id": said.number(f"{where}: id number")}
        holder |= {"phone": said.number(f"{where}: phone", "138"), "account": said.number(f"{where}: account", "6222")}
        body = {"holder": holder, said.name(f"{where}: member name"): said.text(f"{where}: text")}
        made = {"type": "business.event", "subject": f"holder/{said.name(f'{where}: subject')}", "body": body}
        return made | {"actor": self.crew.world.institution, "occurred_at": "2026-11-20T09:30:00Z"}

    def fills_everything(self) -> None:
        self._records()
        self._upload()
        self._file()
        self._tokens_and_reasons()
        self._refusals()

    def leaves(self) -> None:
        self._http.close()

    def _records(self) -> None:
        status, answer = self.send("POST", "/v1/records", self._of_log(self.record("record")), "record")
        assert status == 201, answer
        self.records.append(answer["id"])

    def _of_log(self, record: Any) -> dict[str, Any]:
        return {"log": self.crew.world.log.id, "record": record}

    def _upload(self) -> None:
        _, upload = self.send("POST", "/v1/uploads", {"log": self.crew.world.log.id}, "upload")
        bad = self.record("rejected line") | {"occurred_at": self.said.text("rejected line: occurred_at")}
        lines = [json.dumps({"record": one}, ensure_ascii=False) for one in (self.record("line"), bad)]
        lines.append(f'{{"record": {self.said.text("malformed line")}')
        place = f"/v1/uploads/{upload['id']}"
        status, done = self.send("PUT", f"{place}/lines?offset=0", "\n".join(lines).encode(), "lines")
        assert (status, done["accepted"], done["rejected"]) == (200, 1, 2), done
        assert self.send("POST", f"{place}/complete", {}, "complete")[0] == 200

    def _file(self) -> None:
        said = self.said
        content = f"身份证 {said.number('file content: id')} {said.text('file content: text')}".encode()
        named = {"name": f"{said.name('file name')}身份证.pdf", "media_type": "application/pdf"}
        _, made = self.send("POST", "/v1/materials", {**named, "size": len(content)}, "material")
        place, found = f"/v1/materials/{made['id']}", digest_of([content])
        octets = {"Content-Type": "application/octet-stream", "Upload-Offset": "0"}
        assert self.send("PATCH", f"{place}/content", content, "part", **octets)[0] == 204
        meant = {"size": found.size, "sha256": to_hex(found.sha256), "sm3": to_hex(found.sm3)}
        assert self.send("POST", f"{place}/completion", meant, "completion")[0] == 200
        signed = {"signer": said.name("manifest: signer"), "version": said.text("manifest: version")}
        files = [{**named, **meant, **signed, "material": made["id"]}]
        body = {"files": files, "title": said.text("manifest: title")}
        manifest = self.record("manifest") | {"type": "material.manifest", "body": body}
        status, answer = self.send("POST", "/v1/records", self._of_log(manifest), "manifest")
        assert status == 201, answer
        self.records.append(answer["id"])
        unfinished = {"name": said.name("unfinished file name"), "media_type": "text/plain", "size": 2_000_000}
        _, made = self.send("POST", "/v1/materials", unfinished, "unfinished material")
        part = said.text("unfinished content").encode() * 3
        self.send("PATCH", f"/v1/materials/{made['id']}/content", part, "unfinished part", **octets)

    def _tokens_and_reasons(self) -> None:
        said = self.said
        wanted = {"name": "柜台", "roles": ["reader"], "days": 1, "person": said.name("token: person")}
        assert self.send("POST", "/v1/tokens", wanted, "token")[0] == 201
        self.erases(self.records[0])
        rotation = {"reason": said.text("rotation: reason")}
        assert self.send("POST", f"/v1/logs/{self.crew.world.log.id}/rotation", rotation, "rotation")[0] == 202

    def erases(self, record: str) -> None:
        """Asks for it: the term is not over, so it is restricted until then."""
        reason = {"reason": self.said.text("erasure: reason")}
        assert self.send("POST", f"/v1/records/{record}/erasure", reason, "erasure")[0] == 202

    def _refusals(self) -> None:
        said = self.said
        for where, body in (
            ("refused record", self._of_log({**self.record("refused record"), "type": said.text("refused type")})),
            ("refused log", {"log": said.name("refused log id"), "record": {}}),
            ("malformed", f'{{"record": {said.text("malformed body")}'.encode()),
        ):
            assert 400 <= self.send("POST", "/v1/records", body, where)[0] < 500
        status, _ = self.send("GET", f"/v1/records/{said.number('path')}", b"", "path")
        assert status in (404, 422)


def test_canaries_are_found_nowhere(
    crew: Crew,
    cluster: Cluster | None,  # noqa: F811
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    said = Canaries()
    person = Person(crew, said)
    person.fills_everything()
    last = person.records[-1]
    until(lambda: crew.status(last) == "final", 120, tell=crew.said)
    api = crew.api(crew.leader(), timeout=60)
    kept = api.get_bytes(f"/v1/records/{last}/receipt", form="private")
    assert said.found_in(kept), "the search finds what is there"
    look = Search(said)
    for name, data in _public(crew, api, person.records):
        look.into(name, data)
    look.into("blocks", _blocks(crew.world.node.url))
    person.erases(last)
    person.leaves()
    for worker in crew.workers:
        worker.end()  # killed: what lies on the disk then is what a thief finds
    if cluster is not None:
        look.through(cluster.home)
    out, err = capfd.readouterr()
    look.into("what the node said", (out + err).encode())
    look.through(tmp_path)
    assert look.looked > 40, "there was something to look through"
    assert look.found == {}, look.found
    held = _ciphertexts(crew.world, person.records)
    _erase(crew.world, len(person.records))
    if cluster is not None:
        _tidy(crew.world.settings.url)
        look.through(cluster.home)
        assert not _anywhere(cluster.home / "base", held), "what VACUUM leaves of it"
    look.through(tmp_path)
    assert not _anywhere(tmp_path, held), "the write-ahead log, too, was emptied"
    assert look.found == {}, look.found


def _ciphertexts(world: World, records: list[str]) -> list[bytes]:
    """What lies in the database of them, without the nonce: enough of each to be recognised."""
    database = Database(world.settings.url)
    with database.read() as session:
        rows = session.execute(text("SELECT id, ciphertext FROM records")).all()
    database.close()
    found = {row[0]: bytes(row[1]) for row in rows}
    return [found[each][-48:] for each in records]


def _erase(world: World, count: int) -> None:
    """The terms are over: the job destroys what was restricted, and the files that nothing else names."""
    world.clock.ahead_ms = YEARS_21_MS
    world.restart(retention={"material": RetentionTerm(months=1, source="of this test")})

    def erased() -> bool:
        for job in ("evidence.check", "evidence.retention", "materials.sweep"):
            world.services.jobs.run(job)
        with world.services.database.read() as session:
            query = "SELECT count(*) FROM erasures WHERE state = 'erased' AND scrubbed_at IS NOT NULL"
            return bool(session.execute(text(query)).scalar_one() == count)

    until(erased, tell=world.services.jobs.states)
    world.stop()


def _tidy(url: str) -> None:
    """What autovacuum and checkpoints do in their own time."""
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        for command in ("VACUUM FULL", "CHECKPOINT", "SELECT pg_switch_wal()", "CHECKPOINT"):
            connection.execute(command)


def _anywhere(folder: Path, held: list[bytes]) -> list[str]:
    """The files in which one of them stands."""
    files = [file for file in folder.rglob("*") if file.is_file() and not file.is_symlink()]
    return [str(file) for file in files if any(each in file.read_bytes() for each in held)]


def _public(crew: Crew, api: ApiClient, records: list[str]) -> Iterator[tuple[str, bytes]]:
    """What the service shows to whoever asks, and to auditors."""
    log = crew.world.log.id
    yield "trust", api.get_bytes("/v1/trust")
    for worker in crew.workers:
        yield "metrics", ApiClient(worker.url, timeout=30).get_bytes("/metrics")
    yield "checkpoint", api.get_bytes(f"/v1/logs/{log}/checkpoint")
    size: Any = api.get(f"/v1/logs/{log}")
    for path in (f"/v1/logs/{log}", "/v1/logs", "/v1/chains", "/health/ready"):
        yield path, api.get_bytes(path)
    yield "tile", api.get_bytes(f"/v1/logs/{log}/tile/0/000.p/{size['size'] % 256}")
    for record in records:
        for form in ("public", "tlog-proof"):
            yield f"{form} receipt", api.get_bytes(f"/v1/records/{record}/receipt", form=form)


def _blocks(url: str) -> bytes:
    """Every block with its transactions, and every event."""
    rpc = JsonRpc(url, timeout=60)
    head = int(str(rpc.call("eth_blockNumber")), 16)
    blocks = [rpc.call("eth_getBlockByNumber", hex(number), True) for number in range(head + 1)]
    logs = rpc.call("eth_getLogs", {"fromBlock": "0x0", "toBlock": hex(head)})
    return json.dumps([blocks, logs]).encode()
