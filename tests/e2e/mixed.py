"""What institutions' systems do at once: single records, bulk uploads, files with their manifests, commands signed.

Each asks again until it is answered, under the same key, as a system does whose service may die at any moment.
"""

import json
import os
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self, TypeVar

from chain.party.eip712 import sign_typed_data
from chain.party.errors import ApiProblem, PartyError
from chain.party.http import ApiClient
from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from tests.e2e.crew import Crew
from tests.integration.services.transactions.rig import OWNER, REGIONAL
from tests.waiting import until

T = TypeVar("T")
LINES = 120
PATIENCE = 180


class Client(ABC):
    """One at work, until told to stop; what it has begun it ends. ``acknowledged``: by its own keys."""

    def __init__(self, crew: Crew, name: str, stop: threading.Event) -> None:
        self.crew, self.name, self._stop = crew, name, stop
        self.acknowledged: dict[str, dict[str, Any]] = {}
        self.rounds = 0
        self.repeated = 0
        self.chance = random.Random(name)
        self._apis: list[ApiClient] = []

    def run(self) -> None:
        self._apis = [self.crew.api(worker, timeout=10) for worker in self.crew.workers]
        while not self._stop.is_set():
            self.round()
            self.rounds += 1
            time.sleep(0.01)
        for api in self._apis:
            api._connection.close()

    @abstractmethod
    def round(self) -> None:
        """One piece of work, to its end."""

    def insist(self, act: Callable[[ApiClient], T]) -> T:
        """The first answer that is not a failure and not empty, from any worker."""
        end = time.monotonic() + PATIENCE
        while True:
            try:
                answer = act(self.chance.choice(self._apis))
            except PartyError as error:
                if isinstance(error, ApiProblem) and error.status == 422:
                    raise
                answer, why = None, str(error)
            else:
                why = f"{answer!r}"
            if answer:
                return answer
            if time.monotonic() > end:
                raise AssertionError(f"{self.name} asked in vain: {why}\n{self.crew.said()}")
            time.sleep(0.05)

    def record(self, key: str, record: dict[str, Any]) -> dict[str, Any]:
        """Submits it under its key; the same answer again is the same."""
        body = {"log": self.crew.world.log.id, "record": record}

        def post(api: ApiClient) -> dict[str, Any]:
            _, answer = api.post("/v1/records", body, idempotency_key=key)
            assert isinstance(answer, dict)
            return {name: answer[name] for name in ("id", "index", "leaf_hash", "acknowledgement")}

        answer = self.insist(post)
        before = self.acknowledged.setdefault(key, answer)
        assert before == answer, "answered otherwise than before"
        return answer


class Events(Client):
    """Single records; at times one again that was acknowledged."""

    def round(self) -> None:
        again = bool(self.acknowledged) and self.chance.random() < 0.15
        number = self.chance.randrange(len(self.acknowledged)) if again else len(self.acknowledged)
        self.repeated += again
        key = f"{self.name}-{number}"
        self.record(key, self.crew.record(key)["record"])


class Uploads(Client):
    """Bulk uploads, continued where the service says they stand."""

    def __init__(self, crew: Crew, name: str, stop: threading.Event) -> None:
        super().__init__(crew, name, stop)
        self.complete: dict[str, int] = {}

    def round(self) -> None:
        records = [self.crew.record(f"{self.name}-{self.rounds}-{n}")["record"] for n in range(LINES)]
        lines = [json.dumps({"record": each}).encode() for each in records]
        data, log = b"".join(line + b"\n" for line in lines), self.crew.world.log.id
        made = self.insist(
            lambda api: api.post("/v1/uploads", {"log": log}, idempotency_key=f"{self.name}-{self.rounds}")
        )
        upload: Any = made[1]
        place = f"/v1/uploads/{upload['id']}"

        def sent(api: ApiClient) -> bool:
            found: Any = api.get(place)
            at = int(found["position"])
            if at < len(data):
                api.put_lines(f"{place}/lines", data[at : data.find(b"\n", at + len(data) // 3) + 1 or None], at)
            elif found["status"] != "complete":
                api.post(f"{place}/complete", {})
            return bool(found["status"] == "complete")

        self.insist(sent)
        self.complete[upload["id"]] = LINES


class Files(Client):
    """Stored files, each bound by a manifest."""

    def __init__(self, crew: Crew, name: str, stop: threading.Event) -> None:
        super().__init__(crew, name, stop)
        self.stored: dict[str, bytes] = {}

    def round(self) -> None:
        key, content = f"{self.name}-{self.rounds}", os.urandom(self.chance.randrange(1, 1_200_000))
        named = {"name": f"材料{self.rounds}.pdf", "media_type": "application/pdf"}
        announced = {**named, "size": len(content)}
        _, made = self.insist(lambda api: api.post("/v1/materials", announced, idempotency_key=f"{key}-file"))
        material: Any = made
        found = digest_of([content])
        meant = {"size": found.size, "sha256": to_hex(found.sha256), "sm3": to_hex(found.sm3)}
        place = f"/v1/materials/{material['id']}"

        def stored(api: ApiClient) -> bool:
            state: Any = api.get(place)
            if state["state"] == "stored":
                return True
            if (at := int(state["offset"])) < len(content):
                api.patch_bytes(f"{place}/content", content[at:], at)
            else:
                api.post(f"{place}/completion", meant)
            return False

        self.insist(stored)
        self.stored[material["id"]] = content
        manifest = {**self.crew.record(key)["record"], "type": "material.manifest"}
        self.record(key, {**manifest, "body": {"files": [{**named, **meant, "material": material["id"]}]}})


class Commands(Client):
    """Registrations of institutions, each signed by the region's authority."""

    def __init__(self, crew: Crew, name: str, stop: threading.Event) -> None:
        super().__init__(crew, name, stop)
        self.states: list[str] = []

    def round(self) -> None:
        asked = {"name": f"机构 {self.rounds}", "kind": "applicant", "region": 440300, "authority": OWNER.address}
        key = f"{self.name}-{self.rounds}"
        _, made = self.insist(lambda api: api.post("/v1/institutions", asked, idempotency_key=key))
        operation: Any = made
        place = f"/v1/operations/{operation['id']}"

        def ended(api: ApiClient) -> str:
            found: Any = api.get(place)
            if found["state"] == "needs_authorisation":
                signature = sign_typed_data(found["typed_data"], REGIONAL)
                api.post(f"{place}/authorisations", {"signer": REGIONAL.address, "signature": to_hex(signature)})
            return str(found["state"]) if found["state"] in ("final", "refused", "expired", "failed") else ""

        self.states.append(self.insist(ended))


class Mixed:
    """All of them at work, until the ``with`` block ends."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self._stop = threading.Event()
        self.events = [Events(crew, f"e{number}", self._stop) for number in range(3)]
        self.uploads = Uploads(crew, "u", self._stop)
        self.files = Files(crew, "f", self._stop)
        self.commands = Commands(crew, "c", self._stop)
        self.all: list[Client] = [*self.events, self.uploads, self.files, self.commands]
        self._pool = ThreadPoolExecutor(len(self.all))
        self._running: list[Future[None]] = []

    def __enter__(self) -> Self:
        self._running = [self._pool.submit(each.run) for each in self.all]
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        try:
            until(self._ended, PATIENCE + 60, tell=self.crew.said)
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)
        for run in self._running:
            run.result()

    def _ended(self) -> bool:
        self.crew.revive()
        return all(each.done() for each in self._running)

    def goes_on(self, *clients: Client) -> None:
        """Waits until each of these (or all single submitters together) has done some more, or one has failed."""
        watched = clients or tuple(self.all)
        before = [client.rounds for client in watched]

        def moved() -> bool:
            self.crew.revive()
            if any(run.done() for run in self._running):
                return True  # its result says why
            since = [client.rounds - was for client, was in zip(watched, before, strict=True)]
            return all(since) if clients else sum(since) >= 3

        until(moved, 240, tell=self.crew.said)

    def acknowledged(self) -> dict[str, dict[str, Any]]:
        return {key: each for one in self.all for key, each in one.acknowledged.items()}
