"""What comes from elsewhere: steps on the chain that the service never asked for, and a log that is taken from it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from chain.party.eip712 import sign_typed_data
from chain.party.keystore import EvmKey
from chain.proof.encoding import to_hex
from services.evidence.group import Group
from services.pilots import repository
from services.pilots.books import Books
from services.pilots.rulebook.machine import REACH
from services.pilots.steps.projections import PilotEvents
from services.pilots.stream import Entry, Stream
from services.platform.errors import Conflict
from services.platform.ids import bytes16
from services.transactions.views import ChainEvent, OperationView
from tests.integration.services.pilots.application import SETTINGS, form
from tests.integration.services.pilots.region import Region
from tests.integration.services.pilots.test_shenzhen import drafted, refused

pytestmark = pytest.mark.parametrize("region", ["postgresql"], indirect=True, scope="module")

EVIDENCE = {"commitment": to_hex(b"\1" * 32), "leaf": to_hex(b"\2" * 32)}


def by_itself(region: Region, struct: str, function: str, message: Mapping[str, Any], key: EvmKey) -> None:
    """A party signs for the contract what no record asked for, and some account carries it there."""
    transactions, units = region.house.services.transactions, region.house.services.evidence.sequencer
    typed = transactions.typed_data(struct, message, "supervision", deadline=region.clock.ms() // 1000 + 600)

    def ask(group: Group) -> OperationView:
        return transactions.create_operation(
            group.session,
            kind="test.around",
            chain="supervision",
            contract="PilotLifecycle",
            function=function,
            args=dict(message),
            queue="around",
            typed_data=typed,
            signer_hint=key.address,
        )

    asked = units.submit(ask).result(60)
    checked = transactions.check_signature(asked.id, signer=key.address, signature=sign_typed_data(typed, key))
    units.submit(lambda group: transactions.authorise(group.session, checked)).result(60)
    assert region.work(asked.id) == "final"


def test_a_co_applicant_cannot_have_the_draft_of_others_submitted(region: Region) -> None:
    lead, partner, group = region["lead"], region["partner"], region["group"]
    project = drafted(region)
    named = {"project": to_hex(bytes16(project)), "rulebook": region.rulebook, "lead": to_hex(bytes16(partner.id))}
    message = {**named, "stream": "0x" + "33" * 16, "action": "submit", "seq": 0, **EVIDENCE}
    by_itself(region, "OpenPilot", "open", message, partner.authority)
    found = lead.get(f"/v1/pilots/{project}")
    assert (found["state"], found["state_term"], found["count"]) == ("TAKEN", "编号被占用", 0)
    assert group.client.get(f"/v1/pilots/{project}").status_code == 404
    asked = lead.client.post(f"/v1/pilots/{project}/steps", json={"action": "submit"})
    assert (asked.status_code, asked.json()["type"].rsplit(":")[-1]) == (409, "project-taken")
    changed = lead.client.post(f"/v1/pilots/{project}/application", json={"form": form(lead, partner)})
    assert changed.json()["type"].endswith("project-state")
    assert project not in [item["project"]["id"] for item in lead.get("/v1/pilots/queue")["items"]]


def test_a_step_with_somebody_elses_evidence_is_not_the_step_that_was_asked_for(region: Region) -> None:
    lead, group = region["lead"], region["group"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    region.step(lead, project, "submit", key=lead.authority)
    asked = group.post(
        f"{place}/steps", {"action": "selection.open", "evidence": group.evidence("formality_review")}, 202
    )
    message = {name: asked["typed_data"]["message"][name] for name in ("project", "seq", "commitment", "leaf")}
    around = {**message, "action": "withdraw", "value": 0}
    by_itself(region, "PilotStep", "step", around, lead.authority)
    assert lead.get(place)["state"] == "WITHDRAWN"
    events = lead.get(f"{place}/timeline")["items"]
    opening = next(each for each in events if each["name"] == "selection.open")
    assert (opening["phase"], opening["outcome"], opening["transaction"]) == ("requested", None, None)
    fact = next(each for each in events if each["name"] == "step.elsewhere")
    assert (fact["reason"], fact["state"], fact["signer"]) == ("withdraw", "WITHDRAWN", lead.authority.address)
    assert fact["transaction"]
    content = group.get(f"{place}/events/{fact['seq']}")["content"]
    assert (content["action"], content["leaf"]) == ("withdraw", message["leaf"])
    forged = {"kind": "step.elsewhere", "body": {"action": "stop"}}
    assert lead.client.post(f"{place}/facts", json=forged).json()["field"] == "/kind"
    assert region.sign(group, asked, group.account) == "refused"


def test_experts_speak_for_their_own_body_and_can_step_back(region: Region) -> None:
    lead, group, stb = region["lead"], region["group"], region["stb"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    region.step(lead, project, "submit", key=lead.authority)
    region.step(group, project, "selection.open", "formality_review")
    needs = group.evidence("risk_assessment", "expert_opinions", "municipal_evaluation", "decision")
    accepting = {"action": "selection.accept", "evidence": needs}

    def say(party: Any, **said: Any) -> None:
        opinion = {"expert": "专家甲", "field": "法律合规", "stage": "selection", "declaration": party.document("声明")}
        party.post(f"{place}/facts", {"kind": "expert.opinion", "body": {**opinion, **said}})

    say(stb, opinion="同意")  # another body's expert neither helps
    refused(group.client.post(f"{place}/steps", json=accepting), "SZ-44")
    say(stb, conflicted=True, opinion="反对")  # nor stands in the way
    say(group, expert="专家乙", opinion="同意")
    say(group, conflicted=True, opinion="同意")
    refused(group.client.post(f"{place}/steps", json=accepting), "SZ-46")
    say(group, conflicted=True)  # steps back
    assert group.post(f"{place}/steps", accepting, 202)["state"] == "needs_authorisation"


def test_a_lead_cannot_end_its_project_by_a_number_that_no_stream_reaches(region: Region) -> None:
    """It claims the last number that the contract believes; the service catches up, the bodies go on with proofs."""
    lead, group = region["lead"], region["group"]
    project = drafted(region)
    place = f"/v1/pilots/{project}"
    region.step(lead, project, "submit", key=lead.authority)
    region.step(group, project, "correction.request", "correction_notice")
    around = {"project": to_hex(bytes16(project)), "action": "resubmit", "value": 0, "seq": REACH // 2 - 1, **EVIDENCE}
    by_itself(region, "PilotStep", "step", around, lead.authority)
    assert lead.get(place)["state"] == "SUBMITTED"
    events = lead.get(f"{place}/timeline", cursor=str(REACH // 2 - 4))["items"]
    assert [(each["seq"], each["name"]) for each in events] == [(REACH // 2 - by, "filler") for by in (3, 2, 1)]
    moved = region.step(group, project, "selection.open", "formality_review")
    assert (moved["state"], moved["count"]) == ("UNDER_SELECTION", REACH // 2 + 1)
    _read_in_a_recovery(region, project, around, lead.authority)
    assert len(lead.get(f"{place}/timeline", cursor=str(REACH // 2 - 4))["items"]) == 5


def test_a_draft_ends_while_it_can_still_be_submitted(region: Region) -> None:
    """An opening has no log yet to be proven in: its number must be one that the chain believes."""
    services, project = region.house.services, drafted(region)
    stream, seqs = Stream(services.evidence), []

    def unit(group: Group) -> None:
        row = repository.project(group.session, project)
        assert row is not None
        while True:
            said = Entry(name="draft", actor=row.lead_id, content={"version": 9})
            seqs.append(stream.append(group, row, said)[0].seq)

    with pytest.raises(Conflict) as full:
        services.evidence.sequencer.submit(unit).result(60)
    assert (full.value.slug, max(seqs)) == ("draft-full", 999)
    assert REACH // 2 - 1 > 999
    lead = region["lead"]
    assert region.step(lead, project, "submit", key=lead.authority)["state"] == "SUBMITTED"  # nothing of it is left


def _read_in_a_recovery(region: Region, project: str, step: Mapping[str, Any], signer: EvmKey) -> None:
    """The chain's event once more, where nothing that is written has a place: it comes to an end."""
    services = region.house.services
    told = {name: step[name] for name in ("action", "value", "seq")} | {"from": 0, "to": 0, "signer": signer.address}
    told |= {"project": bytes16(project), "commitment": b"\1" * 32, "leaf": b"\2" * 32}
    event = ChainEvent("supervision", "PilotLifecycle", "PilotMoved", told, 1, "0x", 1, "0x", 0, 0)
    handlers = PilotEvents(Stream(services.evidence), Books(), chain="supervision")

    def unit(group: Group) -> None:
        handlers.moved(group, event)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        services.evidence.quiet_units(region.clock.ms()).submit(unit).result()


class Frozen(NamedTuple):
    """A submitted project, a step of it that was asked for before its log was frozen, and what stood over that log."""

    project: str
    asked: dict[str, Any]
    log: str
    rulebook: str


@contextmanager
def another_log(region: Region) -> Iterator[None]:
    """What happens to the region's log and rulebook here is over afterwards: other tests have theirs."""
    log, rulebook = region.log, region.rulebook
    try:
        yield
    finally:
        region.log, region.rulebook = log, rulebook


@pytest.fixture(scope="module")
def frozen(region: Region) -> Frozen:
    lead, group = region["lead"], region["group"]
    with another_log(region):
        region.open_log(group, "pilots.shenzhen.example/2027")
        region.activate(group, SETTINGS)
        project = drafted(region)
        region.step(lead, project, "submit", key=lead.authority)
        needs = group.evidence("formality_review")
        asked = group.post(f"/v1/pilots/{project}/steps", {"action": "selection.open", "evidence": needs}, 202)
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
        f"/v1/logs/{frozen.log}/successor", {"origin": "pilots.shenzhen.example/2027-2", "reason": "承继(测试)"}, 202
    )
    assert region.sign(group, succeeding, group.authority) == "final"
    with another_log(region):
        region.log = succeeding["reference"]
        region.house.services.evidence.check.run()
        assert region.activate(group, SETTINGS) != frozen.rulebook
        project = drafted(region)
        assert region.step(lead, project, "submit", key=lead.authority)["state"] == "SUBMITTED"
        again = group.evidence("formality_review")
        operation = group.post(f"/v1/pilots/{project}/steps", {"action": "selection.open", "evidence": again}, 202)
        assert region.sign(group, operation, group.account) == "final"
