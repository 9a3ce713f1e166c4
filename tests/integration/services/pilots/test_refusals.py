"""What is refused, to whom, and under which rule: by the service, and by the chain when somebody goes around it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from chain.party.eip712 import sign_typed_data
from tests.integration.services.pilots.application import SETTINGS, add_materials, form
from tests.integration.services.pilots.region import GUANGZHOU, Party, Region
from tests.integration.services.pilots.test_shenzhen import drafted, refused

pytestmark = pytest.mark.parametrize("region", ["postgresql"], indirect=True, scope="module")


@pytest.fixture(scope="module")
def submitted(region: Region) -> str:
    """A project that has been submitted; nobody moves it on."""
    project = drafted(region)
    region.step(region["lead"], project, "submit", key=region["lead"].authority)
    return project


def test_a_rulebook_is_not_put_in_force_while_a_setting_is_open(region: Region) -> None:
    open_settings = SETTINGS.replace("  report_interval_months: 3\n", "")
    body = {"version": "SZ-2023.11", "settings": {"name": "sz.yaml", "document": open_settings}, "log": region.log}
    problem = refused(region["group"].client.post("/v1/pilots/rulebooks", json=body), "PILOT-SETTINGS")
    assert [one["name"] for one in problem["missing"]] == ["report_interval_months"]
    assert problem["missing"][0]["source"] == "深圳工作指南 五(二)1"
    again = {**body, "settings": {"name": "sz-test.yaml", "document": SETTINGS}}
    assert region["group"].client.post("/v1/pilots/rulebooks", json=again).json()["type"].endswith("rulebook-known")
    assert region["lead"].client.post("/v1/pilots/rulebooks", json=again).status_code == 403
    (book,) = region["lead"].get("/v1/pilots/rulebooks")["items"]
    assert (book["settings_file"], book["sample"], book["state"]) == ("sz-test.yaml", True, "active")


def _long_cell(said: dict[str, Any], _region: Region) -> None:
    said["cells"]["background"] = "字" * 501


def _composed(said: dict[str, Any], _region: Region) -> None:
    said["cells"]["background"] = "e\u0301" * 501  # é, 501 characters once composed


def _one_contact(said: dict[str, Any], _region: Region) -> None:
    said["applicants"][0]["contacts"] = said["applicants"][0]["contacts"][:1]


def _no_statement(said: dict[str, Any], _region: Region) -> None:
    del said["statements"]["common_problem"]


def _unlicensed(said: dict[str, Any], _region: Region) -> None:
    said["applicants"][1]["licensed"] = False


def _elsewhere(said: dict[str, Any], _region: Region) -> None:
    said["applicants"][1]["jurisdiction"] = GUANGZHOU


@pytest.mark.parametrize(
    ("spoil", "rule", "value"),
    [
        (_long_cell, "SZ-38", "501"),
        (_composed, "SZ-38", "501"),
        (_one_contact, "SZ-35", "1"),
        (_no_statement, "SZ-19", "none"),
        (_unlicensed, "SZ-01", None),
        (_elsewhere, "SZ-03", None),
    ],
)
def test_an_application_that_breaks_one_rule_is_told_which(
    region: Region, spoil: Callable[[dict[str, Any], Region], None], rule: str, value: str | None
) -> None:
    lead, partner = region["lead"], region["partner"]
    said = form(lead, partner)
    spoil(said, region)
    project = lead.post("/v1/pilots", {"rulebook": region.rulebook, "form": said})["id"]
    add_materials(region, project, lead, partner)
    region.confirm(partner, project)
    report = lead.get(f"/v1/pilots/{project}/completeness", action="submit")
    broken = [(fault["rule"], fault["value"]) for fault in report["faults"] if fault["mandatory"]]
    assert [each[0] for each in broken] == [rule]
    problem = refused(lead.client.post(f"/v1/pilots/{project}/steps", json={"action": "submit"}), rule)
    assert problem["source"]
    if value is not None:
        assert problem["value"] == value


def test_what_was_confirmed_is_what_is_submitted(region: Region) -> None:
    lead, partner = region["lead"], region["partner"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    stale = lead.get(f"{place}/application")["digest"]
    changed = form(lead, partner, name="改了名字")
    assert lead.post(f"{place}/application", {"form": changed})["draft_version"] == 2
    refused(lead.client.post(f"{place}/steps", json={"action": "submit"}), "SZ-10")
    body = {"digest": stale, "signature": "0x" + "11" * 64}
    assert partner.client.post(f"{place}/confirmations", json=body).json()["type"].endswith("application-changed")
    body["digest"] = lead.get(f"{place}/application")["digest"]
    assert partner.client.post(f"{place}/confirmations", json=body).json()["field"] == "/signature"
    assert partner.client.post(f"{place}/application", json={"form": changed}).status_code == 403
    region.confirm(partner, project)
    region.confirm(partner, project)  # twice is once
    assert len(lead.get(f"{place}/application")["confirmations"]) == 1
    assert lead.get(f"{place}/application", version=1)["form"]["name"] == form(lead, partner)["name"]


def test_a_step_is_taken_by_its_body_alone(region: Region, submitted: str) -> None:
    place = f"/v1/pilots/{submitted}"

    def ask(party: Party, action: str, *codes: str) -> Any:
        return party.client.post(f"{place}/steps", json={"action": action, "evidence": party.evidence(*codes)})

    refused(ask(region["lead"], "selection.open", "formality_review"), "SZ-41", 403)  # no role at all
    refused(ask(region["stb"], "selection.open", "formality_review"), "SZ-41", 403)  # another body's
    refused(ask(region["group"], "withdraw", "withdrawal"), "SZ-50", 403)  # the lead's own
    stranger = region.admit("广州专项工作组(测试)", "working-group", GUANGZHOU, "supervisor")
    region.grant(stranger, "pilot.working-group", GUANGZHOU, stranger.account)
    assert ask(stranger, "selection.open", "formality_review").status_code == 404  # another region's
    assert stranger.client.get(f"{place}/application").status_code == 404
    assert stranger.get("/v1/pilots")["items"] == []
    assert ask(region["group"], "selection.open").json()["rule"] == "SZ-41"  # without its evidence


def test_the_wrong_signer_is_refused_and_the_chain_has_the_last_word(region: Region) -> None:
    lead, group = region["lead"], region["group"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    asked = lead.post(f"{place}/steps", {"action": "submit"}, 202)
    signature = "0x" + sign_typed_data(asked["typed_data"], lead.account).hex()
    body = {"signer": lead.account.address, "signature": signature}
    wrong = lead.client.post(f"/v1/operations/{asked['id']}/authorisations", json=body)
    assert wrong.status_code == 403, wrong.text
    double = lead.client.post(f"{place}/steps", json={"action": "submit"})
    assert (double.status_code, double.json()["type"].rsplit(":")[-1]) == (409, "step-pending")
    assert double.json()["operation"] == asked["id"]
    assert region.sign(lead, asked, lead.authority) == "final"
    region.step(group, project, "selection.open", "formality_review")
    taken = group.post(f"{place}/steps", _accepting(region, project), 202)
    region.step(lead, project, "withdraw", "withdrawal", key=lead.authority)  # first come
    assert region.sign(group, taken, group.account) == "refused"
    assert region.house.operation(taken["id"]).reason["error"] in ("PilotNoRule", "PilotStale")  # type: ignore[index]
    events = {(one["name"], one["phase"]): one for one in lead.get(f"{place}/timeline")["items"]}
    assert events["selection.accept", "requested"]["outcome"] == "refused"
    assert "Pilot" in events["selection.accept", "refused"]["reason"]
    assert lead.get(place)["state"] == "WITHDRAWN"


def test_the_same_request_is_done_once(region: Region) -> None:
    lead, partner = region["lead"], region["partner"]
    body, key = {"rulebook": region.rulebook, "form": form(lead, partner)}, {"Idempotency-Key": "draft-1"}
    first, second = (lead.client.post("/v1/pilots", json=body, headers=key) for _ in range(2))
    assert (first.status_code, first.json()["id"]) == (201, second.json()["id"])


def test_a_correction_round_keeps_what_was_there(region: Region) -> None:
    lead, partner, group = region["lead"], region["partner"], region["group"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    region.step(lead, project, "submit", key=lead.authority)
    again = lead.client.post(f"{place}/application", json={"form": form(lead, partner)})
    assert again.json()["type"].endswith("project-state")
    region.step(group, project, "correction.request", "correction_notice", body={"missing": ["补充风险说明"]})
    asked = next(one for one in lead.get(f"{place}/timeline")["items"] if one["name"] == "correction.request")
    assert lead.get(f"{place}/events/{asked['seq']}")["content"]["content"] == {"missing": ["补充风险说明"]}
    assert [item["project"]["id"] for item in lead.get("/v1/pilots/queue")["items"]].count(project) == 1
    lead.post(f"{place}/application", {"form": form(lead, partner, name="补正后的名称")})
    refused(lead.client.post(f"{place}/steps", json={"action": "resubmit"}), "SZ-10")  # confirmed was the first form
    region.confirm(partner, project)
    corrected = region.step(lead, project, "resubmit", key=lead.authority)
    assert (corrected["state"], corrected["draft_version"], corrected["title"]) == ("SUBMITTED", 2, "补正后的名称")
    assert group.get(f"{place}/application", version=1)["form"]["name"] == form(lead, partner)["name"]


@pytest.mark.parametrize("text", ["\ud800", 1.5, 2**60, json.loads("[" * 20 + "]" * 20)])
def test_what_no_record_can_hold_is_refused_where_it_stands(region: Region, submitted: str, text: Any) -> None:
    group, place = region["group"], f"/v1/pilots/{submitted}"
    for path, body in (
        (f"{place}/steps", {"action": "selection.open", "body": {"findings": [text]}}),
        (f"{place}/facts", {"kind": "consultation", "body": {"said": text}}),
    ):
        content, headers = json.dumps(body), {"Content-Type": "application/json"}
        answer = group.client.post(path, content=content, headers=headers)
        assert (answer.status_code, answer.json()["field"][:5]) == (422, "/body"), answer.text
    spoilt = json.dumps({"rulebook": region.rulebook, "form": {"name": text, "applicants": [text]}})
    answer = region["lead"].client.post("/v1/pilots", content=spoilt, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422, answer.text


def test_a_stranger_writes_no_more_comments_than_people_do(region: Region) -> None:
    place = f"/v1/public/pilots/prj_{'08' * 16}/comments"
    answers = [region.anyone.post(place, json={"text": "灌水"}) for _ in range(21)]
    assert [answer.status_code for answer in answers] == [404] * 20 + [429]
    assert answers[-1].headers["retry-after"]
    assert region.anyone.get("/v1/public/pilots").status_code == 200


def _accepting(region: Region, project: str) -> dict[str, Any]:
    group = region["group"]
    opinion = {"expert": "专家", "field": "法律合规", "stage": "selection", "declaration": group.document("声明")}
    group.post(f"/v1/pilots/{project}/facts", {"kind": "expert.opinion", "body": opinion})
    needs = ("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")
    return {"action": "selection.accept", "evidence": group.evidence(*needs)}
