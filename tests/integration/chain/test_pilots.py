"""Calendar, rulebook and lifecycle on a real node: a project is played, each refusal says its name and numbers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.errors import RevertError
from tests.integration.chain.stage import BY_GATEWAY, BY_GROUP, PROJECT, Stage, entry
from tests.integration.services.transactions.rig import GATEWAY, REGIONAL, Anvil, client_of, deployed, key_of

LEAD, GROUP = key_of("lead"), key_of("group")
COMMENT, DANGER = 0, 1
DAY = 86_400
TABLE = (
    entry(0, "submit", to=1),
    entry(1, "notice.open", body=BY_GROUP, to=2, effect=1),
    entry(2, "comment.file", body=BY_GATEWAY, by_sender=1, effect=4, guards=1, notice=2),
    entry(2, "comment.dismiss", body=BY_GROUP, effect=5),
    entry(2, "comment.uphold", body=BY_GROUP, effect=6, kind_b=DANGER),
    entry(2, "danger.mitigate", body=BY_GROUP, effect=5, kind_a=DANGER, some_open=1 << DANGER),
    entry(2, "notice.close", body=BY_GROUP, to=3, guards=2, notice=2, none_open=0b11),
    entry(3, "launch.approve", body=BY_GROUP, gate=1, to=4),
    entry(4, "launch", effect=2, months=12, to=5),
    entry(5, "extend", body=BY_GROUP, effect=3, months=12, lift=2, guards=8, forbidden=1, set=1),
    entry(5, "extension.exception", body=BY_GROUP, set=2),
    entry(5, "exit", body=BY_GROUP, guards=4, required=1, to=6),
)


@pytest.fixture
def anvil() -> Iterator[Anvil]:
    node = Anvil().start()
    yield node
    node.stop()


@pytest.fixture
def stage(anvil: Anvil, tmp_path: Path) -> Stage:
    chain = client_of(anvil.url, deployed(anvil, tmp_path), anvil.settle)
    stage = Stage(chain, gateway=GATEWAY, authority=REGIONAL, lead=LEAD, group=GROUP)
    stage.found()
    return stage


def later(anvil: Anvil, days: int) -> None:
    anvil.rpc.call("evm_increaseTime", hex(days * DAY))
    anvil.mine()


def refused(stage: Stage, action: str, key: Any, *, value: int = 0) -> tuple[str, dict[str, Any]]:
    with pytest.raises(RevertError) as error:
        stage.step(action, key, value=value)
    return error.value.name, dict(error.value.args_by_name)


def by_sender(stage: Stage, action: str, *, value: int) -> None:
    nobody = {"signer": stage.lead.address, "nonce": 0, "deadline": 0, "signature": b""}
    stage.send("PilotLifecycle", "step", stage.message(action, value=value), nobody)


def test_a_project_from_submission_to_exit_with_every_refusal_on_its_way(anvil: Anvil, stage: Stage) -> None:
    stage.publish(stage.date().year)
    stage.publish(stage.date().year + 1)
    stage.activate(TABLE)
    with pytest.raises(RevertError) as error:
        stage.act("OpenPilot", stage.opening("resubmit"), LEAD)
    assert (error.value.name, dict(error.value.args_by_name)) == ("PilotNoRule", {"state": 0, "action": "resubmit"})
    with pytest.raises(RevertError, match="PilotNotBody"):
        stage.act("OpenPilot", stage.opening(), GROUP)
    stage.open()
    with pytest.raises(RevertError, match="PilotExists"):
        stage.open()

    assert refused(stage, "launch", LEAD) == ("PilotNoRule", {"state": 1, "action": "launch"})
    name, args = refused(stage, "notice.open", LEAD)
    assert (name, args["signer"].lower()) == ("PilotNotBody", LEAD.address.lower())
    stage.step("notice.open", GROUP)
    opened = stage.standing()["noticeFrom"]
    assert opened == stage.today()
    by_sender(stage, "comment.file", value=1)
    by_sender(stage, "comment.file", value=2)
    assert refused(stage, "comment.dismiss", GROUP, value=3) == ("PilotItem", {"kind": COMMENT, "id": 3})
    assert refused(stage, "danger.mitigate", GROUP, value=1) == ("PilotNoItemOpen", {"kinds": 1 << DANGER})
    stage.step("comment.uphold", GROUP, value=1)
    assert stage.chain.read("PilotLifecycle", "itemState", PROJECT, DANGER, 1) == 1
    assert refused(stage, "notice.close", GROUP) == ("PilotItemsOpen", {"kind": COMMENT, "count": 1})
    stage.step("comment.dismiss", GROUP, value=2)
    stage.step("danger.mitigate", GROUP, value=1)
    assert refused(stage, "notice.close", GROUP, value=0) == (
        "PilotNoticeRunning",
        {"from": opened, "noticeDays": 2, "counted": 0, "known": True},
    )
    later(anvil, 5)  # whatever day it is, two working days are over
    stage.step("notice.close", GROUP)
    launch(stage)
    finish(anvil, stage)


def launch(stage: Stage) -> None:
    request = {"project": PROJECT, "action": "launch.approve", "value": 0, **stage.request()}
    with pytest.raises(RevertError, match="PilotNeedsProof"):
        stage.act("PilotStep", request, GROUP)
    stage.anchor()
    assert _gate(stage, {**request, **stage.inclusion(request["leaf"])}) == 4

    today = stage.today()
    assert refused(stage, "launch", LEAD, value=today) == ("PilotValue", {"value": today})
    name, args = refused(stage, "launch", LEAD, value=today + 400)
    assert (name, args["value"]) == ("PilotTerm", today + 400)
    assert 365 <= args["limit"] - today <= 366


def finish(anvil: Anvil, stage: Stage) -> None:
    end = stage.today() + 2
    stage.step("launch", LEAD, value=end)
    assert refused(stage, "exit", GROUP) == ("PilotFlagsMissing", {"flags": 1})
    stage.step("extend", GROUP, value=end + 1)
    assert refused(stage, "extend", GROUP, value=end + 2) == ("PilotFlagsForbidden", {"flags": 1})
    assert refused(stage, "exit", GROUP) == ("PilotNotEnded", {"endsOn": end + 1, "today": stage.today()})
    later(anvil, 4)
    stage.step("exit", GROUP)
    last = stage.standing()
    assert (last["state"], last["flags"], last["count"]) == (6, 1, last["stepCount"])
    assert refused(stage, "exit", GROUP)[0] == "PilotNoRule"


def test_a_notice_without_a_calendar_never_ends_and_no_comment_comes_after_one(anvil: Anvil, stage: Stage) -> None:
    stage.activate(TABLE)
    stage.open()
    stage.step("notice.open", GROUP)
    opened = stage.today()
    later(anvil, 9)
    running = {"from": opened, "noticeDays": 2, "counted": 0, "known": False}
    assert refused(stage, "notice.close", GROUP) == ("PilotNoticeRunning", running)
    by_sender(stage, "comment.file", value=1)
    for year in (stage.date().year - 1, stage.date().year):
        stage.publish(year)
    with pytest.raises(RevertError) as error:
        by_sender(stage, "comment.file", value=2)
    assert error.value.name == "PilotNoticeNotRunning"
    assert error.value.args_by_name["counted"] >= 2
    assert refused(stage, "comment.file", GATEWAY, value=2)[0] == "PilotNoticeNotRunning"  # nor with a signature


def test_a_gate_believes_only_the_stored_head_and_the_requested_leaf(stage: Stage) -> None:
    stage.activate([entry(0, "submit", to=1), entry(1, "approve", body=BY_GROUP, gate=1, to=2)])
    stage.open()
    request = {"project": PROJECT, "action": "approve", "value": 0, **stage.request()}
    stage.anchor()
    old = stage.inclusion(request["leaf"])
    other = stage.request()
    stage.anchor()
    with pytest.raises(RevertError, match="LogNotIncluded"):
        _gate(stage, {**request, **old})
    with pytest.raises(RevertError, match="PilotLeaf"):
        _gate(stage, {**request, **stage.inclusion(other["leaf"])})
    wrong = stage.inclusion(request["leaf"])
    wrong["inclusion"]["log"] = "0x" + "77" * 32
    with pytest.raises(RevertError) as error:
        _gate(stage, {**request, **wrong})
    assert (error.value.name, error.value.args_by_name["log"]) == ("PilotLog", b"\x77" * 32)
    assert _gate(stage, {**request, **stage.inclusion(request["leaf"])}) == 2


def test_anybody_seals_a_later_leaf_and_stops_nothing(stage: Stage) -> None:
    stage.activate([entry(0, "submit", to=1), entry(1, "go")])
    stage.open()
    request = stage.request()
    stage.anchor()
    stage.send("PilotLifecycle", "seal", {"id": PROJECT, **stage.inclusion(request["leaf"])})
    sealed = stage.standing()
    assert (sealed["count"], sealed["stepCount"], sealed["lastLeaf"].hex()) == (2, 1, request["leaf"][2:])
    with pytest.raises(RevertError) as error:
        stage.send("PilotLifecycle", "seal", {"id": PROJECT, **stage.inclusion(request["leaf"])})
    assert (error.value.name, dict(error.value.args_by_name)) == ("PilotStale", {"seq": 1, "count": 2})
    stage.act("PilotStep", {"project": PROJECT, "action": "go", "value": 0, **request}, LEAD)
    assert stage.standing()["stepCount"] == 2


def test_the_gateways_own_keys_move_nothing_but_what_is_filed_by_a_sender(stage: Stage) -> None:
    stage.activate(TABLE)
    stage.open()
    for action in ("notice.open", "launch", "exit"):
        assert refused(stage, action, GATEWAY)[0] in {"PilotNotBody", "PilotNoRule"}
    stage.step("notice.open", GROUP)
    with pytest.raises(RevertError, match="AuthorisationExpired"):
        by_sender(stage, "comment.dismiss", value=1)
    by_sender(stage, "comment.file", value=1)
    assert list(stage.standing()["open"]) == [1, 0, 0, 0]


def _gate(stage: Stage, message: dict[str, Any]) -> int:
    """The state after the gate. RevertError."""
    stage.act("PilotStep", message, stage.group, "gate")
    state: int = stage.standing()["state"]
    return state
