"""One Shenzhen project from its draft until it runs, through the API, every signer with its own key."""

import io
from typing import Any

from chain.party.archive import Archive
from chain.proof.dossier_check import DossierVerdict, verify_dossier
from chain.proof.trust import parse_trust
from tests.integration.services.pilots.application import PLANNED_END, add_materials, form
from tests.integration.services.pilots.rebuilding import check_rebuilt
from tests.integration.services.pilots.region import Region, day_number, dumped
from tests.waiting import until

DIMENSIONS = dict.fromkeys(("创新价值", "监管启发", "风险防控", "投资者保护"), "良好")
FIELDS = ("法律合规", "金融业务", "信息科技")


def refused(answer: Any, rule: str, status: int = 409) -> dict[str, Any]:
    """The problem document; it names the rule and its source."""
    assert answer.status_code == status, answer.text
    problem: dict[str, Any] = answer.json()
    assert problem["rule"] == rule, answer.text
    return problem


def drafted(region: Region) -> str:
    """A complete, confirmed draft; its id."""
    lead, partner = region["lead"], region["partner"]
    project: str = lead.post("/v1/pilots", {"rulebook": region.rulebook, "form": form(lead, partner)})["id"]
    add_materials(region, project, lead, partner)
    region.confirm(partner, project)
    return project


def opinions(region: Region, project: str, name: str, stage: str, fields: tuple[str, ...]) -> None:
    party = region[name]
    for place, each in enumerate(fields):
        declaration = party.document(f"利益冲突声明 {place}")
        body = {"expert": f"专家{place}", "field": each, "stage": stage, "declaration": declaration, "opinion": "同意"}
        party.post(f"/v1/pilots/{project}/facts", {"kind": "expert.opinion", "body": body})


def test_a_joint_application_comes_to_run(region: Region) -> None:
    lead, group, stb, experts = (region[name] for name in ("lead", "group", "stb", "experts"))
    project = drafted(region)
    _submitted(region, project)
    place = f"/v1/pilots/{project}"
    region.step(group, project, "selection.open", "formality_review")
    opinions(region, project, "group", "selection", ("法律合规",))
    needs = ("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")
    early = group.client.post(
        f"{place}/steps", json={"action": "selection.accept", "evidence": group.evidence(needs[0])}
    )
    assert refused(early, "SZ-44")["source"].startswith("深圳工作指南")
    region.step(group, project, "selection.accept", *needs)
    region.step(stb, project, "evaluation.open", "evaluator_roster")
    opinions(region, project, "experts", "evaluation", FIELDS)
    region.step(experts, project, "evaluation.pass", "evaluation_conclusion", body={"conclusions": DIMENSIONS})

    notice = {"title": "份额转让链上登记(测试)", "applicants": ["鹏城科技(测试)", "湾区证券(测试)"]}
    assert region.anyone.get(f"/v1/public/pilots/{project}").status_code == 404
    opened = region.step(group, project, "notice.open", "notice_text", public=notice)
    assert (opened["state"], opened["notice_from"] is not None) == ("PUBLIC_NOTICE", True)
    shown = region.anyone.get(f"/v1/public/pilots/{project}").json()
    assert shown["published"] == {"notice.open": notice}

    once: dict[str, Any] = {"json": {"text": "隐患？", "name": "王五"}, "headers": {"Idempotency-Key": "comment-1"}}
    said, again = (region.anyone.post(f"/v1/public/pilots/{project}/comments", **once) for _ in range(2))
    assert said.json() == again.json()
    assert said.status_code == 201, said.text
    assert said.json()["acknowledgement"].startswith("regseal/ack@v1\npilots.shenzhen.example/2026\n")
    region.settle()
    assert lead.get(place)["open_items"] == {"comment": [1]}
    comments = group.get(f"{place}/comments")["items"]
    assert [(one["number"], one["state"], one["content"]["text"]) for one in comments] == [(1, "filed", "隐患？")]

    closing = {"action": "notice.close", "evidence": group.evidence("closing_record")}
    assert refused(group.client.post(f"{place}/steps", json=closing), "SZ-56")["guard"] == "PilotItemsOpen"
    region.step(group, project, "comment.dismiss", "disposal", value=1)
    too_early = refused(group.client.post(f"{place}/steps", json=closing), "SZ-55")
    assert (too_early["guard"], too_early["numbers"]["days"]) == ("PilotNoticeRunning", 5)
    region.pass_days(9)
    assert region.step(group, project, "notice.close", "closing_record")["state"] == "NOTICE_CLEARED"
    late = region.anyone.post(f"/v1/public/pilots/{project}/comments", json={"text": "迟到"})
    assert late.status_code == 409

    _launched(region, project)
    _what_is_read(region, project)
    check_rebuilt(region, project)
    _dossiers(region, project)


def _launched(region: Region, project: str) -> None:
    lead, group, stb, place = region["lead"], region["group"], region["stb"], f"/v1/pilots/{project}"
    region.step(stb, project, "stb.consult", "consultation")
    assert region.step(group, project, "launch.approve", "decision")["state"] == "LAUNCH_APPROVED"
    wrong_end = {"action": "launch", "value": day_number(PLANNED_END) - 1, "evidence": lead.evidence("publication")}
    refused(lead.client.post(f"{place}/steps", json=wrong_end), "SZ-60")
    published = {"title": "份额转让链上登记(测试)", "started": "2026-12-01"}
    running = region.step(
        lead,
        project,
        "launch",
        "publication",
        key=lead.authority,
        value=day_number(PLANNED_END),
        public=published,
    )
    assert (running["state"], running["ends_on"]) == ("RUNNING", PLANNED_END)


def _submitted(region: Region, project: str) -> None:
    lead, group, place = region["lead"], region["group"], f"/v1/pilots/{project}"
    report = lead.get(f"{place}/completeness")
    assert [fault["field"] for fault in report["faults"] if fault["mandatory"]] == []
    assert (report["action"], report["complete"]) == ("submit", True)
    assert group.client.get(place).status_code == 404  # a draft is nobody's affair but its applicants'

    submitted = region.step(lead, project, "submit", key=lead.authority)
    assert (submitted["state"], submitted["track"], submitted["pending"]) == ("SUBMITTED", "pilot", [])
    again = lead.client.post(f"{place}/steps", json={"action": "submit"})
    assert refused(again, "SZ-2023.11")["guard"] == "PilotNoRule"
    assert [item["project"]["id"] for item in group.get("/v1/pilots/queue")["items"]] == [project]


def _what_is_read(region: Region, project: str) -> None:
    lead, place = region["lead"], f"/v1/pilots/{project}"
    events, cursor = [], None
    while True:
        page = lead.get(f"{place}/timeline", limit=10, **({"cursor": cursor} if cursor else {}))
        events += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [each["seq"] for each in events] == list(range(len(events)))
    decided = [each["name"] for each in events if each["phase"] == "registered"]
    assert decided[:3] == ["submit", "selection.open", "selection.accept"]
    assert decided[-3:] == ["stb.consult", "launch.approve", "launch"]
    asked = [each for each in events if each["phase"] == "requested"]
    assert all(each["outcome"] == "registered" and each["transaction"] and each["rule"] for each in asked)
    opinion = next(each for each in events if each["name"] == "expert.opinion")
    assert region["group"].get(f"{place}/events/{opinion['seq']}")["content"]["content"]["opinion"] == "同意"
    assert lead.get(f"{place}/events/{opinion['seq']}")["content"] is None  # experts speak to the bodies
    passed = next(each for each in events if (each["name"], each["phase"]) == ("evaluation.pass", "requested"))
    assert lead.get(f"{place}/events/{passed['seq']}")["content"]["content"] == {"conclusions": DIMENSIONS}
    assert lead.get(events[0]["receipt"])["format"].startswith("regseal")
    standing = lead.get(f"{place}/chain")
    assert (standing["state"], standing["count"]) == ("RUNNING", lead.get(place)["count"])
    assert standing["last_leaf"] == asked[-1]["leaf_hash"]
    region["group"].post(f"{place}/seal", {}, 202)
    region.settle()
    assert lead.get(f"{place}/chain")["count"] == len(events)
    assert lead.get(place)["last_leaf"] == events[-1]["leaf_hash"]
    public = region.anyone.get("/v1/public/pilots").text
    assert "notice.open" in public
    assert "背景" not in public + dumped(region["experts"].get(f"{place}/timeline"))


def _dossiers(region: Region, project: str) -> None:
    """The archive verifies without the service; an applicant sees less of it than a body."""
    verdicts: dict[str, DossierVerdict] = {}

    def whole() -> bool:
        region.house.services.jobs.run("evidence.proofs")
        verdicts.update({name: _judged(region, name, project) for name in ("lead", "group")})
        assert [each.failure for each in verdicts.values()] == [None, None]
        return not any(each.missing for each in verdicts.values())

    until(whole, tell=lambda: verdicts["lead"].missing)
    for verdict in verdicts.values():
        assert (verdict.count, verdict.index.count, verdict.forms) == (verdict.events, verdict.events, 1)
    assert verdicts["lead"].shown < verdicts["group"].shown == verdicts["group"].events
    assert region["host"].client.get(f"/v1/pilots/{project}/dossier").status_code == 404


def _judged(region: Region, name: str, project: str) -> DossierVerdict:
    answer = region[name].client.get(f"/v1/pilots/{project}/dossier")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with Archive(io.BytesIO(answer.content)) as archive:
        assert "份额转让" in archive.read("report.md", 1 << 20).decode()
        return verify_dossier(archive, parse_trust(region.anyone.get("/v1/trust").content))
