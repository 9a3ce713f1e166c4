"""Submit, seal, anchor, final: the service as one, on both databases, its scheduler running."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chain.proof.canonical import JsonObject
from tests.integration.founded import Founded
from tests.integration.services.identity.house import House, make_home, start
from tests.integration.services.transactions.rig import OWNER, REGIONAL, Anvil
from tests.waiting import until


@pytest.fixture
def house(founded: Founded, anvil: Anvil, tmp_path: Path, new_database: Callable[..., str]) -> Iterator[House]:
    """As it is installed, but for the quarter of a minute between two anchors."""
    settings = make_home(anvil, founded.addresses, tmp_path / "家 home", new_database())
    opened = start(settings.model_copy(update={"anchor_interval_ms": 500}))
    yield opened
    opened.services.stop()


def test_a_record_becomes_final_and_the_log_its_owners(house: House) -> None:
    done = house.bootstrap()
    caller = house.caller(done.issued)
    registering, opening = done.operations
    house.sign(caller, registering, REGIONAL)
    assert house.run(registering.id) == "final"
    caller = house.again(caller)
    house.sign(caller, opening, OWNER)
    assert house.run(opening.id) == "final"
    (log,) = house.services.evidence.public.logs()
    assert (log.state, log.owner_id) == ("open", caller.institution_id)
    record: JsonObject = {
        "type": "business.event",
        "subject": "project-1",
        "actor": caller.institution_id,
        "occurred_at": "2026-11-20T09:30:00Z",
        "body": {"title": "材料已补正"},
    }
    accepted = house.services.records.submit(caller, record, log_id=log.id, signature=None, once=None).result(60)
    house.services.jobs.start()
    until(lambda: house.services.records.status(accepted.record_id) == "final", tell=house.services.jobs.states)
    assert [check for check in house.services.health.deep() if not check.ok] == []
