"""A Shenzhen project while it runs and when it goes: duties by who owes them, alerts, extension once, forced exit."""

from typing import Any

import pytest

from chain.party.eip712 import sign_typed_data
from chain.proof.encoding import to_hex
from services.evidence.group import Group
from services.platform.ids import bytes16
from services.transactions.views import OperationView
from tests.integration.services.pilots.operating import alerts, decide, duties, move, owe, running, watch
from tests.integration.services.pilots.rebuilding_acts import check_acts_rebuilt
from tests.integration.services.pilots.region import Region, day_number, in_days
from tests.integration.services.pilots.test_shenzhen import refused

DATABASES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.full)]
pytestmark = pytest.mark.parametrize("region", DATABASES, indirect=True, scope="module")
END, LATER, DEMANDED = in_days(161), in_days(284), in_days(120)
EXTEND = {"findings": ["goals_open", "no_major_danger", "large_value"]}
FORCE = {"findings": ["commitment_breached"]}


def test_a_pilot_from_its_launch_to_its_forced_exit(region: Region) -> None:
    project = running(region, END)
    _a_report_that_is_overdue_is_told_filed_late_and_decided(region, project)
    _a_changed_plan_is_not_executed_before_it_is_approved(region, project)
    _tolerance_is_claimed_by_the_applicant_and_decided_by_the_regulator(region, project)
    _a_pilot_past_its_end_is_told_and_extended_once(region, project)
    _no_gentler_exit_while_a_ground_stands_and_a_forced_one_has_measures(region, project)
    check_acts_rebuilt(region, project)


def _a_report_that_is_overdue_is_told_filed_late_and_decided(region: Region, project: str) -> None:
    lead, group, stb = region["lead"], region["group"], region["stb"]
    (report,) = duties(lead, project, "report")
    assert (report["state"], report["round"], report["rule"], report["moves"]["file"]) == ("DUE", 1, "SZ-62", "lead")
    assert [one["id"] for one in lead.get("/v1/pilots/duties")["items"]] == [report["id"]]
    assert group.get("/v1/pilots/duties")["items"] == []
    place = f"/v1/pilots/{project}/duties/{report['number']}/moves"
    wrong = group.client.post(place, json={"move": "file", "evidence": group.evidence("report")})
    assert refused(wrong, "SZ-62", 403)["source"].startswith("深圳工作指南")
    bare = refused(lead.client.post(place, json={"move": "file"}), "SZ-62")
    assert bare["missing"] == ["report"]
    early = refused(lead.client.post(place, json={"move": "accept"}), "SZ-62")
    assert early["allowed"] == ["file", "demand"]

    watch(region)
    assert alerts(group, project, "report-overdue") == []
    region.pass_days(95)
    watch(region)
    (alert,) = alerts(group, project, "report-overdue")
    assert (alert["code"], alert["rule"], alert["day"], alert["state"]) == ("A25", "SZ-62", report["due"], "NEW")
    assert alert["subject"] == report["number"]
    assert [one["number"] for one in alerts(stb, project, "report-overdue")] == [alert["number"]]
    assert 'regseal_pilot_alerts{code="A25",kind="report-overdue"} 1.0' in region.anyone.get("/metrics").text
    first, second = duties(lead, project, "report")
    assert (first["overdue"], second["round"], second["overdue"]) == (True, 2, False)

    filed = move(lead, first, "file", "report", body={"text": "本期运行平稳"})
    assert (filed["state"], filed["due"], filed["overdue"]) == ("SUBMITTED", None, False)
    told = lead.get(f"/v1/pilots/{project}/events/{filed['last_event']}")["content"]
    assert (told["kind"], told["cause"], told["body"]) == ("duty.report", "report/1", "lead")
    assert (told["late"], told["due"], told["content"]) == (True, report["due"], {"text": "本期运行平稳"})
    accepted = move(group, first, "accept", body={"note": "已阅"})
    assert accepted["ended"] is True
    heard = lead.get(f"/v1/pilots/{project}/events/{accepted['last_event']}")["content"]
    assert heard["content"] == {"note": "已阅"}  # what the group decides about the lead's duty, the lead reads
    watch(region)
    (alert,) = alerts(group, project, "report-overdue")
    assert (alert["state"], alert["cleared_at"] is not None) == ("NEW", True)
    assert decide(group, alert, "close", 409)["allowed"] == ["assign"]
    assert decide(lead, alert, "assign", 403)["rule"] == "SZ-62"
    decided = [decide(group, alert, name)["state"] for name in ("assign", "investigate", "confirm", "close")]
    assert decided == ["ASSIGNED", "INVESTIGATING", "CONFIRMED", "CLOSED"]
    watch(region)
    assert alerts(group, project, "report-overdue") == []
    forged = lead.client.post(f"/v1/pilots/{project}/facts", json={"kind": "duty.report", "body": {}})
    assert (forged.status_code, forged.json()["field"]) == (422, "/kind")
    told = [one["name"] for one in group.get(f"/v1/pilots/{project}/timeline", limit=500)["items"]]
    assert [name for name in told if name.startswith("alert.")] == [
        "alert.assign", "alert.investigate", "alert.confirm", "alert.close",
    ]  # fmt: skip


def _a_changed_plan_is_not_executed_before_it_is_approved(region: Region, project: str) -> None:
    lead, group = region["lead"], region["group"]
    assert owe(group, project, "plan-change", 403)["rule"] == "SZ-68"
    change = owe(lead, project, "plan-change", body={"change": "扩大参与机构"})
    early = move(lead, change, "execute", status=409)
    assert (early["rule"], early["state"], early["source"][:4]) == ("SZ-68", "PROPOSED", "设计规则")
    assert move(lead, change, "assess", "plan_change", status=403)["rule"] == "SZ-68"
    for name, codes in (("assess", ["plan_change"]), ("review", ["plan_change"]), ("approve", [])):
        move(group, change, name, *codes)
    assert move(lead, change, "execute")["state"] == "EFFECTIVE"
    found = group.post(f"/v1/pilots/{project}/alerts", {"kind": "plan-unapproved", "body": {"note": "另有变更"}})
    assert (found["code"], found["rule"], found["state"]) == ("A25", "SZ-68", "NEW")
    watch(region)
    assert len(alerts(group, project, "plan-unapproved")) == 1


def _tolerance_is_claimed_by_the_applicant_and_decided_by_the_regulator(region: Region, project: str) -> None:
    lead, group = region["lead"], region["group"]
    claim = {"incident": 99, "event": "网络安全事件", "loss": "compensated", "impact": "未影响市场平稳运行"}
    assert owe(lead, project, "tolerance", 422, body=claim)["field"] == "/body/incident"
    incident = owe(lead, project, "incident", body={"what": "接口中断"})
    until = region.house.services.clock.now().date().isoformat()
    assert owe(lead, project, "incident", 422, due=until)["field"] == "/due"
    assert move(group, incident, "demand", due=DEMANDED)["due"] == DEMANDED
    claimed = owe(lead, project, "tolerance", body={**claim, "incident": incident["number"]})
    said = lead.get(f"/v1/pilots/{project}/events/{claimed['last_event']}")["content"]["content"]
    assert said["wording"]["rule"] == "SZ-91"
    assert move(lead, claimed, "grant", status=403)["rule"] == "SZ-95"
    assert [one["number"] for one in group.get("/v1/pilots/duties")["items"]] == [claimed["number"]]
    assert move(group, claimed, "grant", body={"outcome": "从轻"})["state"] == "GRANTED"
    region.pass_days(28)
    watch(region)
    (alert,) = alerts(group, project, "incident-unreported")
    assert (alert["code"], alert["rule"]) == ("A25", "SZ-67")
    move(lead, incident, "contain")
    move(lead, incident, "report", "incident_report")
    assert move(group, incident, "review")["ended"] is True


def _a_pilot_past_its_end_is_told_and_extended_once(region: Region, project: str) -> None:
    lead, group, stb, experts = (region[name] for name in ("lead", "group", "stb", "experts"))
    region.pass_days(37)
    watch(region)
    (alert,) = alerts(group, project, "past-end")
    assert (alert["code"], alert["rule"], alert["day"]) == ("A25", "SZ-60", END)
    _through_exit(region, project, "extend", EXTEND)
    after = region.step(
        group, project, "exit.implement.extend", "implementation_record", value=day_number(LATER), body=EXTEND
    )
    assert (after["state"], after["ends_on"], "extended" in after["flags"]) == ("RUNNING", LATER, True)
    watch(region)
    assert alerts(group, project, "past-end")[0]["cleared_at"]
    assert len(duties(group, project, "continued-monitoring")) == 1
    body = {"action": "exit.initiate.extend", "evidence": lead.evidence("exit_proposal"), "body": EXTEND}
    problem = refused(lead.client.post(f"/v1/pilots/{project}/steps", json=body), "SZ-79")
    assert problem["guard"] == "PilotFlagsForbidden"
    assert _around_the_service(region, project, "exit.initiate.extend")["error"] == "PilotFlagsForbidden"
    assert alerts(stb, project, "second-extension") == alerts(stb, project, "extension-over-limit") == []
    assert experts.get(f"/v1/pilots/{project}")["state"] == "RUNNING"


def _no_gentler_exit_while_a_ground_stands_and_a_forced_one_has_measures(region: Region, project: str) -> None:
    lead, group = region["lead"], region["group"]
    place = f"/v1/pilots/{project}/steps"
    unfounded = {"action": "ground.raise", "value": 1, "evidence": group.evidence("ground_record")}
    refused(group.client.post(place, json=unfounded), "SZ-82")
    region.step(group, project, "ground.raise", "ground_record", value=1, body=FORCE)
    for action in ("exit.apply", "exit.initiate.end"):
        gentler = lead.client.post(place, json={"action": action, "evidence": lead.evidence("exit_proposal")})
        assert refused(gentler, "SZ-83")["guard"] == "PilotItemsOpen"
    _through_exit(region, project, "force", FORCE)
    out = region.step(group, project, "exit.implement.force", "implementation_record", body=FORCE)
    assert out["state"] == "FORCED_OUT"
    owed = {one["code"]: one for one in group.get(f"/v1/pilots/{project}/duties", open=True)["items"]}
    assert owed.keys() == {"exit-plan", "measures", "referral", "continued-monitoring"}
    assert duties(lead, project, "report")[-1]["state"] == "LAPSED"  # it had not come due
    assert {"exit-plan"} == {one["code"] for one in lead.get("/v1/pilots/duties")["items"]}
    assert move(group, owed["measures"], "take", "measure_record", status=422)["field"].startswith("/body/measures")
    taken = {"institution": lead.id, "document": "深证专〔2027〕1号", "decided_on": "2027-05-10"}
    entry: dict[str, Any] = {"measures": [{"kind": "integrity-archive", **taken}, {"kind": "administrative", **taken}]}
    assert move(group, owed["measures"], "take", "measure_record", body=entry)["state"] == "TAKEN"
    assert move(group, owed["referral"], "spare", body={"note": "未涉嫌犯罪"})["state"] == "NOT_TAKEN"
    assert move(lead, owed["exit-plan"], "finish", "exit_plan_record")["ended"] is True
    assert owe(group, project, "inspection", 409)["rule"] == "SZ-65"


def _through_exit(region: Region, project: str, kind: str, said: dict[str, Any]) -> None:
    lead, group, stb, experts = (region[name] for name in ("lead", "group", "stb", "experts"))
    first, key = (group, group.account) if kind == "force" else (lead, lead.authority)
    region.step(first, project, f"exit.initiate.{kind}", "exit_proposal", key=key, body=said)
    region.step(group, project, "exit.assess", "assessment_report")
    region.step(experts, project, "exit.review", "review_minutes")
    region.step(stb, project, "exit.consult", "consultation_minutes")


def _around_the_service(region: Region, project: str, action: str) -> Any:
    """The same step with the right signature, but without asking the service's table: the chain's reason."""
    lead, transactions = region["lead"], region.house.services.transactions
    message = {"project": to_hex(bytes16(project)), "action": action, "value": 0, "seq": 1_000}
    message |= {"commitment": b"\1" * 32, "leaf": b"\2" * 32}
    deadline = region.house.services.clock.ms() // 1000 + 600
    typed = transactions.typed_data("PilotStep", message, "supervision", deadline=deadline)

    def ask(group: Group) -> OperationView:
        return transactions.create_operation(
            group.session,
            kind="test.step",
            chain="supervision",
            contract="PilotLifecycle",
            function="step",
            args=message,
            queue="around",
            typed_data=typed,
            signer_hint=lead.authority.address,
        )

    units = region.house.services.evidence.sequencer
    asked = units.submit(ask).result(60)
    signature = sign_typed_data(typed, lead.authority)
    checked = transactions.check_signature(asked.id, signer=lead.authority.address, signature=signature)
    units.submit(lambda group: transactions.authorise(group.session, checked)).result(60)
    assert region.work(asked.id) == "refused"
    return region.house.operation(asked.id).reason
