"""Pilots when their chain is lost: what can go on is asked for again, what cannot says so and why."""

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from services.identity.policy import Principal
from services.pilots.projects.formats import MaterialDetails
from services.pilots.projects.materials import MaterialRequest
from services.pilots.views import StepRequest
from services.platform.errors import Conflict
from tests.integration.services.pilots.application import SETTINGS, applicant, form
from tests.integration.services.transactions.rig import OWNER, REGIONAL
from tests.integration.services.whole.epochs import Land
from tests.integration.services.whole.world import EmbeddedNode, Witness, World

pytestmark = pytest.mark.one_database

NewWorld = Callable[..., World]


def caller(land: Land) -> Principal:
    """The one institution of this world is working group and applicant at once."""
    return replace(land.caller(), roles=frozenset({"administrator", "submitter", "reader", "supervisor"}))


def activate(land: Land) -> str:
    """The rulebook in force on the present chain; its id."""
    pilots = land.world.services.pilots
    asked = pilots.rulebooks.activate(
        caller(land), "SZ-2023.11", SETTINGS, "sz.yaml", log_id=land.second, once=None
    ).result(60)
    land.world.house.sign(land.caller(), asked, REGIONAL)
    land.run(lambda: land.world.operation(asked).state == "final")
    return str(asked.reference)


def whole_form(land: Land) -> dict[str, Any]:
    party: Any = SimpleNamespace(id=land.world.institution, name="湾区证券(测试)")
    said = form(party, party)
    alone = applicant(party, category="operating", type="securities-company", licensed=True, lead=True)
    return {**said, "applicants": [alone]}


def draft(land: Land, rulebook: str) -> str:
    made = land.world.services.pilots.applications.create(caller(land), rulebook, whole_form(land), once=None)
    return str(made.result(60).id)


def submit(land: Land, project: str) -> None:
    """With the three mandatory materials, all by the one applicant."""
    me, applications = land.world.institution, land.world.services.pilots.applications
    head = {"office": "compliance-head", "applicant": me}
    for code, details in (
        ("application-form", MaterialDetails(issuers=(me,))),
        ("institution-form", MaterialDetails(issuers=(me,), applicant=me)),
        ("compliance-report", MaterialDetails(issuers=(me,), signatures=(head,))),
    ):
        files = [{"name": f"{code}.pdf", "media_type": "application/pdf", "size": 3}]
        files[0] |= {"sha256": "0x" + "11" * 32, "sm3": "0x" + "22" * 32}
        record: Any = {"type": "material.manifest", "subject": code, "actor": me, "body": {"files": files}}
        record |= {"occurred_at": "2026-11-20T09:30:00Z"}
        accepted = land.world.evidence.submit_record(me, record, log_id=land.second).result(60)
        bound = MaterialRequest(code=code, manifest_id=accepted.record_id, details=details)
        applications.add_material(caller(land), project, bound, once=None).result(60)
    steps = land.world.services.pilots.steps
    asked = steps.step(caller(land), project, StepRequest(action="submit"), once=None).result(60)
    land.world.house.sign(land.caller(), asked, OWNER)
    land.run(lambda: land.world.operation(asked).state == "final")


def refused(slug: str, act: Callable[[], object]) -> None:
    with pytest.raises(Conflict) as no:
        act()
    assert no.value.slug == slug


def test_a_rulebook_is_put_in_force_again_and_a_project_stays_what_it_was(
    new_world: NewWorld, node: EmbeddedNode
) -> None:
    land = Land(new_world(witness=Witness(node.url)))
    land.open_second()
    rulebook = activate(land)
    opened, drafted = draft(land, rulebook), draft(land, rulebook)
    submit(land, opened)
    land.lose(node)
    land.world.restart()
    land.replace(node)
    land.run(lambda: bool(land.waiting()))
    land.sign_all()  # the registration
    land.run(lambda: len(land.waiting()) == 2)
    land.sign_all()  # the logs
    land.run(lambda: land.progress()[0] == land.progress()[1])

    pilots = land.world.services.pilots
    waiting = [item.project.id for item in pilots.reads.queue(caller(land), limit=100, cursor=None).items]
    assert waiting == [drafted]  # what cannot go on waits for nobody
    withdraw = StepRequest(action="withdraw")
    refused("project-chain-lost", lambda: pilots.steps.step(caller(land), opened, withdraw, once=None))
    refused("project-chain-lost", lambda: pilots.steps.seal(caller(land), opened))
    refused("project-chain-lost", lambda: pilots.reads.standing(caller(land), opened))
    assert pilots.reads.get(caller(land), opened).state == "SUBMITTED"
    assert pilots.reads.timeline(caller(land), opened, limit=100, cursor=None).items
    submission = StepRequest(action="submit")
    refused("rulebook-chain-lost", lambda: pilots.steps.step(caller(land), drafted, submission, once=None))
    refused("rulebook-chain-lost", lambda: draft(land, rulebook))
    refused("rulebook-chain-lost", lambda: pilots.rulebooks.retire(caller(land), rulebook, "", once=None).result(60))
    assert activate(land) == rulebook
    refused("rulebook-known", lambda: activate(land))
    submit(land, drafted)
    assert pilots.reads.get(caller(land), drafted).state == "SUBMITTED"
    assert pilots.reads.standing(caller(land), drafted).state == "SUBMITTED"
    refused("project-chain-lost", lambda: pilots.steps.step(caller(land), opened, withdraw, once=None))
