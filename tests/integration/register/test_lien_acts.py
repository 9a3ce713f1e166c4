"""Pledges, freezes and locks from request to outcome, through the API, on a real chain; legal status beside."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.platform.errors import RuleRefused
from services.platform.ids import random_id
from services.register.rules.values import Form, Kind
from tests.integration.founded import Founded
from tests.integration.register.business import FoundedBusiness
from tests.integration.register.clerk import Clerk
from tests.integration.register.world import open_market
from tests.integration.services.transactions.rig import key_of

BANK = key_of("pledgee bank")
COURT = ("court-ruling", "assistance-notice")


@pytest.fixture(scope="module")
def clerk(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Clerk]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("liens")) as world:
        yield Clerk(world, world.client(), {BANK.address: BANK})


@pytest.fixture(scope="module")
def buyer(clerk: Clerk) -> str:
    return clerk.investor(Kind.COMPANY)


@pytest.fixture
def holder(clerk: Clerk) -> str:
    return clerk.investor()


@pytest.fixture
def security(clerk: Clerk, holder: str, buyer: str) -> str:
    return clerk.security({holder: 100, buyer: 1_000})


def _pledge(clerk: Clerk, security: str, account: str, units: int, **more: Any) -> dict[str, Any]:
    rests = clerk.documents("joint-application", "pledge-contract")
    said = {"security": security, "account": account, "units": str(units), "documents": rests}
    return {**said, "pledgee": {"address": BANK.address, "name": "示例银行"}, **more}


def _freeze(
    clerk: Clerk, security: str, account: str, units: int, *, hours_ago: int = 1, **more: Any
) -> dict[str, Any]:
    now = clerk.world.clock.now()
    said = {
        "security": security, "account": account, "units": str(units),
        "court": "示例人民法院", "case": "(2030)示执17号",
        "published_at": (now - timedelta(hours=hours_ago)).isoformat(), "received_at": now.isoformat(),
        "until": (now.date() + timedelta(days=400)).isoformat(),
    }  # fmt: skip
    return {**said, "documents": clerk.documents(*COURT, "publication"), **more}


def _liens(clerk: Clerk, security: str) -> dict[int, dict[str, Any]]:
    answer = clerk.client.get(f"/v1/register/securities/{security}/liens")
    assert answer.status_code == 200, answer.text
    return {each["number"]: each for each in answer.json()["liens"]}


def _lots(clerk: Clerk, security: str, account: str) -> list[tuple[int, tuple[int, ...]]]:
    """As the contract has them."""
    words = clerk.world.acting.chain.read(
        "EquityRegister", "lotsOf", bytes.fromhex(security[4:]), bytes.fromhex(account[4:])
    )
    return [(w & (1 << 80) - 1, tuple(n for n in (w >> 80 + 16 * i & 0xFFFF for i in range(11)) if n)) for w in words]


def test_a_pledge_is_registered_told_of_released_in_part_and_enforced(
    clerk: Clerk, security: str, holder: str, buyer: str
) -> None:
    asked = clerk.asked("pledge", **_pledge(clerk, security, holder, 60))
    assert [need["role"] for need in asked["authorisations"]] == ["register.checker"]
    assert clerk.decided(asked)["state"] == "registered"
    lien = _liens(clerk, security)[1]
    assert (lien["chain_status"], lien["units"], lien["legal_status"]) == ("standing", "60", None)
    told = {"status": "registered", "reference": "示例出质 0017", "at": "2030-12-02T09:00:00+08:00"}
    path = f"/v1/register/securities/{security}/liens/1/legal-status"
    assert clerk.client.post(path, json={**told, "status": "published"}).json()["field"] == "/status"
    assert clerk.client.post(path, json={**told, "at": "2031-12-31T00:00:00Z"}).json()["field"] == "/at"
    place = path.removeprefix("/v1/register/")
    done = clerk.entered(place, told, key=security)
    again = clerk.client.post(path, json=told, headers={"Idempotency-Key": security}).json()
    assert (again["id"], again["state"]) == (done["id"], "final")
    (word,) = _liens(clerk, security)[1]["legal_history"]
    assert clerk.said(word["record"])["body"]["fact"] == "lien-legal-status"
    assert _liens(clerk, security)[1]["legal_reference"] == "示例出质 0017"
    _each_word_on_it_stays(clerk, security, place, word["record"])

    part = {"security": security, "account": holder, "number": 1, "units": "20"}
    rests = clerk.documents("release-application")
    releasing = clerk.asked("pledge-release", **part, documents=rests)
    assert [(need["role"], need["any_of"]) for need in releasing["authorisations"]] == [
        ("register.checker", []),
        ("pledgee", [BANK.address]),
    ]
    assert clerk.decided(releasing)["state"] == "registered"
    assert _lots(clerk, security, holder) == [(40, (1,))]
    assert clerk.refused("freeze-release", **part, documents=clerk.documents(*COURT))["rule"] == "LIEN-01"

    clerk.world.pass_days(7)
    said = {"security": security, "number": 1, "giver": holder, "taker": buyer, "units": "40"}
    clerk.registered("pledge-enforce", **said, documents=clerk.documents("enforcement-agreement"))
    assert (clerk.held(security, holder), _lots(clerk, security, holder)) == (60, [])


def _each_word_on_it_stays(clerk: Clerk, security: str, path: str, first: str) -> None:
    """With its moment, document and teller; as of an earlier moment the law's word was another."""
    changed = {"status": "changed", "reference": "示例变更 0018", "at": "2030-12-02T09:30:00+08:00"}
    rests = clerk.documents("pledge-contract")
    assert clerk.entered(path, {**changed, "documents": rests})["state"] == "final"
    lien = _liens(clerk, security)[1]
    assert (lien["legal_status"], lien["legal_reference"]) == ("changed", "示例变更 0018")
    host = clerk.world.host.institution_id
    words = [(each["status"], each["at"], each["by"], each["record"]) for each in lien["legal_history"]]
    assert words == [
        ("registered", "2030-12-02T01:00:00.000Z", host, first),
        ("changed", "2030-12-02T01:30:00.000Z", host, lien["legal_history"][1]["record"]),
    ]
    assert [each["documents"] for each in lien["legal_history"]] == [[], rests]
    since = lien["registered_at"]
    then = clerk.client.get(f"/v1/register/securities/{security}/liens", params={"at": since}).json()["liens"]
    shown = [each["status"] for each in then[0]["legal_history"]]
    assert shown == [status for status, at, _, _ in words if at <= since]
    holder = {"kind": "pledge", "security": security}
    made = clerk.client.post("/v1/register/statements", json=holder).json()
    (stated,) = clerk.client.get(f"/v1/register/statements/{made['id']}").json()["liens"]
    assert stated["legal_history"] == lien["legal_history"]
    sheet = clerk.client.get(f"/v1/register/statements/{made['id']}/csv").text
    assert "2030-12-02T01:00:00.000Z registered 示例出质 0017; 2030-12-02T01:30:00.000Z changed 示例变更 0018" in sheet


def test_an_llcs_equity_is_enforced_only_when_the_others_do_not_buy(clerk: Clerk, holder: str) -> None:
    partner, outsider = clerk.investor(), clerk.investor()
    equity = clerk.security({holder: 60, partner: 40}, form=Form.LLC_EQUITY, cap=50, interval=0)
    clerk.registered("pledge", **_pledge(clerk, equity, holder, 20))
    clerk.registered("freeze", **_freeze(clerk, equity, holder, 40))
    sale = {"security": equity, "giver": holder, "taker": outsider, "units": "20"}
    agreed, court = clerk.documents("enforcement-agreement"), clerk.documents(*COURT)
    asked = clerk.refused("pledge-enforce", **sale, number=1, documents=agreed)
    assert (asked["rule"], asked["numbers"]["days"]) == ("TRF-01", 30)
    assert "第八十四条" in asked["source"]
    for act, number in (("pledge-enforce", 1), ("freeze-enforce", 2)):
        by_court = clerk.refused(act, **sale, number=number, documents=court)
        assert (by_court["rule"], by_court["numbers"]["days"]) == ("TRF-02", 20)
        assert "第八十五条" in by_court["source"]
    told = {"notified_on": str(clerk.world.clock.now().date() - timedelta(days=30))}
    late = clerk.refused("pledge-enforce", **sale, number=1, documents=agreed, pre_emption=told)
    assert (late["rule"], late["numbers"]["notified"]) == ("TRF-01", told["notified_on"]), "its last day is today"
    silent = clerk.refused("freeze-enforce", **sale, number=2, documents=court, pre_emption=told)
    assert (silent["rule"], "pre-emption-notice" in silent["detail"]) == ("DOC-01", True)
    evidenced = [*court, *clerk.documents("pre-emption-notice")]
    assert clerk.ask("freeze-enforce", **sale, number=2, documents=evidenced, pre_emption=told).status_code == 202
    among = {**sale, "taker": partner}
    assert clerk.ask("pledge-enforce", **among, number=1, documents=agreed).status_code == 202


def test_who_is_a_shareholder_no_more_when_it_is_signed_is_an_outsider(clerk: Clerk, holder: str) -> None:
    partner = clerk.investor()
    equity = clerk.security({holder: 60, partner: 40}, form=Form.LLC_EQUITY, cap=50, interval=0)
    asked = clerk.asked("transfer", **clerk.agreed(equity, holder, partner, 10))
    clerk.registered("transfer", **clerk.agreed(equity, partner, holder, 40))
    with pytest.raises(RuleRefused) as refused:
        clerk.sign(asked)
    assert refused.value.rule == "TRF-01"


def test_two_pledges_race_for_the_last_free_units(clerk: Clerk, security: str, holder: str) -> None:
    first, second = (clerk.asked("pledge", **_pledge(clerk, security, holder, 70)) for _ in range(2))
    assert (first["queue_position"], second["queue_position"]) == (0, 1)
    clerk.sign(second)
    clerk.sign(first)
    clerk.world.work(first["operation"], second["operation"])
    assert [clerk.get(each)["state"] for each in (first, second)] == ["registered", "refused"]
    refusal = clerk.get(second)["refusal"]
    assert refusal["error"] == "RegisterUnits"
    assert refusal["source"]
    assert _lots(clerk, security, holder) == [(70, (1,))]


def test_a_freeze_of_80_on_40_free_and_60_pledged(clerk: Clerk, security: str, holder: str, buyer: str) -> None:
    clerk.registered("pledge", **_pledge(clerk, security, holder, 60))
    clerk.world.pass_days(1)
    frozen = clerk.asked("freeze", **_freeze(clerk, security, holder, 80))
    assert [need["role"] for need in frozen["authorisations"]] == ["register.checker"]
    soon = (clerk.world.clock.now() + timedelta(days=1)).isoformat()
    early = clerk.ask("freeze", **_freeze(clerk, security, holder, 1, received_at=soon))
    assert (early.status_code, early.json()["field"]) == (422, "/received_at")
    clerk.decided(frozen)
    assert sorted(_lots(clerk, security, holder)) == [(20, (1,)), (40, (1, 2)), (40, (2,))]
    problem = clerk.refused("transfer", **clerk.agreed(security, holder, buyer, 1))
    assert problem["guard"] == "RegisterUnits"
    lien = _liens(clerk, security)[2]
    assert (lien["legal_status"], lien["legal_reference"]) == ("published", "(2030)示执17号")
    assert [each["record"] for each in lien["legal_history"]] == [frozen["record"]], "the act itself says so"
    assert lien["received_at"] is not None


def test_an_earlier_published_freeze_that_arrives_later_takes_its_rank_with_the_liaison(
    clerk: Clerk, security: str, holder: str
) -> None:
    clerk.registered("freeze", **_freeze(clerk, security, holder, 100, hours_ago=1))
    late = clerk.asked("freeze", **_freeze(clerk, security, holder, 100, hours_ago=5, case="(2030)示执16号"))
    assert [need["role"] for need in late["authorisations"]] == ["register.checker", "register.court-liaison"]
    clerk.decided(late)
    assert _lots(clerk, security, holder) == [(100, (2, 1))]
    released = {"security": security, "account": holder, "number": 2, "units": "100"}
    clerk.registered("freeze-release", **released, documents=clerk.documents(*COURT))
    assert _lots(clerk, security, holder) == [(100, (1,))], "the queued freeze is the first by itself"


def test_a_freeze_that_arrives_while_a_transfer_is_in_flight_marks_it(
    clerk: Clerk, security: str, holder: str, buyer: str
) -> None:
    sold = clerk.asked("transfer", **clerk.agreed(security, holder, buyer, 30))
    clerk.sign(sold)
    frozen = clerk.asked("freeze", **_freeze(clerk, security, holder, 70))
    assert frozen["queue_position"] == 1
    clerk.sign(frozen)
    clerk.world.work(sold["operation"], frozen["operation"])
    assert [clerk.get(each)["state"] for each in (sold, frozen)] == ["registered", "registered"]
    assert clerk.held(security, holder) == 70
    assert [clerk.get(each)["subject_to"] for each in (sold, frozen)] == [[1], []], "marked, not undone"
    listed = clerk.client.get("/v1/register/acts", params={"about": security}).json()["items"]
    assert {each["id"]: each["subject_to"] for each in listed}[sold["id"]] == [1]
    answer = clerk.client.get("/v1/register/alerts", params={"kind": "subject-to-freeze"}).json()
    mine = [each for each in answer["items"] if each["security"] == security]
    assert [(each["said"]["freeze"], each["said"]["taker"]) for each in mine] == [(1, buyer)]


def test_a_freeze_is_over_at_midnight_in_shanghai_and_swept_by_itself(
    clerk: Clerk, security: str, holder: str, buyer: str
) -> None:
    today = clerk.world.clock.now().date()
    clerk.registered("freeze", **_freeze(clerk, security, holder, 100, until=today.isoformat()))
    gift = clerk.agreed(security, holder, buyer, 10, reason="gift", documents=clerk.documents("gift-deed"))
    assert clerk.refused("transfer", **gift)["guard"] == "RegisterUnits"
    clerk.world.pass_days(1)
    given = clerk.asked("transfer", **gift)
    clerk.world.services.jobs.run("register.sweep")
    clerk.world.settle()
    assert _lots(clerk, security, holder) == []
    assert _liens(clerk, security)[1]["units"] == "0"
    assert clerk.decided(given)["state"] == "registered"


@pytest.mark.full
def test_a_pledged_transfer_takes_the_pledgees_signature(clerk: Clerk, security: str, holder: str, buyer: str) -> None:
    clerk.registered("pledge", **_pledge(clerk, security, holder, 100))
    clerk.world.pass_days(7)
    asked = clerk.asked("transfer-pledged", **clerk.agreed(security, holder, buyer, 50), number=1)
    assert [need["role"] for need in asked["authorisations"]] == ["register.checker", "pledgee"]
    clerk.decided(asked)
    assert (clerk.held(security, holder), _lots(clerk, security, holder)) == (50, [(50, (1,))])


def test_an_heir_gets_units_with_their_liens_and_may_be_the_201st(clerk: Clerk, buyer: str) -> None:
    dead = clerk.investor()
    security = clerk.security({dead: 100, buyer: 100}, cap=2)
    heir = clerk.investor()
    assert clerk.refused("transfer", **clerk.agreed(security, dead, heir, 10))["rule"] == "REM-04"
    clerk.registered("pledge", **_pledge(clerk, security, dead, 40))
    certificate = {"reason": "inheritance", "documents": clerk.documents("inheritance-certificate")}
    said = {"security": security, "giver": dead, "taker": heir, **certificate}
    clerk.registered("transfer-estate", **said, units="40", liens=[1])
    assert _lots(clerk, security, heir) == [(40, (1,))]
    alerts = clerk.client.get("/v1/register/alerts", params={"kind": "cap-exceeded"}).json()["items"]
    assert [(each["said"]["count"], each["said"]["cap"]) for each in alerts if each["security"] == security] == [(3, 2)]


@pytest.mark.full
def test_a_lock_ends_with_the_checker_and_an_officers_quarter_binds(
    clerk: Clerk, security: str, holder: str, buyer: str
) -> None:
    rests = clerk.documents("lock-document")
    said = {"security": security, "account": holder, "units": "40"}
    clerk.registered("lock", **said, documents=rests)
    clerk.registered("unlock", **said, number=1, documents=rests)
    declared = clerk.documents("officer-declaration")
    clerk.registered("officer", security=security, account=holder, serving=True, documents=declared)
    problem = clerk.refused("transfer", **clerk.agreed(security, holder, buyer, 26))
    assert (problem["rule"], problem["numbers"]["left"]) == ("REM-22", 25)
    clerk.registered("transfer", **clerk.agreed(security, holder, buyer, 25))


def test_a_batch_is_all_or_nothing_or_line_by_line(clerk: Clerk, security: str, holder: str, buyer: str) -> None:
    def deal(units: str) -> dict[str, str]:
        return {"giver": holder, "taker": buyer, "units": units, "payment": f"P-{units}"}

    rests = clerk.documents("transfer-agreement")
    whole = {"security": security, "documents": rests}
    assert clerk.refused("transfer-batch", **whole, deals=[deal("60"), deal("60")])["guard"] == "RegisterUnits"
    clerk.registered("transfer-batch", **whole, deals=[deal("10"), deal("20")])
    assert clerk.held(security, holder) == 70
    lines = [
        {"act": "transfer", "security": security, **deal(units), "documents": rests} for units in ("5", "900", "6")
    ]
    sent = [
        clerk.client.post("/v1/register/acts/batches", json={"acts": lines}, headers={"Idempotency-Key": security})
        for _ in range(2)
    ]
    first, again = (each.json() for each in sent)
    assert [bool(each["act"]) for each in first["lines"]] == [True, False, True]
    assert first["lines"][1]["problem"]["guard"] == "RegisterUnits"
    assert first["id"] == again["id"]
    assert [(each["act"] or {}).get("id") for each in first["lines"]] == [
        (each["act"] or {}).get("id") for each in again["lines"]
    ]
    for each in (first["lines"][0], first["lines"][2]):
        assert clerk.decided(each["act"])["batch"] == first["id"]
    assert clerk.held(security, holder) == 59


@pytest.mark.full
def test_bonus_and_cancellation(clerk: Clerk, security: str, holder: str, buyer: str) -> None:
    rests, action = clerk.documents("resolution"), random_id("cac")
    said = {"security": security, "action": action, "numerator": 1, "denominator": 10, "documents": rests}
    part = clerk.refused("bonus", **said, accounts=[holder])
    assert (part["rule"], part["numbers"]) == ("COR-01", {"named": 1, "holders": 2})
    newcomer = clerk.investor()
    waiting = clerk.asked("bonus", **{**said, "action": random_id("cac")})
    clerk.registered("transfer", **clerk.agreed(security, buyer, newcomer, 100))
    with pytest.raises(RuleRefused, match="2 holders of 3"):
        clerk.sign(waiting)
    clerk.registered("bonus", **said)
    assert (clerk.held(security, holder), clerk.held(security, buyer)) == (110, 990)
    assert clerk.held(security, newcomer) == 110
    assert clerk.refused("bonus", **said)["guard"] == "RegisterOrder"
    entries = [{"account": holder, "units": "10"}]
    clerk.registered("cancel", security=security, entries=entries, documents=rests)
    assert clerk.held(security, holder) == 100
    clerk.registered("freeze", **_freeze(clerk, security, holder, 1))
    unheard = clerk.refused("cancel", security=security, entries=entries, documents=rests)
    assert (unheard["rule"], unheard["numbers"]["freezes"]) == ("FRZ-07", 1)
    assert "第八条" in unheard["source"]
    heard = [*rests, *clerk.documents("court-report")]
    assert clerk.ask("cancel", security=security, entries=entries, documents=heard).status_code == 202
