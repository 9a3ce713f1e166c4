"""What the law's numbers and days come to, over HTTP: the 200 and the 50, a crowd that may only become smaller,
clients that race, midnight, a holiday.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from chain.errors import EndpointError
from chain.party.eip712 import sign_typed_data
from services.days import number
from services.register.rules.values import Form
from tests.conftest import FULL
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, FoundedBusiness
from tests.integration.register.clerk import Clerk
from tests.integration.register.reconciled import assert_reconciled
from tests.integration.register.world import open_market
from tests.integration.services.transactions.rig import REGION, REGIONAL, key_of

CROWD = 3_000 if FULL else 205
"""Holders of a company that is in custody only."""
BANK = key_of("pledgee bank")


@pytest.fixture(scope="module")
def clerk(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Clerk]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("situations")) as world:
        yield Clerk(world, world.client(), {BANK.address: BANK})


@pytest.fixture(scope="module")
def people(clerk: Clerk) -> list[str]:
    return clerk.investors(CROWD)


def _count(clerk: Clerk, security: str) -> int:
    answer = clerk.client.get(f"/v1/register/securities/{security}")
    assert answer.status_code == 200, answer.text
    return int(answer.json()["holders"])


def _alerts(clerk: Clerk, security: str) -> list[tuple[int, int]]:
    items = clerk.client.get("/v1/register/alerts", params={"kind": "cap-exceeded"}).json()["items"]
    return [(each["said"]["count"], each["said"]["cap"]) for each in items if each["security"] == security]


@pytest.mark.parametrize(
    ("cap", "terms", "rule"),
    [
        (200, {}, "REM-04"),
        (50, {"form": Form.LLC_EQUITY, "basis": b"REM-19".ljust(16, b"\0")}, "REM-19"),
    ],
    ids=["a company limited by shares", "a limited liability company"],
)
def test_an_heir_is_one_too_many_where_a_buyer_may_not_be(
    clerk: Clerk, people: list[str], cap: int, terms: dict[str, Any], rule: str
) -> None:
    security = clerk.security(dict.fromkeys(people[:cap], 1_000), cap=cap, **terms)
    rests = clerk.documents("transfer-agreement", "gift-deed", "pre-emption-waiver")
    deal: dict[str, Any] = {"documents": rests, **({"pre_emption": {"waived": True}} if terms else {})}
    stranger, heir = people[cap : cap + 2]
    problem = clerk.refused("transfer", **clerk.agreed(security, people[0], stranger, 10, **deal))
    assert (problem["rule"], problem["numbers"]) == (rule, {"count": cap + 1, "cap": cap})
    assert problem["source"]
    assert str(cap + 1) in problem["detail_zh"]
    gift = clerk.agreed(security, people[0], stranger, 10, reason="gift", **deal)
    assert clerk.refused("transfer", **gift)["rule"] == rule
    inherited = {"reason": "inheritance", "documents": clerk.documents("inheritance-certificate")}
    clerk.registered("transfer", **clerk.agreed(security, people[1], heir, 400, **inherited))
    assert (_count(clerk, security), clerk.held(security, heir)) == (cap + 1, 400)
    assert _alerts(clerk, security) == [(cap + 1, cap)]
    problem = clerk.refused("transfer", **clerk.agreed(security, people[0], stranger, 10, **deal))
    assert problem["numbers"] == {"count": cap + 2, "cap": cap}
    clerk.registered("transfer", **clerk.agreed(security, people[2], heir, 1_000))
    assert _count(clerk, security) == cap, "a holder who sells all to another makes room for the heir"


def test_a_company_in_custody_only_has_fewer_holders_and_never_more(clerk: Clerk, people: list[str]) -> None:
    crowd, newcomer = people[: CROWD - 1], people[-1]
    security = clerk.security(dict.fromkeys(crowd, 100), cap=200, grandfathered=len(crowd))
    problem = clerk.refused("transfer", **clerk.agreed(security, crowd[0], newcomer, 10))
    assert (problem["rule"], problem["numbers"]) == ("REM-04", {"count": len(crowd) + 1, "cap": 200})
    clerk.registered("transfer", **clerk.agreed(security, crowd[0], crowd[1], 10))
    clerk.registered("transfer", **clerk.agreed(security, crowd[2], newcomer, 100))
    assert _count(clerk, security) == len(crowd), "one came, one left"
    clerk.registered("transfer", **clerk.agreed(security, crowd[3], crowd[4], 100))
    assert _count(clerk, security) == len(crowd) - 1
    problem = clerk.refused("transfer", **clerk.agreed(security, crowd[5], clerk.investor(), 10))
    assert problem["numbers"] == {"count": len(crowd), "cap": 200}, "not even back to where it was"
    rows, cursor = 0, None
    while True:
        place = f"/v1/register/securities/{security}/holders"
        page = clerk.client.get(place, params={"limit": 200, **({"cursor": cursor} if cursor else {})}).json()
        rows, cursor = rows + len(page["items"]), page["next"]
        if cursor is None:
            break
    assert rows == len(crowd) - 1


def test_two_clients_pledge_the_last_free_units_at_the_same_time(clerk: Clerk, people: list[str]) -> None:
    security = clerk.security({people[0]: 100, people[1]: 1_000})
    rests = clerk.documents("joint-application", "pledge-contract")
    said = {"security": security, "account": people[0], "units": "70", "documents": rests}
    pledge = {**said, "pledgee": {"address": BANK.address, "name": "示例银行"}}

    def race(client: TestClient) -> Any:
        asked = client.post("/v1/register/acts", json={"act": "pledge", **pledge})
        if asked.status_code != 202:
            return asked.json()
        place = f"/v1/operations/{asked.json()['operation']}"
        signature = sign_typed_data(client.get(place).json()["typed_data"], CHECKER)
        brought = {"signer": CHECKER.address, "signature": "0x" + signature.hex()}
        signed = client.post(f"{place}/authorisations", json=brought)
        assert signed.status_code == 202, signed.text
        return asked.json()

    clients = [clerk.world.client() for _ in range(2)]
    for client in clients:  # their routes are put together at the first request, which two threads cannot do at once
        assert client.post("/v1/register/acts", json={}).status_code == 422
    with ThreadPoolExecutor(2) as pool:
        both = list(pool.map(race, clients))
    taken = [each for each in both if "operation" in each]
    clerk.world.work(*(each["operation"] for each in taken))
    states = [clerk.get(each)["state"] for each in taken]
    assert states.count("registered") == 1
    refused = [clerk.get(each)["refusal"] for each in taken if clerk.get(each)["state"] == "refused"]
    refused += [each for each in both if "operation" not in each]
    assert [each["rule"] in ("PLG-06", "REG-06") and bool(each["source"]) for each in refused] == [True]
    (lien,) = clerk.client.get(f"/v1/register/securities/{security}/liens").json()["liens"]
    assert lien["units"] == "70"


def test_a_freeze_holds_until_midnight_in_shanghai_and_not_a_moment_longer(clerk: Clerk, people: list[str]) -> None:
    security = clerk.security({people[0]: 100, people[1]: 1_000})
    now = clerk.world.clock.now()
    frozen = {
        "security": security, "account": people[0], "units": "100", "court": "示例人民法院", "case": "(2030)示执21号",
        "published_at": (now - timedelta(hours=1)).isoformat(), "received_at": now.isoformat(),
        "until": _shanghai(now).date().isoformat(),
    }  # fmt: skip
    clerk.registered("freeze", **frozen, documents=clerk.documents("court-ruling", "assistance-notice", "publication"))
    gift = clerk.agreed(security, people[0], people[1], 10, reason="gift", documents=clerk.documents("gift-deed"))
    now = _shanghai(clerk.world.clock.now())
    midnight = datetime(now.year, now.month, now.day, tzinfo=UTC) + timedelta(days=1)
    clerk.world.pass_seconds(int((midnight - now).total_seconds()) - 600)
    assert clerk.refused("transfer", **gift)["guard"] == "RegisterUnits"
    clerk.world.pass_seconds(1_200)
    clerk.registered("transfer", **gift)
    assert clerk.held(security, people[1]) == 1_010


def _shanghai(moment: datetime) -> datetime:
    """Its wall clock, as if of UTC."""
    return moment.astimezone(UTC) + timedelta(hours=8)


def test_over_national_day_the_fifth_trading_day_comes_two_weeks_later(clerk: Clerk, people: list[str]) -> None:
    """Bought on Monday 29 September 2031; from the 1st to the 7th of October nobody trades."""
    bought, holidays = date(2031, 9, 29), [number(date(2031, 10, day)) for day in range(1, 8)]
    closed = {"region": REGION, "numbers": holidays, "working": True, "trading": True}
    clerk.world.acting.act("CloseCalendarDays", closed, REGIONAL)
    wanted = {"name": "for most of a year", "roles": ["submitter", "reader"], "days": 366}
    clerk.client = clerk.world.client(clerk.client.post("/v1/tokens", json=wanted).json()["secret"])
    clerk.world.pass_days((bought - _shanghai(clerk.world.clock.now()).date()).days)
    buyer, seller = clerk.investors(2)
    security = clerk.security({seller: 1_000, buyer: 10})
    clerk.registered("transfer", **clerk.agreed(security, seller, buyer, 100))
    clerk.world.pass_days((date(2031, 10, 10) - bought).days)
    problem = clerk.refused("transfer", **clerk.agreed(security, buyer, seller, 50))
    assert (problem["rule"], problem["numbers"]["elapsed"], problem["numbers"]["interval"]) == ("REM-10", 4, 5)
    clerk.world.pass_days(3)
    clerk.registered("transfer", **clerk.agreed(security, buyer, seller, 50))


def test_a_block_that_comes_while_the_book_is_compared_makes_it_begin_anew(
    clerk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An embedded chain has the state after its newest block alone."""
    reconciler = clerk.world.services.register.book.reconciler
    read, overtaken = reconciler._read, [True]

    def once(*arguments: Any, **named: Any) -> Any:
        if overtaken and overtaken.pop():
            raise EndpointError("BlockOutOfRangeError: block height is 227 but requested was 226")
        return read(*arguments, **named)

    monkeypatch.setattr(reconciler, "_read", once)
    assert_reconciled(clerk.world)
    assert not overtaken
