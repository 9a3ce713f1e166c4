"""What ends in the service waits for a second person's key, too: in a checked market a maker alone changes nothing."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from chain.party.describe import describe
from chain.party.eip712 import recover, sign_typed_data
from chain.proof.hashing import keccak256
from services.platform.errors import Forbidden
from services.transactions import local
from services.transactions.models import AuthorisationRow, OperationRow
from services.transactions.needs import Need, stored
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, FOREVER, INSTITUTION, FoundedBusiness
from tests.integration.register.office import Office
from tests.integration.register.world import MarketWorld, open_market
from tests.integration.services.transactions.rig import GATEWAY, REGION, REGIONAL, key_of
from tests.unit.services.register.imports.sheets import resident

pytestmark = pytest.mark.one_database
BANK = key_of("复核银行")
_NEW = count(501)
"""No company or person twice: these fixtures may end before their world does."""


@pytest.fixture(scope="module")
def office(booked: MarketWorld, client: TestClient) -> Office:
    made = Office(booked, client)
    made.pledgees[BANK.address] = BANK
    return made


@pytest.fixture(scope="module")
def company(office: Office) -> Any:
    return office.apply(next(_NEW), 1_000)


@pytest.fixture(scope="module")
def account(office: Office) -> str:
    who = {"name": "复核测试人", "document": "resident-id", "number": resident(next(_NEW))}
    opened = office.post("accounts", {"kind": "person", "identity": who}, 202)
    act = next(one for one in office.seen("acts")["items"] if one["operation"] == opened["operation"])
    office.decided(act)
    return str(opened["id"])


def _asked(office: Office, path: str, said: dict[str, Any], look: str) -> Any:
    """Waits for the checker; what ``look`` shows is what it was, and the maker's own key helps nobody."""
    before = office.seen(look)
    answer = office.client.post(f"/v1/register/{path}", json=said)
    made = answer.json()
    assert (answer.status_code, made.get("state")) == (202, "needs_authorisation"), answer.text
    assert [each["role"] for each in made["authorisations"]] == ["register.checker"]
    assert answer.headers["Location"] == f"/v1/operations/{made['id']}"
    office.world.services.jobs.run("register.checked")
    assert office.seen(look) == before, "the maker alone changes nothing"
    with pytest.raises(Forbidden):
        office.world.house.sign(office.world.host, office.world.house.operation(made["id"]), GATEWAY)
    return made


def _changed(office: Office, path: str, said: dict[str, Any], look: str) -> None:
    before = office.seen(look)
    assert office.checked(_asked(office, path, said, look))["state"] == "final"
    assert office.seen(look) != before


def _of_account(office: Office, account: str, what: str, said: dict[str, Any]) -> None:
    _changed(office, f"accounts/{account}/{what}", said, f"accounts/{account}")


def test_an_account_its_code_its_state_and_its_end(office: Office, account: str) -> None:
    _of_account(office, account, "investor-code", {})
    _of_account(office, account, "state", {"state": "frozen", "reason": "协查"})
    _of_account(office, account, "state", {"state": "normal", "reason": "解除"})
    _of_account(office, account, "state", {"state": "closed", "reason": "销户"})
    _of_account(office, account, "state", {"state": "normal", "reason": "重开"})


def test_the_law_s_word_on_a_lien(office: Office) -> None:
    holder = office.investor()
    security = office.security({holder: 100})
    pledge = {"security": security, "account": holder, "units": "10"}
    pledgee = {"address": BANK.address, "name": "复核银行"}
    rests = office.documents("joint-application", "pledge-contract")
    office.registered("pledge", **pledge, pledgee=pledgee, documents=rests)
    told = {"status": "registered", "reference": "示例出质 51", "at": "2030-12-02T09:00:00+08:00"}
    _changed(office, f"securities/{security}/liens/1/legal-status", told, f"securities/{security}/liens")


def test_a_dividend_is_resolved_by_two(office: Office) -> None:
    security = office.security({office.investor(): 100})
    day = office.world.clock.now().date() + timedelta(days=9)
    said = {"security": security, "amount": "0.1", "record_date": str(day)}
    said["documents"] = office.documents("resolution")  # type: ignore[assignment]
    _changed(office, "dividends", said, f"dividends?security={security}")


def test_a_company_s_steps_layer_articles_and_institution(office: Office, company: Any) -> None:
    path = f"companies/{company['id']}"
    _changed(office, f"{path}/steps", {"step": "take-up"}, path)
    _changed(office, f"{path}/layer", {"layer": "T"}, path)
    articles = {"pre_emption": 20, "documents": office.documents("articles")}
    _changed(office, f"{path}/articles", articles, path)
    _changed(office, f"{path}/institution", {"issuer": office.world.host.institution_id}, path)
    _changed(office, f"{path}/steps", {"step": "withdraw"}, path)


def test_a_checker_reads_what_it_is_and_the_fact_says_who_checked(office: Office, account: str) -> None:
    frozen = {"state": "frozen", "reason": "协查函 17"}
    asked = _asked(office, f"accounts/{account}/state", frozen, f"accounts/{account}")
    shown = "\n".join(describe(asked["typed_data"]))
    assert "复核登记事实" in shown
    assert "账户状态变更" in shown
    assert account in shown
    body = office.client.get(f"/v1/operations/{asked['id']}").json()["command"]["document"]["body"]
    assert body["said"]["change"] == {"to": "frozen", "reason": "协查函 17", "documents": []}
    assert office.checked(asked)["state"] == "final"
    event = office.seen(f"accounts/{account}/identity")["events"][-1]
    checked = office.said(event["record"])["body"]["checked"]
    assert recover(asked["typed_data"], bytes.fromhex(checked["signature"][2:])) == checked["signer"] == CHECKER.address
    assert (checked["request"], checked["operation"]) == (asked["typed_data"]["message"]["leaf"], asked["id"])


def test_what_cannot_be_done_any_more_ends_with_its_reason(office: Office, account: str) -> None:
    path, look = f"accounts/{account}/state", f"accounts/{account}"
    to = "normal" if office.seen(look)["state"] == "frozen" else "frozen"
    first, second, third, fourth = (_asked(office, path, {"state": to, "reason": "x"}, look) for _ in range(4))
    assert office.checked(first)["state"] == "final"
    events = office.seen(f"{look}/identity")["events"]
    refused = office.checked(second)
    assert (refused["state"], refused["reason"]["stage"]) == ("refused", "service"), refused
    assert refused["reason"]["args"]["detail"]
    office.client.post(f"/v1/operations/{third['id']}/cancellation")
    assert office.client.get(f"/v1/operations/{third['id']}").json()["state"] == "cancelled"
    services = office.world.services
    with services.database.write() as session:  # so that nobody else's days pass
        services.lease.check(session)
        session.execute(update(OperationRow).where(OperationRow.id == fourth["id"]).values(deadline=1))
    office.world.step()
    assert office.client.get(f"/v1/operations/{fourth['id']}").json()["state"] == "expired"
    assert office.seen(f"{look}/identity")["events"] == events, "nothing half-done"
    ended = [one for one in _facts(office, account) if one["fact"] == "check-ended"]
    assert [one["state"] for one in ended] == ["refused", "cancelled", "expired"]


def _facts(office: Office, about: str) -> list[Any]:
    records = office.client.get("/v1/records?limit=500").json()["items"]
    found = [office.said(one["id"]) for one in records if one["type"] == "register.fact"]
    return [one["body"] for one in found if one["subject"] == about]


def test_it_is_done_once_however_it_is_interrupted(
    office: Office, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    look, services = f"accounts/{account}", office.world.services
    to = "normal" if office.seen(look)["state"] == "frozen" else "frozen"
    asked = _asked(office, f"{look}/state", {"state": to, "reason": "x"}, look)
    before, events = office.seen(look), len(office.seen(f"{look}/identity")["events"])
    signature = {"signer": CHECKER.address, "signature": "0x" + sign_typed_data(asked["typed_data"], CHECKER).hex()}
    for _ in range(2):
        answer = office.client.post(f"/v1/operations/{asked['id']}/authorisations", json=signature)
        assert (answer.status_code, answer.json()["state"]) == (202, "queued"), "signed twice"

    def dies(*_arguments: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(local, "finish", dies)
        with pytest.raises(RuntimeError):
            services.jobs.run("register.checked")
    assert office.seen(look) == before, "a unit is whole or not at all"
    for _ in range(2):
        services.jobs.run("register.checked")
    assert office.seen(look)["state"] != before["state"]
    assert len(office.seen(f"{look}/identity")["events"]) == events + 1
    again = office.client.post(f"/v1/operations/{asked['id']}/authorisations", json=signature)
    assert (again.status_code, again.json()["state"]) == (202, "final")


def test_neither_the_operator_s_key_as_a_checker_nor_a_row_will_do(office: Office, account: str) -> None:
    """Who sends the market's acts checks none of them, whatever it is granted; and what a row says is verified."""
    role = {"account": GATEWAY.address, "role": keccak256(b"register.checker"), "region": REGION}
    office.world.acting.act("GrantRole", {"institution": INSTITUTION, **role, "expiresAt": FOREVER}, REGIONAL)
    look, services = f"accounts/{account}", office.world.services
    to = "normal" if office.seen(look)["state"] == "frozen" else "frozen"
    asked = _asked(office, f"{look}/state", {"state": to, "reason": "x"}, look)
    office.world.acting.act("RevokeRole", role, REGIONAL)
    before = office.seen(look)
    office.world.house.sign(office.world.host, office.world.house.operation(asked["id"]), CHECKER)
    with services.database.write() as session:
        services.lease.check(session)
        forged = sign_typed_data(asked["typed_data"], GATEWAY)
        mine = AuthorisationRow.operation_id == asked["id"]
        session.execute(update(AuthorisationRow).where(mine).values(signature=forged))
    services.jobs.run("register.checked")
    assert office.client.get(f"/v1/operations/{asked['id']}").json()["state"] == "refused"
    assert office.seen(look) == before


def test_a_row_that_names_another_signer_is_not_believed(office: Office, account: str) -> None:
    look, services = f"accounts/{account}", office.world.services
    to = "normal" if office.seen(look)["state"] == "frozen" else "frozen"
    asked = _asked(office, f"{look}/state", {"state": to, "reason": "x"}, look)
    before, anybody = office.seen(look), stored([Need("register.checker", (BANK.address,), REGION)])
    with services.database.write() as session:
        services.lease.check(session)
        session.execute(update(OperationRow).where(OperationRow.id == asked["id"]).values(needs=anybody))
    office.world.house.sign(office.world.host, office.world.house.operation(asked["id"]), BANK)
    services.jobs.run("register.checked")
    assert office.client.get(f"/v1/operations/{asked['id']}").json()["state"] == "refused"
    assert office.seen(look) == before


def test_a_signature_for_another_register_does_nothing_in_this_one(office: Office, account: str) -> None:
    """The same checker may sign for several markets, or for a register that this one replaced."""
    look, services = f"accounts/{account}", office.world.services
    to = "normal" if office.seen(look)["state"] == "frozen" else "frozen"
    asked = _asked(office, f"{look}/state", {"state": to, "reason": "x"}, look)
    before, elsewhere = office.seen(look), asked["typed_data"]
    elsewhere["domain"]["verifyingContract"] = BANK.address
    with services.database.write() as session:
        services.lease.check(session)
        session.execute(update(OperationRow).where(OperationRow.id == asked["id"]).values(typed_data=elsewhere))
    office.world.house.sign(office.world.host, office.world.house.operation(asked["id"]), CHECKER)
    services.jobs.run("register.checked")
    assert office.client.get(f"/v1/operations/{asked['id']}").json()["state"] == "refused"
    assert office.seen(look) == before


def test_one_that_breaks_holds_no_other_up(office: Office, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    look, services = f"accounts/{account}", office.world.services
    to = "normal" if office.seen(look)["state"] == "frozen" else "frozen"
    first, second = (_asked(office, f"{look}/state", {"state": to, "reason": "x"}, look) for _ in range(2))
    before, take = office.seen(look), local.take
    for each in (first, second):
        office.world.house.sign(office.world.host, office.world.house.operation(each["id"]), CHECKER)

    def breaks(session: Any, operation_id: str) -> Any:
        if operation_id == first["id"]:
            raise RuntimeError
        return take(session, operation_id)

    with monkeypatch.context() as patch:
        patch.setattr(local, "take", breaks)
        with pytest.raises(RuntimeError):
            services.jobs.run("register.checked")
    assert office.client.get(f"/v1/operations/{second['id']}").json()["state"] == "final"
    assert office.seen(look) != before
    services.jobs.run("register.checked")
    assert office.client.get(f"/v1/operations/{first['id']}").json()["state"] == "refused"


@pytest.fixture
def unchecked(
    founded: Founded, founded_unchecked: FoundedBusiness, sqlite_template: Path, tmp_path: Path
) -> Iterator[Office]:
    with open_market(founded, founded_unchecked, sqlite_template, tmp_path) as world:
        yield Office(world, world.client())


def test_where_nobody_checks_it_is_done_at_once(unchecked: Office) -> None:
    company = unchecked.apply(502, 1_000)
    said = {"step": "take-up", "documents": []}
    answer = unchecked.client.post(f"/v1/register/companies/{company['id']}/steps", json=said).json()
    assert answer["phase"] == "verifying"
    layer = unchecked.client.post(f"/v1/register/companies/{company['id']}/layer", json={"layer": "T"})
    assert (layer.status_code, layer.json()["layer"]) == (200, "T")
