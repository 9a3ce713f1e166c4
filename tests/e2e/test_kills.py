"""Kill -9 at random while everything is in use: services, chain, witness and database; nothing acknowledged is lost.

Real processes as an installation has them: on SQLite one service, on PostgreSQL two and a server of their own, which is
killed too; the embedded chain; a witness. What ends by itself is started again, as a supervisor does.
"""

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.party.rpc import JsonRpc
from chain.proof.encoding import to_hex
from chain.proof.hashing import keccak256
from chain.proof.receipt import Receipt, parse_receipt
from chain.proof.trust import parse_trust
from chain.proof.verify import verify
from tests.conftest import FULL
from tests.databases import create, database_url_of, with_template
from tests.e2e.cluster import Cluster
from tests.e2e.crew import Crew, assert_nothing_was_harmed
from tests.e2e.mixed import Mixed
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World
from tests.waiting import until

KILLS = {"sqlite": 7, "postgresql": 5}
if FULL:
    KILLS = {"sqlite": 200, "postgresql": 200}
TTL_MS = 6_000
SEED = int(os.environ.get("REGSEAL_KILLS_SEED") or random.SystemRandom().randrange(1 << 32))

pytestmark = pytest.mark.timeout(7_200 if FULL else 900)


@pytest.fixture
def cluster(backend: str) -> Iterator[Cluster | None]:
    made = Cluster() if backend == "postgresql" else None
    yield made
    if made is not None:
        made.close()


@pytest.fixture
def new_database(cluster: Cluster | None, request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., str]:
    """In the test's own server, so that it may be killed."""

    def make() -> str:
        if cluster is None:
            file: Path = request.getfixturevalue("sqlite_template")
            (tmp_path / "regseal.sqlite").write_bytes(file.read_bytes())
            return f"sqlite:///{tmp_path / 'regseal.sqlite'}"
        return database_url_of(cluster.url, create(with_template(cluster.url)))

    return make


@pytest.fixture
def crew(
    backend: str, cluster: Cluster | None, new_world: Callable[..., World], tmp_path: Path  # noqa: F811
) -> Iterator[Crew]:  # fmt: skip
    made = Crew(new_world(), tmp_path, count=1 if cluster is None else 2, ttl_ms=TTL_MS, witness=True)
    yield made
    made.close()


class Killer:
    """Kills any of them, sometimes a second time while it comes up."""

    def __init__(self, crew: Crew, cluster: Cluster | None) -> None:
        self.crew, self.cluster = crew, cluster
        self.chance = random.Random(SEED)
        self.done: dict[str, int] = {}
        self._acts: dict[str, Callable[[], None]] = {"node": self._node, "witness": self._witness}
        self._acts |= {f"service {number}": lambda n=number: self._service(n) for number in range(len(crew.workers))}  # type: ignore[misc]
        if cluster is not None:
            self._acts["database"] = self._database

    def storm(self, count: int, rest: Callable[[], None]) -> None:
        """So many kills, each kind at least once; ``rest`` after each few."""
        kinds = sorted(self._acts)
        first = self.chance.sample(kinds, len(kinds))
        while (killed := sum(self.done.values())) < count or first:
            kind = first.pop() if first else self.chance.choice(kinds)
            for _ in range(1 if self.chance.random() < 0.75 or killed + 1 >= count else 2):
                self._acts[kind]()
                self.done[kind] = self.done.get(kind, 0) + 1
                time.sleep(self.chance.uniform(0.02, 0.8))
            self.crew.revive()
            if self.chance.random() < 0.4:
                rest()

    def _service(self, number: int) -> None:
        self.crew.workers[number].end(signal.SIGKILL)
        self.crew.workers[number].start()

    def _node(self) -> None:
        self.crew.world.node.kill()
        self.crew.world.node.launch()

    def _witness(self) -> None:
        assert self.crew.watch is not None
        self.crew.watch.kill()
        self.crew.watch.start()

    def _database(self) -> None:
        assert self.cluster is not None
        self.cluster.kill()
        self.cluster.start()


def checked(crew: Crew, raw: bytes, rpc: JsonRpc) -> Receipt:
    """The receipt, after an auditor's verifier passed it and the chain showed its block at its place."""
    receipt = parse_receipt(raw)
    verdict = verify(receipt, parse_trust(crew.api(crew.leader()).get_bytes("/v1/trust")))
    assert verdict.outcome == "valid", verdict
    assert receipt.anchor is not None
    digest = to_hex(keccak256(receipt.anchor.header))
    block: Any = rpc.call("eth_getBlockByHash", digest, False)
    assert block is not None, "the chain came back with other blocks"
    at_height: Any = rpc.call("eth_getBlockByNumber", block["number"], False)
    assert at_height["hash"] == digest
    return receipt


def receipt_of(crew: Crew, record_id: str) -> bytes:
    return crew.api(crew.leader()).get_bytes(f"/v1/records/{record_id}/receipt", form="private")


def test_kills_lose_nothing_and_move_nothing(crew: Crew, cluster: Cluster | None, backend: str) -> None:
    print(f"REGSEAL_KILLS_SEED={SEED}")  # noqa: T201
    killer, rpc = Killer(crew, cluster), JsonRpc(crew.world.node.url, timeout=60)
    with Mixed(crew) as mixed:
        mixed.goes_on(*mixed.all)
        key, first = next(iter(mixed.events[0].acknowledged.items()))
        until(lambda: crew.status(first["id"]) == "final", tell=crew.said)
        old = receipt_of(crew, first["id"])
        killer.storm(KILLS[backend], mixed.goes_on)
        mixed.goes_on(*mixed.all)
        until(lambda: any(each.repeated for each in mixed.events), tell=crew.said)
    crew.revive()
    until(crew.ready, 120, tell=crew.said)
    print(f"killed: {killer.done}; done: { {client.name: client.rounds for client in mixed.all} }")  # noqa: T201
    assert checked(crew, old, rpc).index == mixed.acknowledged()[key]["index"]
    assert set(mixed.commands.states) == {"final"}
    assert_files_and_uploads_stand(crew, mixed)
    last = max(mixed.acknowledged().values(), key=lambda each: int(each["index"]))
    until(lambda: crew.status(last["id"]) == "final", 120, tell=crew.said)
    checked(crew, receipt_of(crew, last["id"]), rpc)
    assert_nothing_was_harmed(crew, mixed.acknowledged(), more=sum(mixed.uploads.complete.values()))


def assert_files_and_uploads_stand(crew: Crew, mixed: Mixed) -> None:
    """Each file is what was sent, each upload's acknowledgements cover its lines."""
    api = crew.api(crew.leader(), timeout=60)
    for material, content in list(mixed.files.stored.items())[-20:]:
        assert api.get_bytes(f"/v1/materials/{material}/content") == content
    for upload, lines in mixed.uploads.complete.items():
        found = list(api.items(f"/v1/uploads/{upload}/acknowledgements"))
        assert sum(int(str(chunk["accepted"])) for chunk in found) == lines
    names = [str(one["name"]) for one in api.items("/v1/institutions")]
    assert sorted(name for name in names if name.startswith("机构 ")) == sorted(
        f"机构 {number}" for number in range(mixed.commands.rounds)
    ), "a repeated request registered twice"
