"""Several service processes of one installation, each at an address of its own, and the institutions' systems."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from sqlalchemy import text

from chain.party.errors import PartyError
from chain.party.http import ApiClient
from chain.proof.encoding import from_hex
from chain.proof.receipt import parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from cli.local.gateway import quoted
from services.fsck import Scope, fsck
from services.platform.database import Database
from tests.integration.services.whole.world import World
from tests.waiting import until

ROOT = Path(__file__).resolve().parents[2]


class Process:
    """One worker. Its socket outlives it, so whoever calls while it is dead waits for the next process."""

    def __init__(self, home: Path, output: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=1_024)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._home, self.output = home, output
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, **variables: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REGSEAL_")}
        descriptor = self._listener.fileno()
        with self.output.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "cli.local.serve", str(descriptor)], cwd=ROOT, stdout=output, stderr=output,
                env={**inherited, "REGSEAL_HOME": str(self._home), **variables}, pass_fds=(descriptor,),
            )  # fmt: skip

    def tell(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def ended(self) -> bool:
        return self._process is None or self._process.poll() is not None

    def end(self, number: signal.Signals = signal.SIGKILL) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(90)
            self._process = None

    def role(self) -> str:
        """leads, follows, or nothing when it does not say."""
        api = ApiClient(self.url, timeout=5)
        try:
            health: Any = api.get("/health/ready")
        except PartyError:
            return ""
        finally:
            api._connection.close()
        said = {one["name"]: one["detail"] for one in health["checks"]}
        return str(said["writer"] or "leads").partition(",")[0].partition(";")[0]

    def close(self) -> None:
        self.end()
        self._listener.close()


class Watch:
    """A witness in a process of its own, which asks one worker."""

    def __init__(self, world: World, folder: Path, url: str) -> None:
        self.home, self.output = folder / "witness", folder / "witness.log"
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self._process: subprocess.Popen[bytes] | None = None
        deployment = world.settings.chains["supervision"].addresses_file
        options = ["--name", "witness.example", "--role", "regulator", "--api", url, "--rpc", world.node.url]
        command = ["init", "--home", self.home, *options, "--deployment", deployment, "--new-passphrase", "--json"]
        done = subprocess.run(
            [*self._command, *map(str, command)], env=self._environment, capture_output=True, text=True, check=True
        )
        vkey = quoted(json.loads(done.stdout)["vkey"])
        self.settings = f"witness_quorum = {{ regulator = 1 }}\nwitnesses = [{{ vkey = {vkey}, role = 'regulator' }}]\n"

    _command = (sys.executable, "-P", "-m", "cli", "witness")

    def start(self) -> None:
        with self.output.open("ab") as output:
            command = [*self._command, "--home", str(self.home)]
            self._process = subprocess.Popen(command, env=self._environment, stdout=output, stderr=output)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait(60)
            self._process = None


class Crew:
    """The workers of a world, which stands still itself from then on; a witness beside them when asked for."""

    def __init__(self, world: World, folder: Path, *, count: int, ttl_ms: int, witness: bool = False) -> None:
        self.world = world
        settings, chain = world.settings, world.settings.chains["supervision"]
        self.workers = [Process(settings.home, folder / f"worker{number}.log") for number in range(count)]
        self.watch = Watch(world, folder, self.workers[-1].url) if witness else None
        (settings.home / "settings.toml").write_text(
            f"database_url = {quoted(settings.database_url)}\nanchor_interval_ms = 1000\nlog_level = 'warning'\n"
            f"lease_ttl_ms = {ttl_ms}\nbulk_workers = 1\n{self.watch.settings if self.watch else ''}"
            f"[chains.supervision]\nendpoints = [{quoted(world.node.url)}]\nchain_id = {chain.chain_id}\n"
            f"genesis = {quoted(chain.genesis)}\naddresses_file = {quoted(str(chain.addresses_file))}\n"
        )
        world.services.stop()
        for worker in self.workers:
            worker.start()
        if self.watch is not None:
            self.watch.start()
        until(self.ready, tell=self.said)

    def ready(self) -> bool:
        """All answer, and one of them leads."""
        roles = [worker.role() for worker in self.workers]
        return sorted(roles) == ["follows"] * (len(roles) - 1) + ["leads"]

    def leader(self) -> Process:
        return until(lambda: next((each for each in self.workers if each.role() == "leads"), None), tell=self.said)  # type: ignore[return-value]

    def followers(self) -> list[Process]:
        return [each for each in self.workers if each.role() == "follows"]

    def others(self, process: Process) -> list[Process]:
        return [each for each in self.workers if each is not process]

    def said(self) -> str:
        return "\n".join(f"{each.output.name}: {each.output.read_text()[-1500:]}" for each in self.workers)

    def api(self, worker: Process, *, timeout: float = 10) -> ApiClient:
        return ApiClient(worker.url, self.world.token, timeout=timeout)

    def record(self, key: str) -> dict[str, Any]:
        record = {"type": "business.event", "subject": f"security/{key[:2]}", "actor": self.world.institution}
        record |= {"occurred_at": "2026-11-20T09:30:00Z", "body": {"key": key}}  # type: ignore[dict-item]
        return {"log": self.world.log.id, "record": record}

    def status(self, record_id: str) -> str:
        for worker in self.workers:
            try:
                found = self.api(worker).get(f"/v1/records/{record_id}")
            except PartyError:
                continue
            return str(found["status"]) if isinstance(found, dict) else ""
        return ""

    def revive(self) -> None:
        """What a supervisor does: whoever ended by itself is started again."""
        for worker in self.workers:
            if worker.ended():
                worker.end()
                worker.start()

    def close(self) -> None:
        if self.watch is not None:
            self.watch.kill()
        for worker in self.workers:
            worker.close()


@dataclass
class Submitter:
    """One record at a time, sent under its key to any worker until one acknowledges it."""

    crew: Crew
    name: str
    stop: threading.Event
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    repeated: int = 0

    def run(self) -> None:
        chance = random.Random(self.name)
        apis = [self.crew.api(worker, timeout=5) for worker in self.crew.workers]
        while not self.stop.is_set():
            known = sorted(self.acknowledged)
            if known and chance.random() < 0.15:  # an answer may have been lost on the way: asks again, elsewhere
                key = chance.choice(known)
                assert self._insist(apis, chance, key) == self.acknowledged[key], "answered otherwise than before"
                self.repeated += 1
                continue
            key = f"{self.name}-{len(known)}"
            self.acknowledged[key] = self._insist(apis, chance, key)
            time.sleep(0.005)
        for api in apis:
            api._connection.close()

    def _insist(self, apis: list[ApiClient], chance: random.Random, key: str) -> dict[str, Any]:
        end = time.monotonic() + 300
        while True:
            try:
                _, answer = chance.choice(apis).post("/v1/records", self.crew.record(key), idempotency_key=key)
            except PartyError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
                continue
            assert isinstance(answer, dict)
            return {name: answer[name] for name in ("id", "index", "leaf_hash", "acknowledgement")}


class Load:
    """Submitters at work, until the ``with`` block ends."""

    def __init__(self, crew: Crew, count: int) -> None:
        self.crew = crew
        self._stop = threading.Event()
        self.submitters = [Submitter(crew, f"p{number}", self._stop) for number in range(count)]
        self._pool = ThreadPoolExecutor(count)
        self._running: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._running = [self._pool.submit(each.run) for each in self.submitters]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for run in self._running:
            run.result(400)
        self._pool.shutdown()

    def count(self) -> int:
        return sum(len(each.acknowledged) for each in self.submitters)

    def goes_on(self) -> None:
        """Waits until some more were acknowledged."""
        before = self.count()
        until(lambda: self.count() >= before + 10, 120, tell=self.crew.said)

    def acknowledged(self) -> dict[str, dict[str, Any]]:
        return {key: each for one in self.submitters for key, each in one.acknowledged.items()}


def assert_nothing_was_harmed(crew: Crew, acknowledged: dict[str, dict[str, Any]], *, more: int = 0) -> None:
    """Every acknowledged record is where it was said to be, once; heads anchored once each; the examination is clean.

    ``more``: records that others made.
    """
    last = max(acknowledged.values(), key=lambda each: int(each["index"]))
    until(lambda: crew.status(last["id"]) == "final", 120, tell=crew.said)
    api = crew.api(crew.leader())
    trust = parse_trust(api.get_bytes("/v1/trust"))
    for each in list(acknowledged.values())[:: max(1, len(acknowledged) // 20)]:
        receipt = parse_receipt(api.get_bytes(f"/v1/records/{each['id']}/receipt", form="private"))
        assert str(verify(receipt, trust).outcome) in ("valid", "incomplete")
        assert receipt.index == each["index"]
    sizes = crew.world.anchored_sizes()
    assert sizes == sorted(set(sizes)), "a head was anchored twice"
    for worker in crew.workers:
        worker.end(signal.SIGTERM)
    report = fsck(crew.world.settings, Scope())
    assert report.findings == []
    database = Database(crew.world.settings.url)
    with database.read() as session:
        leaves = session.execute(text("SELECT idx, record_id, leaf_hash FROM leaves ORDER BY idx")).all()
        records = session.execute(text("SELECT count(*) FROM records WHERE phase = 0")).scalar_one()
        waiting = session.execute(text("SELECT count(*) FROM intake WHERE answered_at IS NULL")).scalar_one()
    database.close()
    assert [row[0] for row in leaves] == list(range(len(leaves))), "one log, without a gap"
    held = {row[0]: (row[1], bytes(row[2])) for row in leaves}
    said = {each["index"]: (each["id"], from_hex(each["leaf_hash"], "leaf_hash", 32)) for each in acknowledged.values()}
    assert said.items() <= held.items()
    assert records == len(acknowledged) + more, "a repeated request made a second record"
    assert waiting == 0, "a question was left behind"
