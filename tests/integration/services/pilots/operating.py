"""Projects brought to run the short way, and what a watch over them is asked for in tests."""

from typing import Any

from tests.integration.services.pilots.application import add_materials, form
from tests.integration.services.pilots.region import Party, Region, day_number
from tests.integration.services.pilots.test_shenzhen import DIMENSIONS, FIELDS, opinions

WATCH = "pilots.deadlines"
ACCEPTED = ("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")


def running(region: Region, planned_end: str) -> str:
    """A Shenzhen project that runs until a date; its id."""
    lead, partner, group, stb, experts = (region[name] for name in ("lead", "partner", "group", "stb", "experts"))
    said = form(lead, partner, planned_end=planned_end)
    project: str = lead.post("/v1/pilots", {"rulebook": region.rulebook, "form": said})["id"]
    add_materials(region, project, lead, partner)
    region.confirm(partner, project)
    region.step(lead, project, "submit", key=lead.authority)
    region.step(group, project, "selection.open", "formality_review")
    opinions(region, project, "group", "selection", ("法律合规",))
    region.step(group, project, "selection.accept", *ACCEPTED)
    region.step(stb, project, "evaluation.open", "evaluator_roster")
    opinions(region, project, "experts", "evaluation", FIELDS)
    region.step(experts, project, "evaluation.pass", "evaluation_conclusion", body={"conclusions": DIMENSIONS})
    region.step(group, project, "notice.open", "notice_text")
    region.pass_days(9)
    region.step(group, project, "notice.close", "closing_record")
    region.step(stb, project, "stb.consult", "consultation")
    region.step(group, project, "launch.approve", "decision")
    end = day_number(planned_end)
    launched = region.step(lead, project, "launch", "publication", key=lead.authority, value=end)
    assert launched["state"] == "RUNNING"
    return project


def watch(region: Region) -> None:
    """The job, twice: the second finds nothing new to do."""
    for _ in range(2):
        region.house.services.jobs.run(WATCH)


def duties(party: Party, project: str, code: str) -> list[Any]:
    """The project's duties of a code, oldest first."""
    return [one for one in party.get(f"/v1/pilots/{project}/duties")["items"] if one["code"] == code]


def owe(party: Party, project: str, code: str, status: int = 201, **more: Any) -> Any:
    """Opens a duty."""
    return party.post(f"/v1/pilots/{project}/duties", {"code": code, **more}, status)


def move(party: Party, duty: Any, name: str, *codes: str, status: int = 201, **more: Any) -> Any:
    """Takes a duty on."""
    place = f"/v1/pilots/{duty['project']}/duties/{duty['number']}/moves"
    return party.post(place, {"move": name, "evidence": party.evidence(*codes), **more}, status)


def alerts(party: Party, project: str, kind: str) -> list[Any]:
    """The alerts of a kind that are not closed."""
    found = party.get("/v1/pilots/alerts", project=project, open=True)["items"]
    return [one for one in found if one["kind"] == kind]


def decide(party: Party, alert: Any, name: str, status: int = 201) -> Any:
    """A decision about an alert."""
    place = f"/v1/pilots/{alert['project']}/alerts/{alert['number']}/moves"
    return party.post(place, {"move": name, "body": {"note": f"{name}：已核查"}}, status)
