"""Several workers on PostgreSQL: one stopped for longer than its lease and resumed, others killed; no harm is done."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.party.errors import ApiProblem
from chain.party.http import ApiClient
from tests.conftest import FULL
from tests.e2e.crew import Crew, Load, assert_nothing_was_harmed
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World
from tests.waiting import until

TTL_MS = 15_000 if FULL else 8_000
STOPPED_S = 60.0
CONFLICTS = 10_000 if FULL else 300

pytestmark = pytest.mark.timeout(1_800 if FULL else 900)


@pytest.fixture
def backend() -> str:
    return "postgresql"


@pytest.fixture
def new_crew(new_world: Callable[..., World], tmp_path: Path) -> Iterator[Callable[[int], Crew]]:  # noqa: F811
    made: list[Crew] = []

    def make(count: int) -> Crew:
        made.append(Crew(new_world(), tmp_path, count=count, ttl_ms=TTL_MS))
        return made[-1]

    yield make
    for crew in made:
        crew.close()


def test_a_leader_that_was_stopped_and_resumed_does_no_harm(new_crew: Callable[[int], Crew]) -> None:
    crew = new_crew(3)
    with Load(crew, 6) as load:
        load.goes_on()
        first = crew.leader()
        first.tell(signal.SIGSTOP)
        until(lambda: any(each.role() == "leads" for each in crew.others(first)), 120, tell=crew.said)
        load.goes_on()
        if FULL:
            threading.Event().wait(STOPPED_S)
        first.tell(signal.SIGCONT)
        until(lambda: "lease_lost" in first.output.read_text() and first.role(), 120, tell=crew.said)
        load.goes_on()
        second = crew.leader()  # on a slow machine perhaps the first again
        second.end(signal.SIGKILL)
        until(lambda: any(each.role() == "leads" for each in crew.others(second)), 120, tell=crew.said)
        second.start()
        load.goes_on()
        until(crew.ready, 120, tell=crew.said)
        follower = crew.followers()[0]
        follower.end(signal.SIGKILL)
        load.goes_on()
        follower.start()
        until(crew.ready, 120, tell=crew.said)
        load.goes_on()
        until(lambda: any(each.repeated for each in load.submitters), tell=crew.said)
    assert_nothing_was_harmed(crew, load.acknowledged())


def _patiently(api: ApiClient, body: dict[str, Any]) -> dict[str, Any]:
    """The answer, asked for again under the key that a follower names when it took more than a minute."""
    key = None
    while True:
        try:
            _, answer = api.post("/v1/records", body, idempotency_key=key)
        except ApiProblem as error:
            key = str(error.problem["idempotency_key"])
        else:
            assert isinstance(answer, dict)
            return answer


def test_a_leader_that_dies_before_it_answers_leaves_that_to_the_next(
    new_crew: Callable[[int], Crew],
) -> None:
    """The client gave no key and gets its answer all the same: one record, from the leader after."""
    crew = new_crew(2)
    leader, follower = crew.leader(), crew.followers()[0]
    leader.end(signal.SIGTERM)
    until(lambda: follower.role() == "leads", 120, tell=crew.said)
    leader.start(REGSEAL_FAILPOINT="intake.before-answer")
    until(crew.ready, 120, tell=crew.said)
    follower.end(signal.SIGTERM)
    until(lambda: leader.role() == "leads", 120, tell=crew.said)
    follower.start()
    until(crew.ready, 120, tell=crew.said)
    answer = _patiently(crew.api(follower, timeout=100), crew.record("once"))
    assert leader.ended(), "it died before it could answer"
    leader.start()
    until(crew.ready, 120, tell=crew.said)
    assert_nothing_was_harmed(crew, {"once": answer})
