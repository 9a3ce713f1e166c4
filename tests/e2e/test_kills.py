"""Kill -9 again and again, of service and chain, while institutions submit: nothing acknowledged is lost or moved.

Real processes as an installation has them: the service on a socket that outlives it, the embedded chain, a witness.
"""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chain.party.errors import PartyError
from chain.party.http import ApiClient
from chain.party.rpc import JsonRpc
from chain.proof.encoding import to_hex
from chain.proof.hashing import keccak256
from chain.proof.leaf import leaf_hash
from chain.proof.receipt import Receipt, parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from cli.local.gateway import quoted
from services.platform.database import Database
from tests.conftest import FULL
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]
KILLS = {"sqlite": 10, "postgresql": 2}  # after a killed service PostgreSQL's lease is waited for, 15 s
SUBMITTERS = 3

pytestmark = pytest.mark.timeout(2_400 if FULL else 600)


class Service:
    """The service process on its supervisor's socket: whoever calls while it is dead waits for the next one."""

    def __init__(self, home: Path, output: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._home, self.output = home, output
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
        descriptor = self._listener.fileno()
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.local.serve", str(descriptor)], cwd=ROOT, stdout=output, stderr=output,
                env={**inherited, "REGSEAL_HOME": str(self._home)}, pass_fds=(descriptor,),
            )  # fmt: skip

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(60)
            self._process = None

    def close(self) -> None:
        self.end()
        self._listener.close()


@dataclass
class Submitter:
    """An institution's own system: one record at a time, each sent under its key until somebody acknowledges it."""

    url: str
    token: str
    log: str
    institution: str
    name: str
    stop: threading.Event
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: int = 0

    def run(self) -> None:
        api = ApiClient(self.url, self.token, timeout=20)
        chance = random.Random(self.name)
        while not self.stop.is_set():
            known = sorted(self.acknowledged)
            if known and chance.random() < 0.1:  # an answer may have been lost on the way: asks again
                key = chance.choice(known)
                assert self._insist(api, key) == self.acknowledged[key], "answered otherwise than before"
                self.repeated += 1
                continue
            key = f"{self.name}-{len(known)}"
            self.acknowledged[key] = self._insist(api, key)
            time.sleep(0.01)

    def _insist(self, api: ApiClient, key: str) -> dict[str, Any]:
        record = {"type": "business.event", "subject": f"security/{self.name}", "actor": self.institution}
        record |= {"occurred_at": "2026-11-20T09:30:00Z", "body": {"key": key}}  # type: ignore[dict-item]

        def acknowledged() -> dict[str, Any] | None:
            try:
                _, answer = api.post("/v1/records", {"log": self.log, "record": record}, idempotency_key=key)
            except PartyError:
                return None
            assert isinstance(answer, dict)
            return {name: answer[name] for name in ("id", "index", "leaf_hash", "acknowledgement")}

        answer = until(acknowledged)
        assert answer is not None
        return answer


class Installation:
    """Service, chain and witness of one world, as processes."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.node = world, world.node
        self.service = Service(world.settings.home, folder / "service.log")
        self.witness_home = folder / "witness"
        vkey = self._command("init", *self._witness_options())["vkey"]
        self._write_settings(vkey)
        world.services.stop()
        self.service.start()
        witness = [sys.executable, "-P", "-m", "cli", "witness", "--home", str(self.witness_home)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with (folder / "witness.log").open("wb") as output:
            self.witness = subprocess.Popen(witness, env=environment, stdout=output, stderr=output)
        self.api = ApiClient(self.service.url, world.token, timeout=60)
        until(lambda: self.answers("/health/ready"), tell=self.words)

    def _witness_options(self) -> list[object]:
        deployment = self.world.settings.chains["supervision"].addresses_file
        options = ["--home", self.witness_home, "--name", "witness.example", "--role", "regulator"]
        return [*options, "--api", self.service.url, "--rpc", self.node.url, "--deployment", deployment]

    def _command(self, *arguments: object) -> Any:
        command = [sys.executable, "-P", "-m", "cli", "witness", *map(str, arguments), "--new-passphrase", "--json"]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def _write_settings(self, vkey: str) -> None:
        settings, chain = self.world.settings, self.world.settings.chains["supervision"]
        (settings.home / "settings.toml").write_text(
            f"database_url = {quoted(settings.database_url)}\nanchor_interval_ms = 1000\nlog_level = 'warning'\n"
            f"witness_quorum = {{ regulator = 1 }}\nwitnesses = [{{ vkey = {quoted(vkey)}, role = 'regulator' }}]\n"
            f"[chains.supervision]\nendpoints = [{quoted(self.node.url)}]\nchain_id = {chain.chain_id}\n"
            f"genesis = {quoted(chain.genesis)}\naddresses_file = {quoted(str(chain.addresses_file))}\n"
        )

    def words(self) -> str:
        """The last that service and witness said, for whoever asks why something does not come about."""
        logs = (self.service.output, self.service.output.with_name("witness.log"))
        return "\n".join(f"{log.name}: …{log.read_text('utf-8', 'replace')[-3_000:]}" for log in logs if log.exists())

    def answers(self, path: str) -> bool:
        try:
            self.api.get(path)
        except PartyError:
            return False
        return True

    def kill(self, chance: random.Random, *, service: bool) -> None:
        """Kills one, sometimes a second time while it comes up, and waits until it is there again."""
        for _ in range(1 if chance.random() < 0.7 else 2):
            if service:
                self.service.end()
                self.service.start()
            else:
                self.node.kill()
                self.node.launch()
            time.sleep(chance.uniform(0.05, 0.6))
        until((lambda: self.answers("/health/ready")) if service else self.node.answers, tell=self.words)

    def receipt(self, record_id: str) -> bytes:
        return self.api.get_bytes(f"/v1/records/{record_id}/receipt", form="private")

    def status(self, record_id: str) -> str:
        with suppress(PartyError):
            found = self.api.get(f"/v1/records/{record_id}")
            return str(found["status"]) if isinstance(found, dict) else ""
        return ""

    def close(self) -> None:
        self.witness.kill()
        self.witness.wait(60)
        self.service.close()


@pytest.fixture
def installation(new_world: Callable[..., World], tmp_path: Path) -> Iterator[Installation]:  # noqa: F811
    made = Installation(new_world(), tmp_path)
    yield made
    made.close()


def checked(installation: Installation, raw: bytes, rpc: JsonRpc) -> Receipt:
    """The receipt, after an auditor's verifier passed it and the chain showed its block at its place."""
    verdict = verify(parse_receipt(raw), parse_trust(installation.api.get_bytes("/v1/trust")))
    assert verdict.outcome == "valid", verdict
    receipt = parse_receipt(raw)
    assert receipt.anchor is not None
    digest = to_hex(keccak256(receipt.anchor.header))
    block: Any = rpc.call("eth_getBlockByHash", digest, False)
    assert block is not None, "the chain came back with other blocks"
    at_height: Any = rpc.call("eth_getBlockByNumber", block["number"], False)
    assert at_height["hash"] == digest
    return receipt


def test_kills_lose_nothing_and_move_nothing(installation: Installation, backend: str) -> None:
    count, chance = KILLS[backend] * (6 if FULL else 1), random.Random(20261120)
    stop, world, node_rpc = threading.Event(), installation.world, JsonRpc(installation.node.url, timeout=60)
    place = (installation.service.url, world.token, world.log.id, world.institution)
    submitters = [Submitter(*place, f"party{number}", stop) for number in range(SUBMITTERS)]
    pool = ThreadPoolExecutor(SUBMITTERS)
    running = [pool.submit(each.run) for each in submitters]
    old = submitters[0].acknowledged
    try:
        until(lambda: "party0-0" in old and installation.status(old["party0-0"]["id"]) == "final")
        first = installation.receipt(old["party0-0"]["id"])
        for number in range(count):
            installation.kill(chance, service=number % 2 == 0)
            time.sleep(chance.uniform(0.1, 0.8))
        until(lambda: sum(len(each.acknowledged) for each in submitters) >= 10 * count or failed(running))
        until(lambda: any(each.repeated for each in submitters) or failed(running))
    finally:
        stop.set()
    for each_run in running:
        each_run.result(120)
    acknowledged = {key: each for submitter in submitters for key, each in submitter.acknowledged.items()}
    last = max(acknowledged.values(), key=lambda each: int(each["index"]))
    until(lambda: installation.status(last["id"]) == "final", tell=installation.words)
    assert checked(installation, first, node_rpc).index == old["party0-0"]["index"]
    for each in acknowledged.values():
        receipt = checked(installation, installation.receipt(each["id"]), node_rpc)
        assert (receipt.index, to_hex(leaf_hash(receipt.leaf))) == (each["index"], each["leaf_hash"])
    sizes = world.anchored_sizes()
    assert sizes == sorted(set(sizes)), "a head was anchored twice"
    installation.service.end(signal.SIGTERM)
    assert_contiguous(world, acknowledged)


def failed(running: list[Future[None]]) -> bool:
    """Whether a submitter gave up; its result says why."""
    return any(each.done() for each in running)


def assert_contiguous(world: World, acknowledged: dict[str, dict[str, Any]]) -> None:
    """Indexes from 0 without a gap, and one record for each key."""
    database = Database(world.settings.url)
    with database.read() as session:
        leaves = session.execute(text("SELECT idx, record_id FROM leaves ORDER BY idx")).all()
        records = session.execute(text("SELECT count(*) FROM records WHERE phase = 0")).scalar_one()
    database.close()
    assert [row[0] for row in leaves] == list(range(len(leaves)))
    held = {row[0]: row[1] for row in leaves}
    assert {each["index"]: each["id"] for each in acknowledged.values()}.items() <= held.items()
    assert records == len(acknowledged), "a repeated request made a second record"
