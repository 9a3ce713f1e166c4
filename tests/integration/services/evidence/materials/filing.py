"""Files, manifests and their erasure in one house: what the tests of erasing and of fsck share."""

from pathlib import Path

import pytest

from chain.proof.canonical import JsonObject
from services.evidence.materials.service import MaterialView
from services.evidence.materials.store import Store
from services.evidence.retention.service import Retention
from services.evidence.retention.views import RetentionView
from services.platform.clock import FixedClock
from services.platform.settings import RetentionTerm, Settings
from tests.integration.services.evidence.house import OPERATOR, House
from tests.integration.services.evidence.materials.conftest import Depot

YEAR = 366 * 86_400


@pytest.fixture(name="depot")
def depot_of_house(house: House, clock: FixedClock, tmp_path: Path, store: Store) -> Depot:
    return Depot(house.database, clock, house.vault, tmp_path, store)


@pytest.fixture(name="retention")
def retention_of_house(house: House, depot: Depot) -> Retention:
    terms = {"material": RetentionTerm(months=12, source="the market's own rules, art. 7")}
    settings = Settings(home=house.home, database_url=house.database.url, retention=terms)
    return Retention(
        settings,
        house.database,
        house.clock,
        evidence=house.service,
        files=depot.materials.files,
        fence=lambda _: None,
    )


def manifest(house: House, *views: MaterialView) -> str:
    files: list[JsonObject] = []
    for view in views:
        assert view.digest is not None
        named: JsonObject = {"name": view.name, "media_type": "application/pdf", "material": view.id, "size": view.size}
        named |= {"sha256": f"0x{view.digest.sha256.hex()}", "sm3": f"0x{view.digest.sm3.hex()}"}
        files.append(named)
    record: JsonObject = {"type": "material.manifest", "subject": "company/440300-0001", "actor": OPERATOR}
    record |= {"occurred_at": "2026-11-20T09:30:00Z", "body": {"files": list(files)}}
    ids = [view.id for view in views]
    return house.service.submit_record(OPERATOR, record, materials=ids).result(60).record_id


def erase(retention: Retention, record_id: str) -> RetentionView:
    return retention.request(record_id, reason="consent withdrawn", token_id="tok_1").result(60)
