"""A region's log is frozen while projects are under way: what they are told, and how they go on under the successor."""

from typing import Any, NamedTuple

import pytest

from tests.integration.services.pilots.application import SETTINGS, form
from tests.integration.services.pilots.region import Region
from tests.integration.services.pilots.test_shenzhen import drafted

pytestmark = pytest.mark.parametrize("region", ["postgresql"], indirect=True, scope="module")


class Frozen(NamedTuple):
    """A submitted project, a step of it that was asked for before its log was frozen, and what stood over that log."""

    project: str
    asked: dict[str, Any]
    log: str
    rulebook: str


@pytest.fixture(scope="module")
def frozen(region: Region) -> Frozen:
    lead, group = region["lead"], region["group"]
    project = drafted(region)
    region.step(lead, project, "submit", key=lead.authority)
    asked = group.post(
        f"/v1/pilots/{project}/steps",
        {"action": "selection.open", "evidence": group.evidence("formality_review")},
        202,
    )
    freezing = group.post(f"/v1/logs/{region.log}/freeze", {"reason": "锚定钥失窃(测试)"}, 202)
    assert region.sign(group, freezing, group.authority) == "final"
    return Frozen(project, asked, region.log, region.rulebook)


def _problem(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"].rsplit(":")[-1]


def test_what_was_asked_before_is_decided_without_a_leaf(region: Region, frozen: Frozen) -> None:
    lead, group = region["lead"], region["group"]
    assert region.sign(group, frozen.asked, group.account) == "final"
    assert lead.get(f"/v1/pilots/{frozen.project}")["state"] == "UNDER_SELECTION"
    last = lead.get(f"/v1/pilots/{frozen.project}/timeline")["items"][-1]
    assert (last["name"], last["phase"], last["outcome"]) == ("selection.open", "requested", "registered")
    assert last["signer"] == group.account.address


def test_every_door_says_how_to_go_on(region: Region, frozen: Frozen) -> None:
    lead, partner, group = region["lead"], region["partner"], region["group"]
    place = f"/v1/pilots/{frozen.project}"
    doors = [
        (group, f"{place}/steps", {"action": "selection.decline"}),
        (lead, f"{place}/steps", {"action": "withdraw"}),
        (lead, f"{place}/facts", {"kind": "note", "body": {"text": "补充说明"}}),
        (lead, "/v1/pilots", {"rulebook": frozen.rulebook, "form": form(lead, partner)}),
    ]
    for party, path, body in doors:
        refused = party.client.post(path, json=body)
        assert _problem(refused) == (409, "project-log-frozen"), refused.text
        assert "regseal pilot activate" in refused.json()["detail"]
    assert group.client.get(f"{place}/application").status_code == 409  # a look that cannot be noted is not given
    assert lead.get(f"{place}/application")["digest"]
    assert lead.client.get(f"{place}/dossier").status_code == 200


def test_a_seal_is_still_possible(region: Region, frozen: Frozen) -> None:
    sealed = region["lead"].client.post(f"/v1/pilots/{frozen.project}/seal")
    assert sealed.status_code in (202, 409), sealed.text
    assert sealed.status_code == 202 or _problem(sealed)[1] == "sealed"


def test_the_way_out_is_a_way(region: Region, frozen: Frozen) -> None:
    lead, group = region["lead"], region["group"]
    succeeding = group.post(
        f"/v1/logs/{frozen.log}/successor", {"origin": "pilots.shenzhen.example/2026-2", "reason": "承继(测试)"}, 202
    )
    assert region.sign(group, succeeding, group.authority) == "final"
    region.log = succeeding["reference"]
    region.house.services.evidence.check.run()
    assert region.activate(group, SETTINGS) != frozen.rulebook
    project = drafted(region)
    assert region.step(lead, project, "submit", key=lead.authority)["state"] == "SUBMITTED"
    again = group.evidence("formality_review")
    operation = group.post(f"/v1/pilots/{project}/steps", {"action": "selection.open", "evidence": again}, 202)
    assert region.sign(group, operation, group.account) == "final"
