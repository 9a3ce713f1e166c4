"""Two institutions of two regions, each with a log of its own; the real application, chain and database."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from chain.party.keystore import EvmKey
from services.identity.policy import Principal
from tests.databases import shared_database
from tests.integration.founded import Founded
from tests.integration.services.identity.house import (
    OTHER_REGION,
    OTHER_REGIONAL,
    House,
    make_home,
    registration,
    start,
)
from tests.integration.services.transactions.rig import key_of

ONE_OWNER, OTHER_OWNER = key_of("one owner"), key_of("other owner")


@dataclass
class Member:
    """An institution as its own client sees the service."""

    caller: Principal
    client: TestClient
    log: str
    key: EvmKey

    def record(self, **changes: Any) -> dict[str, Any]:
        record = {
            "type": "business.event",
            "subject": "security/440300-2026-0017",
            "actor": self.caller.institution_id,
            "occurred_at": "2026-11-20T09:30:00Z",
            "body": {"event": "share-transfer.registered", "units": "120000", "note": "协议转让登记"},
        }
        return {**record, **changes}

    def submit(self, **changes: Any) -> dict[str, Any]:
        answer = self.client.post("/v1/records", json={"log": self.log, "record": self.record(**changes)})
        assert answer.status_code == 201, answer.text
        done: dict[str, Any] = answer.json()
        return done


@dataclass
class Market:
    """The service and its two members."""

    house: House
    a: Member
    b: Member
    anyone: TestClient


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def market(
    request: pytest.FixtureRequest,
    founded: Founded,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Market]:
    """One for the tests of a file, on each database in turn, each on a node of its own."""
    folder = tmp_path_factory.mktemp("市场 market")
    with founded.running() as anvil, shared_database(request, folder) as url:
        town = start(make_home(anvil, founded.addresses, folder / "home", url))
        try:
            yield _settle(town)
        finally:
            town.services.stop()


def _settle(town: House) -> Market:
    app = create_app(town.services)
    host = town.open()
    one = town.admit(host, registration("湾区登记(示例)", key=ONE_OWNER))
    other = town.admit(host, registration("穗城登记(示例)", region=OTHER_REGION, key=OTHER_OWNER), OTHER_REGIONAL)
    a = _member(app, town, one, ONE_OWNER, "wanqu.example/register")
    b = _member(app, town, other, OTHER_OWNER, "suicheng.example/register")
    return Market(town, a, b, TestClient(app))


def _member(app: Any, town: House, caller: Principal, key: EvmKey, origin: str) -> Member:
    secret = town.known[caller.token_id].secret
    client = TestClient(app, headers={"Authorization": f"Bearer {secret}"}, raise_server_exceptions=False)
    operation = client.post("/v1/logs", json={"origin": origin})
    assert operation.status_code == 202, operation.text
    found = town.operation(operation.json()["id"])
    town.sign(caller, found, key)
    assert town.run(found.id) == "final"
    town.services.evidence.check.run()
    return Member(caller, client, str(found.reference), key)
