"""The self-audit of a running installation: a record of the house log, and a place that a restart does not lose."""

from collections.abc import Callable
from typing import Any

from chain.proof.types import BY_NAME
from services.evidence.service import EvidenceService
from services.platform import metrics
from tests.integration.services.whole.world import World

DAY_MS = 86_400_000


def told(evidence: EvidenceService, institution: str) -> list[dict[str, Any]]:
    """The bodies of the examinations, the oldest first."""
    found = evidence.list_records(institution, limit=200)
    code = BY_NAME["log.examination"].code
    views = [evidence.get_record(each.id) for each in found if each.type_code == code]
    return [view.document["body"] for view in views if view.document]  # type: ignore[misc]


def test_what_was_examined_is_a_record_and_the_place_outlives_the_process(new_world: Callable[..., World]) -> None:
    world = new_world()
    for number in range(5):
        accepted = world.submit(f"s{number}")
    world.run(lambda: world.status(accepted) == "final")
    world.services.jobs.run("evidence.selfaudit")
    (first,) = told(world.evidence, world.institution)
    assert (first["log_origin"], first["from"], first["outcome"]) == (world.log.origin, 0, "clean")
    assert first["leaves"] == first["to"] > 5
    world.restart()
    metrics.SELFAUDIT_LAST_OK.set(0)
    world.services.jobs.run("evidence.selfaudit-age")
    assert metrics.REGISTRY.get_sample_value("regseal_selfaudit_last_ok_epoch"), "the new process knows the last one"
    world.run(lambda: world.status(accepted) == "final")  # the new process has checked its log
    world.services.jobs.run("evidence.selfaudit")
    assert len(told(world.evidence, world.institution)) == 1, "not again on the same day"
    world.clock.ahead_ms = DAY_MS
    last = world.submit("later")
    world.run(lambda: world.status(last) == "final")
    world.services.jobs.run("evidence.selfaudit")
    _, second = told(world.evidence, world.institution)
    assert second["from"] == first["to"], "it goes on where the last one ended"
    assert (second["to"], second["outcome"]) == (last.index + 1, "clean")
