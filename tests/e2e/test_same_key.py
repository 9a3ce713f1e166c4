"""One Idempotency-Key, many bodies, all at once: one request wins, the others learn that the key was taken."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text

from services.platform.database import Database
from tests.conftest import FULL
from tests.e2e.crew import Crew
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World

REQUESTS = 10_000 if FULL else 300
AT_ONCE = 150

pytestmark = pytest.mark.timeout(1_200 if FULL else 300)


@pytest.fixture
def crew(backend: str, new_world: Callable[..., World], tmp_path: Path) -> Iterator[Crew]:  # noqa: F811
    made = Crew(new_world(), tmp_path, count=1 if backend == "sqlite" else 3, ttl_ms=15_000)
    yield made
    made.close()


async def _all_at_once(crew: Crew, key: str) -> list[tuple[int, str, dict[str, Any]]]:
    """(status, body sent, answer) of each."""
    headers = {
        "Authorization": f"Bearer {crew.world.token}",
        "Idempotency-Key": key,
        "Content-Type": "application/json",
    }
    places = [worker.url for worker in crew.workers]
    turn = asyncio.Semaphore(AT_ONCE)

    async def post(http: aiohttp.ClientSession, number: int) -> tuple[int, str, dict[str, Any]]:
        body = json.dumps(crew.record(f"{number}"))
        async with turn, http.post(f"{places[number % len(places)]}/v1/records", data=body, headers=headers) as answer:
            return answer.status, body, await answer.json(content_type=None)

    timeout = aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), timeout=timeout) as http:
        return await asyncio.gather(*(post(http, number) for number in range(REQUESTS)))


def test_one_body_wins_and_the_others_are_told_so(crew: Crew) -> None:
    found = asyncio.run(_all_at_once(crew, "one-key"))
    assert Counter(status for status, *_ in found) == {201: 1, 422: REQUESTS - 1}
    assert {answer["type"] for status, _, answer in found if status == 422} == {
        "urn:regseal:problem:idempotency-key-reused"
    }
    ((_, body, won),) = [each for each in found if each[0] == 201]
    for worker in crew.workers:
        api = crew.api(worker)
        answer: Any = api.post("/v1/records", json.loads(body), idempotency_key="one-key")[1]
        assert (answer["id"], answer["acknowledgement"]) == (won["id"], won["acknowledgement"])
        api._connection.close()
    database = Database(crew.world.settings.url)
    with database.read() as session:
        records = session.execute(text("SELECT id FROM records WHERE phase = 0")).scalars().all()
    database.close()
    assert records == [won["id"]]
