"""Who reads the application form and the materials, and what is left of it: not public, and every look is noted."""

from typing import Any

import pytest

from chain.proof.digest import digest_of
from chain.proof.encoding import to_hex
from tests.integration.services.pilots.application import add_materials, form
from tests.integration.services.pilots.region import GUANGZHOU, Party, Region
from tests.integration.services.pilots.test_shenzhen import drafted

pytestmark = pytest.mark.parametrize("region", ["postgresql"], indirect=True, scope="module")

FILE = "商业秘密".encode() * 1000
DIGEST = digest_of([FILE])
DIGESTS = {"size": len(FILE), "sha256": to_hex(DIGEST.sha256), "sm3": to_hex(DIGEST.sm3)}


def stored(party: Party) -> str:
    """A manifest whose one file lies in the service; its record."""
    made = party.post("/v1/materials", {"name": "报告.pdf", "media_type": "application/pdf", "size": len(FILE)})
    headers = {"Upload-Offset": "0", "Content-Type": "application/octet-stream"}
    sent = party.client.patch(f"/v1/materials/{made['id']}/content", content=FILE, headers=headers)
    assert sent.status_code == 204, sent.text
    party.post(f"/v1/materials/{made['id']}/completion", DIGESTS, 200)
    files = [{"name": "报告.pdf", "media_type": "application/pdf", "material": made["id"], **DIGESTS}]
    record = {"type": "material.manifest", "subject": "报告", "actor": party.id, "body": {"files": files}}
    record |= {"occurred_at": "2026-11-20T09:30:00Z"}
    return str(party.post("/v1/records", {"log": party.log, "record": record})["id"])


def readings(party: Party, project: str) -> list[Any]:
    events = party.get(f"/v1/pilots/{project}/timeline", limit=500)["items"]
    return [each for each in events if each["name"] == "reading"]


def test_bodies_read_what_was_submitted_and_each_look_is_noted(region: Region) -> None:
    lead, partner, group, stb = (region[name] for name in ("lead", "partner", "group", "stb"))
    project: str = lead.post("/v1/pilots", {"rulebook": region.rulebook, "form": form(lead, partner)})["id"]
    place = f"/v1/pilots/{project}"
    add_materials(region, project, lead, partner)
    manifest = stored(partner)
    details = {"issuers": [partner.id]}
    body = {"code": "investor-protection-plan", "manifest": manifest, "details": details}
    partner.post(f"{place}/materials", body)
    reviewed = [{"code": "investor-protection-plan", "record": manifest}]
    lead.post(f"{place}/facts", {"kind": "material.review", "evidence": reviewed})
    region.confirm(partner, project)
    there = f"{place}/materials/{manifest}"
    assert lead.client.get(f"{there}/files/1").content == FILE  # of its own application
    assert group.client.get(there).status_code == 404
    region.step(lead, project, "submit", key=lead.authority)
    assert readings(lead, project) == []

    unopened = group.client.get(f"{there}/files/1")
    assert (unopened.status_code, unopened.json()["type"].rsplit(":")[-1]) == (409, "reading-not-noted")
    (file,) = group.get(there)["files"]
    assert group.get(there)["files"] == [file]  # one day, one fact
    assert (file["name"], file["sha256"]) == ("报告.pdf", DIGESTS["sha256"])
    assert group.client.get(file["content"]).content == FILE
    part = group.client.get(file["content"], headers={"Range": "bytes=3-5"})
    assert (part.status_code, part.content) == (206, FILE[3:6])
    assert stb.client.get(file["content"]).status_code == 409
    assert group.get(f"{place}/application")["form"]["name"] == form(lead, partner)["name"]
    noted = readings(lead, project)
    assert [each["actor"] for each in noted] == [group.id, group.id]
    said = group.get(f"{place}/events/{noted[0]['seq']}")["content"]
    assert (said["of"], said["manifest"], said["code"]) == ("material", manifest, "investor-protection-plan")
    assert group.get(f"{place}/events/{noted[1]['seq']}")["content"]["of"] == "form"
    forged = {"kind": "reading", "body": {"of": "form"}}
    assert group.client.post(f"{place}/facts", json=forged).json()["field"] == "/kind"


def test_nobody_else_reads_and_nothing_else_is_read(region: Region) -> None:
    lead, group = region["lead"], region["group"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    region.step(lead, project, "submit", key=lead.authority)
    bound = {row["code"]: row["manifest"] for row in lead.get(f"{place}/application")["materials"]}
    there = f"{place}/materials/{bound['compliance-report']}"
    other = region.admit("广州工作组(阅卷)", "working-group", GUANGZHOU, "supervisor")
    auditor = region.admit("深圳审计(测试)", "auditor", 440300, "auditor")
    assert other.client.get(there).status_code == 404
    assert auditor.client.get(there).status_code == 403
    assert region.anyone.get(there).status_code == 401
    foreign = lead.manifest("与本项目无关")
    assert group.client.get(f"{place}/materials/{foreign}").status_code == 404
    assert group.get(there)["files"][0]["content"] is None  # not stored here
    assert group.client.get(f"{there}/files/1").status_code == 404
    assert readings(auditor, project)[0]["actor"] == group.id


def test_what_is_drafted_under_correction_is_a_draft(region: Region) -> None:
    lead, partner, group = region["lead"], region["partner"], region["group"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    lead.post(f"{place}/application", {"form": form(lead, partner, name="第二稿")})
    region.confirm(partner, project)
    region.step(lead, project, "submit", key=lead.authority)
    region.step(group, project, "correction.request", "correction_notice")
    lead.post(f"{place}/application", {"form": form(lead, partner, name="第三稿")})
    late = lead.manifest("补充材料")
    lead.post(f"{place}/materials", {"code": "other", "manifest": late})
    seen = group.get(f"{place}/application")
    assert (seen["version"], seen["form"]["name"], seen["statement"]["version"]) == (2, "第二稿", 2)
    assert late not in [row["manifest"] for row in seen["materials"]]
    assert [one["institution"] for one in seen["confirmations"]] == [partner.id]
    for version in (1, 3):
        assert group.client.get(f"{place}/application", params={"version": version}).status_code == 404
    assert group.client.get(f"{place}/materials/{late}").status_code == 404
    assert lead.get(f"{place}/application")["form"]["name"] == "第三稿"
    drafts = [each for each in group.get(f"{place}/timeline", limit=500)["items"] if each["name"] == "draft"]
    assert [_said(group, place, each) is not None for each in drafts] == [False, True, False]
    assert [_said(lead, place, each)["title"] for each in drafts][1:] == ["第二稿", "第三稿"]
    added = [each for each in group.get(f"{place}/timeline", limit=500)["items"] if each["name"] == "material"]
    assert [_said(group, place, each) is not None for each in added] == [True] * (len(added) - 1) + [False]
    assert group.client.get(f"{place}/completeness").status_code == 403


def _said(party: Party, place: str, event: Any) -> Any:
    """What an event's record says, as far as the party may read it."""
    return party.get(f"{place}/events/{event['seq']}")["content"]


def test_a_body_that_fetches_the_dossier_leaves_a_reading(region: Region) -> None:
    lead, group, stb = region["lead"], region["group"], region["stb"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    region.step(lead, project, "submit", key=lead.authority)
    for party in (lead, group, group, stb):
        assert party.client.get(f"{place}/dossier").content[:2] == b"PK"
    noted = readings(lead, project)
    assert [each["actor"] for each in noted] == [group.id, stb.id]  # one day, one fact; none of the applicant
    assert [_said(lead, place, each) is None for each in noted] == [True, True]
    assert [_said(group, place, each)["of"] for each in noted] == ["dossier", "dossier"]
    assert region.anyone.get(f"{place}/dossier").status_code == 401
    assert len(readings(lead, project)) == 2
