"""A company's further class of shares: opened, listed, confirmed, taken into custody, suspended, out again."""

from typing import Any

from services.platform.ids import random_id
from tests.integration.register.office import SHARE, Office
from tests.unit.services.register.imports.sheets import person

NEEDED = ("resolution", "capital-verification")


def has_a_further_class(office: Office, company: Any) -> None:
    """Of 200 units, of which 150 are confirmed: the market asks for eight tenths of them."""
    place, security = f"companies/{company['id']}/securities", random_id("sec")
    said = {"security": security, "units": "200", "documents": office.documents(*NEEDED)}
    assert office.post(place, said, 422)["field"] == "security", "not opened yet"
    office.registered("open-security", security=security, issuer=company["id"], terms=SHARE)
    assert office.post(place, {**said, "documents": []}, 409)["missing"] == [*NEEDED]
    made = office.post(place, said, 201)
    assert (made["phase"], made["issued"], made["steps"]) == ("confirming", "0", ["register", "withdraw"])
    assert office.post(place, said, 409)["type"].endswith(":security-taken-up")
    assert office.ask("admit", security=security, capital="200").json()["type"].endswith(":custody-step")
    refused = office.post(f"{place}/{security}/steps", {"step": "register"}, 409)
    assert (refused["rule"], refused["numbers"]) == ("CUS-08", {"entered": "0", "units": "200"})

    rows = [person(1, 150, 200), person(2, 50, 200, confirmed="未确权")]
    assert office.check(company, [person(1, 1_000)], security=security)["state"] == "refused", "not the capital's sum"
    listed = office.check(company, rows, security=security)
    assert (listed["state"], listed["security"]) == ("checked", security)
    office.post(f"imports/{listed['id']}/execution", office.execution(security), 202)
    assert office.carry_out(listed)["state"] == "done"
    refused = office.post(f"{place}/{security}/steps", {"step": "register"}, 409)
    assert (refused["rule"], refused["numbers"]["confirmed"]) == ("CUS-03", "150")
    held = office.seen(f"securities/{security}/holders")["items"]
    mine = next(each["account"] for each in held if not each["confirmed"])
    office.registered("confirm", security=security, accounts=[mine])
    assert office.post(f"{place}/{security}/steps", {"step": "register"}, 202)["phase"] == "registered"

    _step(office, place, security, "admit", "capital-verification")
    assert office.seen(place)["items"][0]["phase"] == "custodied"
    before = {each["id"] for each in office.seen("acts")["items"]}
    office.step(company, "suspend", "resolution")
    asked = [each for each in office.seen("acts")["items"] if each["id"] not in before]
    assert {each["about"] for each in asked} == {security, company["security"]}, "all that the company has in custody"
    for each in asked:
        assert office.decided(each)["state"] == "registered"
    assert office.seen(place)["items"][0]["phase"] == office.seen(f"companies/{company['id']}")["phase"] == "suspended"
    office.step(company, "deregister", "exit-application", "resolution")
    leaving = {"step": "exit", "documents": office.documents("resolution", "register-handover")}
    refused = office.post(f"companies/{company['id']}/steps", leaving, 409)
    assert (refused["rule"], refused["numbers"]) == ("CUS-09", {"securities": 1})
    office.step(company, "keep")
    _step(office, place, security, "exit", "resolution", "register-handover")
    assert office.seen(place)["items"][0]["phase"] == "exited"


def _step(office: Office, place: str, security: str, step: str, *codes: str) -> None:
    said = {"step": step, "documents": office.documents(*codes)}
    asked = office.post(f"{place}/{security}/steps", said, 202)
    act = next(each for each in office.seen("acts")["items"] if each["operation"] == asked["operation"])
    assert office.decided(act)["state"] == "registered"
