"""Whatever the leader takes, a worker that follows takes too, and answers the same."""

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from chain.party.http import Answer, Connection
from chain.proof.digest import Digester
from chain.proof.encoding import to_hex
from services.platform.database import Database
from tests.e2e.crew import Crew
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World
from tests.waiting import until

pytestmark = pytest.mark.timeout(300)
LINES = 2_500
MIB = 1 << 20


@pytest.fixture(scope="module")
def backend() -> str:
    return "postgresql"


class Caller:
    """A client of one worker."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = Connection(url, timeout=60, max_answer=32 * MIB)
        self.token = token

    def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kind = {"Content-Type": "application/json"} if raw is not None and not isinstance(body, bytes) else {}
        if self.token:
            named["Authorization"] = f"Bearer {self.token}"
        return self._connection.request(method, path, body=raw, headers=kind | named)

    def json(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        answer = self(method, path, body, **headers)
        return answer.json() if answer.body else {}

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def crew(new_world: Callable[..., World], tmp_path: Path) -> Iterator[Crew]:  # noqa: F811
    made = Crew(new_world(), tmp_path, count=2, ttl_ms=15_000)
    yield made
    made.close()


@pytest.fixture
def pair(crew: Crew) -> Iterator[tuple[Caller, Caller]]:
    """(to the leader, to the follower)."""
    made = Caller(crew.leader().url, crew.world.token), Caller(crew.followers()[0].url, crew.world.token)
    yield made
    for caller in made:
        caller.close()


def test_a_follower_answers_as_the_leader_does(crew: Crew, pair: tuple[Caller, Caller]) -> None:
    leader, follower = pair
    _refusals_are_alike(crew, leader, follower)
    _uploads_go_through(crew, leader, follower)
    _files_go_through(leader, follower)
    _tokens_are_forgotten(crew, leader, follower)
    _commands_go_through(leader, follower)
    _nothing_is_left(crew)


def _told(answer: Answer) -> tuple[int, Any]:
    body: Any = answer.json() if answer.body else None
    return answer.status, body


def _refusals_are_alike(crew: Crew, leader: Caller, follower: Caller) -> None:
    stranger = [Caller(crew.leader().url, ""), Caller(crew.followers()[0].url, "")]
    record = crew.record("same")
    for method, path, body in (
        ("POST", "/v1/records", {"log": "x"}),
        ("POST", "/v1/records", b"\xff"),
        ("POST", "/v1/records", {**record, "record": {**record["record"], "actor": "ins_" + "0" * 32}}),
        ("POST", "/v1/tokens", {"name": "a", "roles": ["nobody"], "days": 1}),
        ("DELETE", "/v1/tokens/tok_1", None),
        ("POST", "/v1/nowhere", {}),
        ("PUT", "/v1/records", {}),
        ("GET", "/v1/pilots/prj_" + "0" * 32 + "/dossier", None),
        ("POST", "/v1/records", b"x" * 300_000),
    ):
        assert _told(leader(method, path, body)) == _told(follower(method, path, body)), (method, path)
    for one in stranger:
        assert one("POST", "/v1/records", record).status == 401
        assert one("POST", f"/v1/logs/{record['log']}/heads", b"nonsense").status == 422
        assert one("POST", "/v1/bootstrap", {}).status == 422
        one.close()
    first = follower("POST", "/v1/records", record, Idempotency_Key="k")
    again = leader("POST", "/v1/records", record, Idempotency_Key="k")
    assert (first.status, again.status) == (201, 201)
    assert first.json() == again.json()
    assert follower("POST", "/v1/records", record, Idempotency_Key="k").headers["idempotency-replayed"] == "true"
    challenge = f"/v1/logs/{record['log']}/challenge"
    assert _told(leader("GET", challenge)) == _told(follower("GET", challenge))


def _uploads_go_through(crew: Crew, leader: Caller, follower: Caller) -> None:
    log = crew.world.log.id
    good = [json.dumps({"record": crew.record(f"u{number}")["record"]}) for number in range(LINES)]
    good[7] = "{"
    body = "\n".join(good).encode()
    upload = follower.json("POST", "/v1/uploads", {"log": log}, Idempotency_Key="u")["id"]
    half = body.index(b"\n", len(body) // 2) + 1
    assert follower.json("PUT", f"/v1/uploads/{upload}/lines?offset=0", body[:half])["position"] == half
    done = follower.json("PUT", f"/v1/uploads/{upload}/lines?offset=0", body)
    assert (done["accepted"], done["rejected"], done["position"]) == (LINES - 1, 1, len(body))
    differing = b"{}\n" + body[3:]
    assert _told(leader("PUT", f"/v1/uploads/{upload}/lines?offset=0", differing)) == _told(
        follower("PUT", f"/v1/uploads/{upload}/lines?offset=0", differing)
    )
    assert follower.json("POST", f"/v1/uploads/{upload}/complete")["status"] == "complete"
    assert _told(leader("GET", f"/v1/uploads/{upload}/acknowledgements")) == _told(
        follower("GET", f"/v1/uploads/{upload}/acknowledgements")
    )
    atomic = follower.json("POST", "/v1/uploads", {"log": log, "atomic": True})["id"]
    refused = follower.json("PUT", f"/v1/uploads/{atomic}/lines", body)
    assert (refused["status"], refused["accepted"], refused["rejected"]) == ("aborted", 0, 1)


def _files_go_through(leader: Caller, follower: Caller) -> None:
    content = b"".join(hashlib.sha256(bytes([number % 251])).digest() * 32_768 for number in range(9)) + "尾".encode()
    said = {"name": "材料.pdf", "media_type": "application/pdf", "size": len(content)}
    announced = follower.json("POST", "/v1/materials", said)
    path = f"/v1/materials/{announced['id']}"
    part = follower("PATCH", f"{path}/content", content[: 5 * MIB], Upload_Offset="0")
    assert (part.status, part.headers["upload-offset"]) == (204, str(5 * MIB))
    for one in (leader, follower):
        assert one.json("GET", path)["offset"] == 5 * MIB
    wrong = [one("PATCH", f"{path}/content", content, Upload_Offset="0") for one in (leader, follower)]
    assert _told(wrong[0]) == _told(wrong[1])
    assert follower("PATCH", f"{path}/content", content[5 * MIB :], Upload_Offset=str(5 * MIB)).status == 204
    digest = Digester()
    digest.update(content)
    found = digest.result()
    meant = {"size": found.size, "sha256": to_hex(found.sha256), "sm3": to_hex(found.sm3)}
    assert follower.json("POST", f"{path}/completion", meant)["state"] == "stored"
    for one in (leader, follower):
        assert one("GET", f"{path}/content").body == content


def _tokens_are_forgotten(crew: Crew, leader: Caller, follower: Caller) -> None:
    issued = follower.json("POST", "/v1/tokens", {"name": "短期", "roles": ["reader"], "days": 1}, Idempotency_Key="t")
    bearers = [Caller(worker.url, issued["secret"]) for worker in (crew.leader(), crew.followers()[0])]
    assert [one("GET", "/v1/records").status for one in bearers] == [200, 200]
    assert follower("DELETE", f"/v1/tokens/{issued['id']}").status == 200
    until(lambda: [one("GET", "/v1/records").status for one in bearers] == [401, 401])
    for one in bearers:
        one.close()
    assert leader("GET", "/v1/tokens").status == 200


def _commands_go_through(leader: Caller, follower: Caller) -> None:
    asked = follower("POST", "/v1/logs", {"origin": "second.example/log"}, Idempotency_Key="o")
    assert asked.status == 202
    operation: Any = asked.json()
    assert asked.headers["location"] == f"/v1/operations/{operation['id']}"
    assert _told(leader("GET", f"/v1/operations/{operation['id']}")) == _told(
        follower("GET", f"/v1/operations/{operation['id']}")
    )
    wrong = {"signer": operation["signers"][0], "signature": "0x" + "00" * 65}
    answers = [one("POST", f"/v1/operations/{operation['id']}/authorisations", wrong) for one in (leader, follower)]
    assert _told(answers[0]) == _told(answers[1])
    assert answers[0].status == 422


def _nothing_is_left(crew: Crew) -> None:
    """No question and no answer stays; what passed was never in the clear."""
    database = Database(crew.world.settings.url)
    with database.read() as session:
        assert session.execute(text("SELECT count(*) FROM intake")).scalar_one() == 0
        assert session.execute(text("SELECT count(*) FROM workers")).scalar_one() == 2
    database.close()
