"""One story of acts on PostgreSQL: what SQL decides there is decided as on SQLite."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.founded import Founded
from tests.integration.register.business import FoundedBusiness
from tests.integration.register.clerk import Clerk
from tests.integration.register.test_lien_acts import BANK
from tests.integration.register.world import open_market

pytestmark = pytest.mark.full


@pytest.mark.parametrize("backend", ["postgresql"])
def test_transfer_pledge_freeze_and_sweep(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    new_database: Callable[..., str],
    tmp_path: Path,
) -> None:
    with open_market(founded, founded_business, sqlite_template, tmp_path, database_url=new_database()) as world:
        clerk = Clerk(world, world.client(), {BANK.address: BANK})
        holder, other = clerk.investor(), clerk.investor()
        security = clerk.security({holder: 100, other: 100})
        first = clerk.asked("transfer", key="one", **clerk.agreed(security, holder, other, 30))
        assert clerk.asked("transfer", key="one", **clerk.agreed(security, holder, other, 30))["id"] == first["id"]
        assert clerk.decided(first)["state"] == "registered"
        rests = clerk.documents("joint-application", "pledge-contract")
        pledgee = {"address": BANK.address, "name": "示例银行"}
        on = {"security": security, "account": holder}
        clerk.registered("pledge", **on, units="60", pledgee=pledgee, documents=rests)
        problem = clerk.refused("pledge", **on, units="60", pledgee=pledgee, documents=rests)
        assert (problem["guard"], problem["numbers"]["wanted"]) == ("RegisterUnits", 60)
        today, now = world.clock.now().date().isoformat(), world.clock.now().isoformat()
        court = clerk.documents("court-ruling", "assistance-notice", "publication")
        said = {
            "published_at": "2030-12-01T00:00:00Z",
            "received_at": now,
            "until": today,
            "court": "示例",
            "case": "1",
        }
        clerk.registered("freeze", **on, units="70", **said, documents=court)
        world.pass_days(1)
        world.services.jobs.run("register.sweep")
        world.settle()
        liens = {
            each["number"]: each
            for each in clerk.client.get(f"/v1/register/securities/{security}/liens").json()["liens"]
        }
        assert {number: each["units"] for number, each in liens.items()} == {1: "60", 2: "0"}
        assert (
            clerk.client.get("/v1/register/acts", params={"about": security, "state": "refused"}).json()["items"] == []
        )
