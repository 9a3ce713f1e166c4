"""Acts of the register from request to outcome, through the API, on a real chain."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.platform.errors import Forbidden, NotFound, RuleRefused
from services.platform.ids import bytes16
from services.register.acts import repository as acts
from services.register.acts.said import Document
from services.register.acts.transfers import Transfer
from services.register.book import repository as book
from services.register.companies.models import CompanyRow
from services.register.names import CONTRACT
from services.register.rules.values import Form, Kind, State
from services.transactions.views import ChainEvent
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, LIAISON, FoundedBusiness
from tests.integration.register.clerk import Clerk
from tests.integration.register.world import open_market

OWN = "91440300MA5EXAMPL1"
TERMS = {
    "form": "share", "kinds": ["person", "company"], "cap": 200, "basis": "REM-04", "interval": 5,
    "subscription_counts": False,
}  # fmt: skip


@pytest.fixture(scope="module")
def clerk(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Clerk]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("acts")) as world:
        yield Clerk(world, world.client())


@pytest.fixture(scope="module")
def holder(clerk: Clerk) -> str:
    return clerk.investor()


@pytest.fixture(scope="module")
def other(clerk: Clerk) -> str:
    return clerk.investor()


@pytest.fixture(scope="module")
def security(clerk: Clerk, holder: str, other: str) -> str:
    return clerk.security({holder: 1_000, other: 500})


def test_a_transfer_is_asked_for_signed_and_registered(clerk: Clerk, security: str, holder: str, other: str) -> None:
    taker = clerk.investor(Kind.COMPANY)
    asked = clerk.asked("transfer", **clerk.agreed(security, holder, taker, 40))
    assert (asked["state"], asked["queue_position"]) == ("requested", 0)
    assert asked["operation_state"] == "needs_authorisation"
    assert [(need["role"], need["signer"]) for need in asked["authorisations"]] == [("register.checker", None)]
    done = clerk.decided(asked)
    assert (done["state"], done["queue_position"], done["refusal"]) == ("registered", None, None)
    assert done["authorisations"][0]["signer"] == CHECKER.address
    assert clerk.held(security, taker) == 40
    outcome = clerk.said(done["outcome_record"])
    assert outcome["type"] == "register.act"
    assert outcome["body"]["transaction"] == done["transaction"]
    back = clerk.refused("transfer", **clerk.agreed(security, taker, holder, 40))
    assert (back["rule"], back["numbers"]["elapsed"], back["numbers"]["interval"]) == ("REM-10", 0, 5)
    assert back["source"]
    asked_for = clerk.said(done["record"])["body"]
    assert (asked_for["units"], asked_for["payment"]) == ("40", "P-1")
    assert [each["code"] for each in asked_for["documents"]] == ["transfer-agreement"]


def test_a_second_transaction_of_the_same_leaf_changes_nothing(
    clerk: Clerk, security: str, holder: str, other: str
) -> None:
    done = clerk.registered("transfer", **clerk.agreed(security, holder, other, 1))
    services = clerk.world.services
    with services.database.read() as session:
        row = acts.act(session, done["id"])
    assert row is not None
    at = {"block_number": done["block"] + 1, "block_hash": "0x" + "01" * 32, "block_time": 0, "transaction_index": 0}
    again = ChainEvent(row.chain, CONTRACT, "Transferred", {}, tx_hash="0x" + "02" * 32, log_index_in_block=0, **at)
    outcomes = services.register.acts.outcomes
    unit = services.evidence.sequencer.submit(lambda group: outcomes.registered(group, row.leaf_hash, again))
    assert unit.result() is None
    assert clerk.get(done) == done


@pytest.mark.parametrize(
    ("change", "rule", "guard"),
    [
        ({"units": "999999"}, "REG-06", "RegisterUnits"),
        ({"payment": ""}, "TRF-03", "ServicePayment"),
        ({"documents": []}, "DOC-01", "ServiceDocument"),
        ({"reason": "judicial"}, "DOC-01", "ServiceDocument"),
        ({"taker": "acc_" + "9" * 32}, "REG-04", "RegisterInvestorUnknown"),
    ],
)
def test_a_rule_says_no_before_anything_is_done(
    clerk: Clerk, security: str, holder: str, other: str, change: dict[str, Any], rule: str, guard: str
) -> None:
    before = clerk.client.get("/v1/register/acts").json()
    problem = clerk.refused("transfer", **{**clerk.agreed(security, holder, other, 1), **change})
    assert (problem["rule"], problem["guard"]) == (rule, guard)
    assert problem["source"]
    assert problem["detail_zh"]
    assert clerk.client.get("/v1/register/acts").json() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"units": "1.5"}, "/units"),
        ({"units": "0"}, "/units"),
        ({"security": "sec_1"}, "/security"),
        ({"giver": "sec_" + "1" * 32}, "/giver"),
        ({"reason": "sold"}, "/reason"),
        ({"documents": [{"code": "transfer-agreement", "record": "rec_" + "0" * 32}]}, "/documents/0/record"),
    ],
)
def test_a_wrong_field_is_named(
    clerk: Clerk, security: str, holder: str, other: str, change: dict[str, Any], field: str
) -> None:
    answer = clerk.ask("transfer", **{**clerk.agreed(security, holder, other, 1), **change})
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_unknown_act_and_a_foreign_member_are_refused(clerk: Clerk, security: str) -> None:
    assert clerk.ask("seize", security=security).status_code == 422
    assert clerk.ask("recount", security=security, account="acc_" + "1" * 32, approved=True).status_code == 422


def test_one_key_makes_one_act(clerk: Clerk, security: str, holder: str, other: str) -> None:
    said = clerk.agreed(security, holder, other, 3)
    first, again = (clerk.ask("transfer", key="once-3", **said).json() for _ in range(2))
    assert first["id"] == again["id"]
    changed = clerk.ask("transfer", key="once-3", **{**said, "units": "4"})
    assert changed.json()["type"].endswith("idempotency-key-reused")
    assert clerk.client.post(f"/v1/operations/{first['operation']}/cancellation").status_code == 200
    cancelled = clerk.get(first)
    assert (cancelled["state"], cancelled["refusal"]["error"]) == ("refused", "Cancelled")


@pytest.mark.full
def test_the_chain_refuses_what_changed_while_signatures_were_awaited(clerk: Clerk, other: str) -> None:
    poor = clerk.investor()
    security = clerk.security({poor: 10, other: 10})
    first = clerk.asked("transfer", **clerk.agreed(security, poor, other, 8))
    second = clerk.asked("transfer", **clerk.agreed(security, poor, other, 8))
    assert (first["queue_position"], second["queue_position"]) == (0, 1)
    clerk.sign(second)
    clerk.sign(first)
    clerk.world.work(first["operation"], second["operation"])
    assert [clerk.get(each)["state"] for each in (first, second)] == ["registered", "refused"]
    refusal = clerk.get(second)["refusal"]
    assert (refusal["error"], refusal["rule"]) == ("RegisterUnits", "REG-06")
    assert (refusal["args"]["wanted"], refusal["args"]["free"]) == (8, 2)


@pytest.mark.full
def test_what_ended_while_it_was_signed_the_chain_refuses_itself(clerk: Clerk) -> None:
    poor, taker, act = clerk.investor(), clerk.investor(), clerk.world.acting.act
    security = clerk.security({poor: 10})
    unsuitable, suspended = (clerk.asked("transfer", **clerk.agreed(security, poor, taker, 1)) for _ in range(2))
    act("SetSuitability", {"investor": bytes16(taker), "until": clerk.world.acting.today() - 1}, CHECKER)
    assert clerk.decided(unsuitable)["refusal"]["rule"] == "REM-06"
    act("SetSecurityState", {"security": bytes16(security), "state": State.SUSPENDED}, CHECKER)
    refused = clerk.decided(suspended)["refusal"]
    assert (refused["error"], refused["rule"]) == ("RegisterState", "REG-05")
    assert "suspended" in refused["detail"]
    reason = clerk.world.house.operation(suspended["operation"]).reason
    assert (reason or {})["stage"] == "simulation", "it was never sent"


def test_what_is_signed_already_counts_before_it_is_mined(clerk: Clerk, other: str) -> None:
    poor = clerk.investor()
    security = clerk.security({poor: 10, other: 10})
    first = clerk.asked("transfer", **clerk.agreed(security, poor, other, 8))
    clerk.sign(first)
    problem = clerk.refused("transfer", **clerk.agreed(security, poor, other, 8))
    assert problem["numbers"] == {"wanted": 8, "free": 2}
    clerk.world.work(first["operation"])


def test_an_account_opened_a_moment_ago_may_receive_at_once(clerk: Clerk, security: str, other: str) -> None:
    account = "acc_" + "7" * 32
    opening = clerk.asked("open-investor", account=account, kind="person", suitable_until="2031-12-31")
    clerk.sign(opening)
    gift = clerk.agreed(security, other, account, 5, reason="gift", documents=clerk.documents("gift-deed"))
    given = clerk.asked("transfer", **gift)
    clerk.sign(given)
    clerk.world.work(opening["operation"], given["operation"])
    assert [clerk.get(each)["state"] for each in (opening, given)] == ["registered", "registered"]


def test_who_must_sign_depends_on_the_act(clerk: Clerk, security: str, holder: str, other: str) -> None:
    def roles(act: str, **said: Any) -> list[str]:
        asked = clerk.asked(act, **said)
        clerk.client.post(f"/v1/operations/{asked['operation']}/cancellation")
        return [need["role"] for need in asked["authorisations"]]

    court = clerk.agreed(security, holder, other, 1, reason="judicial")
    court["documents"] = clerk.documents("court-ruling", "assistance-notice")
    assert roles("transfer", **court) == ["register.checker", "register.court-liaison"]
    assert roles("addend", account=holder, addend=2) == []
    terms = {**TERMS, "cap": 150}
    resolution = clerk.documents("resolution")
    changed = roles("change-terms", security=security, terms=terms, documents=resolution)
    assert changed == ["register.checker", "register.regulator"]


@pytest.mark.full
def test_an_llcs_equity_waits_for_those_who_may_buy_first(clerk: Clerk, holder: str, other: str) -> None:
    equity = clerk.security({holder: 60, other: 40}, form=Form.LLC_EQUITY, cap=50, interval=0)
    outsider = clerk.investor()
    said = clerk.agreed(equity, holder, outsider, 10)
    assert clerk.refused("transfer", **said)["rule"] == "TRF-01"
    told = {"notified_on": "2030-12-02"}
    problem = clerk.refused("transfer", **said, pre_emption=told)
    assert problem["numbers"] == {"days": 30, "notified": "2030-12-02", "until": "2031-01-01"}
    court = {**said, "reason": "judicial", "documents": clerk.documents("court-ruling", "assistance-notice")}
    assert clerk.refused("transfer", **court, pre_emption=told)["rule"] == "TRF-02"
    said["documents"] = clerk.documents("transfer-agreement", "pre-emption-waiver")
    clerk.registered("transfer", **said, pre_emption={"waived": True})
    clerk.registered("transfer", **clerk.agreed(equity, holder, other, 10))


def test_a_security_from_its_opening_to_its_custody(clerk: Clerk, holder: str, other: str) -> None:
    security, issuer = "sec_" + "5" * 32, "cmp_" + "5" * 32
    opening = {"security": security, "issuer": issuer, "terms": TERMS}
    unknown = clerk.refused("open-security", **opening)
    assert (unknown["rule"], unknown["guard"], unknown["numbers"]) == ("CUS-07", "ServiceIssuer", {"issuer": issuer})
    assert unknown["source"]
    _enter(clerk, issuer, "SZX000018", "applied")
    assert clerk.refused("open-security", **opening)["numbers"] == {"issuer": issuer, "phase": "applied"}
    _is_now(clerk, issuer, state="confirming")
    elsewhere = clerk.refused("open-security", **opening, issuer_region=440100)
    assert elsewhere["numbers"] == {"issuer": issuer, "region": 440300, "said": 440100}
    clerk.registered("open-security", **opening)
    entries = [{"account": account, "units": units} for account, units in ((holder, "30"), (other, "20"))]
    clerk.registered("issue", security=security, entries=entries)
    clerk.registered("confirm", security=security, accounts=[holder], confirmed=False)
    _is_now(clerk, issuer, state="registered", security_id=security, capital="60")
    rests = clerk.documents("capital-verification")
    assert _step(clerk, issuer, "admit", rests).json()["rule"] == "REM-14"
    _is_now(clerk, issuer, capital="50")
    _done(clerk, _step(clerk, issuer, "admit", rests))
    assert clerk.refused("transfer", **clerk.agreed(security, holder, other, 1))["guard"] == "RegisterUnconfirmed"
    confirmed = clerk.documents("confirmation")
    clerk.registered("confirm", security=security, accounts=[holder], documents=confirmed)
    assert clerk.refused("issue", security=security, entries=entries)["rule"] == "DOC-01"
    _done(clerk, _step(clerk, issuer, "suspend", clerk.documents("resolution")))
    assert clerk.refused("transfer", **clerk.agreed(security, holder, other, 1))["guard"] == "RegisterState"


def test_acts_are_listed_and_read_by_the_register_door(clerk: Clerk, security: str) -> None:
    page = clerk.client.get("/v1/register/acts", params={"about": security, "limit": 2}).json()
    rest = clerk.client.get("/v1/register/acts", params={"about": security, "cursor": page["next"]}).json()
    names = [each["act"] for each in (*page["items"], *rest["items"])]
    assert len(page["items"]) == 2
    assert set(names) <= {"transfer", "change-terms"}
    assert clerk.client.get("/v1/register/acts/act_" + "0" * 32).status_code == 404


def test_others_neither_ask_nor_read(clerk: Clerk, security: str, holder: str, other: str) -> None:
    stranger = clerk.world.admit("另一运营机构(测试)", kind="operator", key=LIAISON)
    desk, said = clerk.world.services.register.acts.desk, clerk.agreed(security, holder, other, 1)
    said["documents"] = tuple(Document(**each) for each in said["documents"])
    with pytest.raises((Forbidden, NotFound)):
        desk.request(stranger, Transfer(**said), once=None)
    with pytest.raises((Forbidden, NotFound)):
        desk.list(stranger)


def test_what_the_company_is_known_for_is_looked_at(clerk: Clerk, holder: str, other: str) -> None:
    security = clerk.security({holder: 60, other: 40})
    with clerk.world.services.database.read() as session:
        row = book.security(session, clerk.world.services.register.parts.chain, security)
    assert row is not None
    _enter(clerk, row.issuer_id, "SZX000017", "registered", usci=OWN)
    assert clerk.ask("set-state", security=security, state="exited").json()["type"].endswith("custody-step")
    pledgee = {"address": CHECKER.address, "name": "示例股份有限公司", "company": OWN}
    said = {"security": security, "account": holder, "units": "1", "pledgee": pledgee}
    rests = clerk.documents("joint-application", "pledge-contract")
    assert clerk.refused("pledge", **said, documents=rests)["rule"] == "PLG-05"


def test_a_waiver_that_no_document_shows_serves_nobody_who_becomes_an_outsider(clerk: Clerk, holder: str) -> None:
    partner = clerk.investor()
    equity = clerk.security({holder: 60, partner: 40}, form=Form.LLC_EQUITY, cap=50, interval=0)
    asked = clerk.asked("transfer", **clerk.agreed(equity, holder, partner, 10, pre_emption={"waived": True}))
    clerk.registered("transfer", **clerk.agreed(equity, partner, holder, 40))
    with pytest.raises(RuleRefused, match="pre-emption-waiver"):
        clerk.sign(asked)


def _enter(clerk: Clerk, company: str, code: str, state: str, *, usci: str = "") -> None:
    """A company of the operator's, in this state."""
    row = CompanyRow(id=company, owner_id=clerk.world.host.institution_id, code=code, number=code, capital="100")
    row.name, row.usci, row.region, row.form, row.state = "示例股份有限公司", usci or code, 440300, "jsc", state
    row.count = row.created_at = row.updated_at = 0
    with clerk.world.services.database.write() as session:
        clerk.world.services.lease.check(session)
        session.add(row)


def _is_now(clerk: Clerk, company: str, **changes: str) -> None:
    with clerk.world.services.database.write() as session:
        clerk.world.services.lease.check(session)
        row = session.get(CompanyRow, company)
        for name, value in changes.items():
            setattr(row, name, value)


def _step(clerk: Clerk, company: str, step: str, rests_on: list[dict[str, str]]) -> Any:
    said = {"step": step, "documents": rests_on}
    return clerk.client.post(f"/v1/register/companies/{company}/steps", json=said)


def _done(clerk: Clerk, answer: Any) -> None:
    """The step's act is signed and registered."""
    assert answer.status_code == 202, answer.text
    listed = clerk.client.get("/v1/register/acts").json()["items"]
    act = next(each for each in listed if each["operation"] == answer.json()["operation"])
    assert clerk.decided(act)["state"] == "registered"
