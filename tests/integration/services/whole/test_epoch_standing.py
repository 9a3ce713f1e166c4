"""Who is who on the chain that took a lost one's place: roles, a frozen log, and an institution that has exited."""

from collections.abc import Callable
from typing import Any

import pytest

from chain.proof.canonical import JsonObject
from chain.proof.ethereum import log_id
from chain.proof.hashing import keccak256
from services.identity.views import RoleRequest, StatusRequest
from services.platform.ids import bytes16
from tests.conftest import FULL
from tests.integration.services.identity.house import REGION, registration
from tests.integration.services.transactions.rig import OWNER, REGIONAL
from tests.integration.services.whole.epochs import Land
from tests.integration.services.whole.world import EmbeddedNode, World

ORIGIN = "left.example/log"
FROZEN, EXITED = 2, 3
ACCOUNT = "0x" + "Ab" * 20


def exit_of(institution: str) -> StatusRequest:
    return StatusRequest(institution_id=institution, status="exited", reason="test")


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"] if FULL else ["sqlite"], indirect=True)
def test_roles_frozen_logs_and_exits_follow(new_world: Callable[..., World], node: EmbeddedNode) -> None:
    land = Land(new_world(witness=None))
    world = land.world
    identity, evidence = world.services.identity, world.evidence

    def done(request: Any, key: Any = REGIONAL) -> Any:
        operation = request.result(60)
        world.house.sign(land.caller(), operation, key)
        land.run(lambda: world.operation(operation).state in ("final", "refused"))
        assert world.operation(operation).state == "final"
        return operation

    leaver = str(done(identity.request_registration(land.caller(), registration("离场机构(示例)"))).reference)
    role = RoleRequest(
        institution_id=world.institution, account=ACCOUNT, role="freeze", region=REGION, reason="test",
        expires_at=4_000_000_000,
    )  # fmt: skip
    done(identity.request_role_grant(land.caller(), role))
    log = str(done(evidence.request_log_opening(leaver, ORIGIN), OWNER).reference)
    document: JsonObject = {
        "type": "business.event", "subject": "s", "actor": leaver, "occurred_at": "2026-11-20T09:30:00Z",
        "body": {"title": "x"},
    }  # fmt: skip
    accepted = evidence.submit_record(leaver, document, log_id=log).result(60)
    land.run(lambda: world.status(accepted) in ("anchored", "final"))
    done(evidence.request_freeze(leaver, log, reason="test"), OWNER)
    done(identity.request_status(land.caller(), exit_of(leaver)))

    land.lose(node)
    land.replace(node)
    client = world.services.chains.clients[land.chain]

    def settled() -> bool:
        land.sign_all()
        status = client.read("InstitutionRegistry", "institution", bytes16(leaver))[1]
        granted = client.read("InstitutionRegistry", "grantOf", keccak256(b"freeze"), REGION, ACCOUNT)[1]
        frozen = client.read("EvidenceLog", "logOf", log_id(ORIGIN))[1] == FROZEN
        return bool(status == EXITED and frozen and granted == role.expires_at)

    land.run(settled)
    known = client.read("InstitutionRegistry", "institution", bytes16(leaver))
    assert known[3] == REGIONAL.address.lower()  # who has exited signs nothing; its region speaks for it
    land.run(lambda: land.progress()[0] == land.progress()[1] > 0)  # other logs' heads may come after
    assert client.read("EvidenceLog", "logOf", log_id(ORIGIN))[2] == accepted.index + 1
