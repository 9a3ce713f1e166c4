"""Several workers on PostgreSQL: one stopped for longer than its lease and resumed, others killed; no harm is done."""

import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import FULL
from tests.e2e.crew import Crew, Load, assert_nothing_was_harmed
from tests.integration.services.whole.conftest import new_world, node  # noqa: F401 (fixtures)
from tests.integration.services.whole.world import World
from tests.waiting import until

TTL_MS = 15_000 if FULL else 3_000
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
        until(lambda: first.role() == "follows", 120, tell=crew.said)
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
