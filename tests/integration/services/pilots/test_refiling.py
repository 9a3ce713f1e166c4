"""A comment that the chain did not take is filed again once it can be."""

from typing import Any

import pytest

from chain.proof.encoding import to_hex
from services.pilots.rulebook.machine import REACH
from services.platform.ids import bytes16
from tests.integration.services.pilots.region import SHENZHEN, Region
from tests.integration.services.pilots.test_going_around import EVIDENCE, by_itself
from tests.integration.services.pilots.test_shenzhen import DIMENSIONS, FIELDS, drafted, opinions
from tests.integration.services.transactions.rig import GATEWAY, REGIONAL
from tests.waiting import until

pytestmark = pytest.mark.parametrize("region", ["postgresql"], indirect=True, scope="module")


def under_notice(region: Region) -> str:
    """A project in the time of its public notice."""
    lead, group, stb, experts = (region[name] for name in ("lead", "group", "stb", "experts"))
    project = drafted(region)
    region.step(lead, project, "submit", key=lead.authority)
    region.step(group, project, "selection.open", "formality_review")
    opinions(region, project, "group", "selection", ("法律合规",))
    needs = ("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")
    region.step(group, project, "selection.accept", *needs)
    region.step(stb, project, "evaluation.open", "evaluator_roster")
    opinions(region, project, "experts", "evaluation", FIELDS)
    region.step(experts, project, "evaluation.pass", "evaluation_conclusion", body={"conclusions": DIMENSIONS})
    region.step(group, project, "notice.open", "notice_text", public={"title": "公示"})
    return project


def comes_to(region: Region, project: str, state: str) -> None:
    """Lets the gateway work until the project's one comment is in this state."""

    def there() -> bool:
        region.settle()
        (comment,) = region["group"].get(f"/v1/pilots/{project}/comments")["items"]
        return bool(comment["state"] == state)

    until(there)


def filings(region: Region, project: str, after: int = -1) -> list[Any]:
    cursor = {} if after < 0 else {"cursor": str(after)}
    events = region["group"].get(f"/v1/pilots/{project}/timeline", limit=500, **cursor)["items"]
    return [one for one in events if one["name"] == "comment.file"]


def test_an_unfiled_comment_is_filed_once_the_gateway_holds_its_role(region: Region) -> None:
    host, group, refile = region["host"], region["group"], "pilots.comments"
    project = under_notice(region)
    body = {"account": GATEWAY.address, "role": "pilot.gateway", "region": SHENZHEN, "reason": "试验"}
    revoking = host.post(f"/v1/institutions/{host.id}/roles/revocations", body, 202)
    assert region.sign(host, revoking, REGIONAL) == "final"
    said = region.anyone.post(f"/v1/public/pilots/{project}/comments", json={"text": "请说明"})
    assert said.status_code == 201, said.text
    comes_to(region, project, "unfiled")
    region.house.services.jobs.run(refile)  # no role: nothing is tried
    region.settle()
    assert [(one["phase"], one["outcome"]) for one in filings(region, project)] == [
        ("requested", "refused"),
        ("refused", None),
    ]
    region.grant(host, "pilot.gateway", SHENZHEN, GATEWAY)
    region.house.services.jobs.run(refile)
    comes_to(region, project, "filed")
    assert group.get(f"/v1/pilots/{project}")["open_items"] == {"comment": [1]}
    region.house.services.jobs.run(refile)
    assert len(filings(region, project)) == 4  # nothing more is tried


def test_no_notice_is_closed_over_a_comment_that_the_chain_does_not_know(region: Region) -> None:
    """Acknowledged at the end of the notice, filed too late: it is neither passed over nor in the way for ever."""
    group, stb, project = region["group"], region["stb"], under_notice(region)
    said = region.anyone.post(f"/v1/public/pilots/{project}/comments", json={"text": "最后一刻的意见"})
    assert said.status_code == 201, said.text
    region.pass_days(16)
    path, close = (
        f"/v1/pilots/{project}/steps",
        {"action": "notice.close", "evidence": group.evidence("closing_record")},
    )
    waiting = group.post(path, close, 409)
    assert (waiting["rule"], waiting["received_comments"]) == ("SZ-56", [1])
    comes_to(region, project, "unfiled")
    wrong: tuple[dict[str, Any], ...] = (
        {},
        {"unfiled_comments": []},
        {"unfiled_comments": [2]},
        {"unfiled_comments": "1"},
    )
    for content in wrong:
        unnamed = group.post(path, {**close, "body": content}, 409)
        assert (unnamed["rule"], unnamed["unfiled_comments"]) == ("SZ-56", [1])
        assert "五(一)3" in unnamed["source"]
    closed = region.step(group, project, "notice.close", "closing_record", body={"unfiled_comments": [1]})
    assert closed["state"] == "NOTICE_CLEARED"
    region.step(stb, project, "stb.consult", "consultation")
    approval = {"action": "launch.approve", "evidence": group.evidence("decision")}
    unnamed = group.post(path, approval, 409)
    assert (unnamed["rule"], unnamed["unfiled_comments"]) == ("SZ-56", [1])
    asked = group.post(path, {**approval, "body": {"unfiled_comments": [1]}}, 202)
    assert asked["state"] == "needs_authorisation"


@pytest.mark.full
def test_a_comment_beyond_the_gateways_reach_is_filed_with_its_proof(region: Region) -> None:
    """A body that goes around the service claims a number so far ahead that the chain believes the gateway no more."""
    group, project = region["group"], under_notice(region)
    message = {"project": to_hex(bytes16(project)), "action": "danger.raise", "value": 1, "seq": REACH // 2 + 40}
    by_itself(region, "PilotStep", "step", {**message, **EVIDENCE}, group.account)
    assert group.get(f"/v1/pilots/{project}")["open_items"] == {"danger": [1]}
    said = region.anyone.post(f"/v1/public/pilots/{project}/comments", json={"text": "请说明"})
    assert said.status_code == 201, said.text
    comes_to(region, project, "filed")
    assert group.get(f"/v1/pilots/{project}")["open_items"] == {"comment": [1], "danger": [1]}
    assert filings(region, project, after=REACH // 2)[0]["seq"] > REACH // 2
