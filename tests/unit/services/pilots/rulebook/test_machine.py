from collections.abc import Callable
from dataclasses import replace

import pytest

from services.days import add_months
from services.pilots.rulebook.compile import compile_table
from services.pilots.rulebook.loader import book_text, load
from services.pilots.rulebook.machine import ABSENT, REACH, Refused, Standing, Step, advance
from services.pilots.rulebook.model import ItemKind
from tests.unit.services.pilots.rulebook.cases import (
    BJ,
    GZ,
    SELECTION,
    SZ,
    TODAY,
    EveryDay,
    Project,
    running,
    settings_of,
    table,
)

STAGES = ("exit.assess", "exit.review", "exit.consult")


def state_of(project: Project) -> str | None:
    return project.standing.state


def refusal(act: Callable[[], object]) -> Refused:
    with pytest.raises(Refused) as refused:
        act()
    return refused.value


def noticed(name: str = SZ) -> Project:
    return Project(name).take("submit", *SELECTION, "notice.open")


def test_shenzhen_from_application_to_normal_operation_with_one_extension() -> None:
    project = running(SZ)
    project.take("exit.initiate.extend", *STAGES).step("exit.implement.extend", project.standing.ends_on + 100)
    assert state_of(project) == "RUNNING"
    assert "extended" in project.standing.flags
    project.take("exit.initiate.normalise", *STAGES, "exit.implement.normalise")
    assert state_of(project) == "NORMALISED"


def test_a_core_institution_skips_selection() -> None:
    project = Project(SZ).take("submit.core", "core.review", "core.report", "core.accept")
    assert state_of(project) == "EVALUATION"
    again = Project(SZ).take("submit.core")
    assert refusal(lambda: again.step("selection.open")).guard == "PilotFlagsForbidden"


def test_guangzhou_assesses_in_stages_and_forces_out() -> None:
    project = running(GZ).take("stage.open").step("stage.rectify", 1)
    refused = refusal(lambda: project.step("stage.reassess"))
    assert (refused.guard, refused.rule_id) == ("PilotItemsOpen", "GZ-50")
    project.step("rectification.close", 1).take("stage.reassess", "stage.optimise", "stage.reassess", "stage.pass")
    project.step("ground.raise", 1)
    assert refusal(lambda: project.step("normalise")).rule_id == "GZ-58"
    assert refusal(lambda: project.step("exit.apply")).rule_id == "GZ-58"
    project.take("suspend")
    assert refusal(lambda: project.step("resume")).rule_id == "GZ-53"
    assert state_of(project.step("exit.force")) == "FORCED_OUT"


def test_tutoring_lasts_a_year_from_the_notice_and_expires_after_it() -> None:
    project = Project(GZ).take("tutoring.submit", "tutoring.select", "tutoring.evaluate", "tutoring.pass")
    project.take("tutoring.notice.open").wait(6)
    end = add_months(TODAY, 12)
    refused = refusal(lambda: project.step("tutoring.open", add_months(project.today, 12) + 1))
    assert (refused.guard, refused.rule_id) == ("PilotTerm", "GZ-65")
    project.step("tutoring.open", end)
    project.today = end
    refused = refusal(lambda: project.step("tutoring.expire"))
    assert (refused.guard, refused.numbers) == ("PilotNotEnded", {"ends_on": end, "today": end})
    assert state_of(project.wait(1).take("tutoring.expire")) == "TUTORING_EXPIRED"


def test_beijing_runs_under_its_settings() -> None:
    project = running(BJ)
    project.take("exit.initiate.end", "exit.assess", "exit.implement.end")
    assert state_of(project) == "ENDED"


def test_what_is_not_in_the_table_is_refused() -> None:
    assert refusal(lambda: Project(SZ).step("launch")).guard == "PilotUnknown"
    assert refusal(lambda: Project(SZ).step("fly")).guard == "PilotNoRule"
    project = Project(SZ).take("submit")
    refused = refusal(lambda: project.step("launch"))
    assert (refused.guard, refused.numbers) == ("PilotNoRule", {"state": "SUBMITTED", "action": "launch"})
    assert refusal(lambda: project.step("submit")).guard == "PilotNoRule"


def test_the_wrong_body_is_refused_by_the_rule_that_names_the_right_one() -> None:
    project = Project(SZ).take("submit")
    refused = refusal(lambda: project.step("selection.open", body="lead"))
    assert (refused.guard, refused.rule_id) == ("PilotNotBody", "SZ-41")
    assert refused.source == "深圳工作指南 五(一)1"
    assert refused.numbers == {"body": "lead", "expected": "working_group"}


def test_evidence_and_sequence() -> None:
    project = Project(SZ).take("submit", "selection.open")
    assert refusal(lambda: project.step("selection.accept", evidence=0)).guard == "PilotZero"
    refused = refusal(lambda: project.step("selection.accept", seq=1))
    assert (refused.guard, refused.numbers) == ("PilotStale", {"seq": 1, "count": 2})
    project.step("selection.accept", seq=9)
    assert (project.standing.count, project.standing.proven_count) == (10, 0)


def test_no_number_is_believed_that_the_stream_cannot_reach() -> None:
    """The lead claims less than 1,024 beyond what was proven, a body less than 2,048; with its proof, anything."""
    project = Project(SZ).take("submit")
    ahead = refusal(lambda: project.step("withdraw", seq=REACH // 2, proven=0))
    assert (ahead.guard, ahead.numbers) == ("PilotAhead", {"seq": REACH // 2, "limit": REACH // 2})
    project.step("selection.open", seq=REACH // 2 - 1, proven=0)
    assert project.standing.proven_count == 0
    ahead = refusal(lambda: project.step("selection.accept", seq=REACH, proven=0))
    assert (ahead.guard, ahead.numbers) == ("PilotAhead", {"seq": REACH, "limit": REACH})
    project.step("selection.accept", seq=REACH + 5)
    assert (project.standing.count, project.standing.proven_count) == (REACH + 6, REACH + 6)
    project.step("evaluation.open", seq=REACH + 6, proven=0)
    assert project.standing.proven_count == REACH + 6


def test_an_opening_has_no_log_to_be_proven_in() -> None:
    ahead = refusal(lambda: Project(SZ).step("submit", seq=REACH // 2))
    assert (ahead.guard, ahead.numbers) == ("PilotAhead", {"seq": REACH // 2, "limit": REACH // 2})
    assert Project(SZ).step("submit", seq=REACH // 2 - 1).standing.count == REACH // 2


def test_a_number_that_does_not_fit_the_contract_is_refused_with_any_proof() -> None:
    project = Project(SZ).take("submit")
    ahead = refusal(lambda: project.step("selection.open", seq=2**32 - 1))
    assert (ahead.guard, ahead.numbers) == ("PilotAhead", {"seq": 2**32 - 1, "limit": REACH})
    project.step("selection.open", seq=2**32 - 2)
    ahead = refusal(lambda: project.step("selection.accept", seq=2**32 - 1))
    assert (ahead.guard, ahead.numbers) == ("PilotAhead", {"seq": 2**32 - 1, "limit": 2**32 - 1})


@pytest.mark.parametrize("waited", range(7))
def test_a_notice_of_five_working_days_is_over_when_the_fifth_day_is(waited: int) -> None:
    project = noticed().wait(waited)
    if waited < 6:
        refused = refusal(lambda: project.step("notice.close"))
        assert (refused.guard, refused.rule_id) == ("PilotNoticeRunning", "SZ-55")
        assert refused.source == "深圳工作指南 五(一)3"
        assert refused.numbers == {"since": TODAY, "days": 5, "counted": max(waited - 1, 0), "known": 1}
        project.step("comment.file", 1)
    else:
        refused = refusal(lambda: project.step("comment.file", 1))
        assert (refused.guard, refused.rule_id) == ("PilotNoticeNotRunning", "SZ-55")
        assert state_of(project.take("notice.close")) == "NOTICE_CLEARED"


def test_days_of_a_year_that_is_not_published_have_not_passed() -> None:
    project = noticed()
    project.calendar = EveryDay(published_until=TODAY + 4)
    refused = refusal(lambda: project.wait(30).step("notice.close"))
    assert refused.guard == "PilotNoticeRunning"
    assert refused.numbers["known"] == 0
    assert state_of(project.step("comment.file", 1)) == "PUBLIC_NOTICE"


def test_no_launch_with_a_comment_or_a_danger_open() -> None:
    project = noticed().step("comment.file", 1).step("comment.file", 2).wait(6)
    refused = refusal(lambda: project.step("notice.close"))
    assert (refused.guard, refused.rule_id, refused.numbers) == ("PilotItemsOpen", "SZ-56", {"kind": 0, "count": 2})
    project.step("comment.dismiss", 1).step("comment.uphold", 2)
    refused = refusal(lambda: project.step("notice.close"))
    assert (refused.guard, refused.rule_id, refused.numbers) == ("PilotItemsOpen", "SZ-57", {"kind": 1, "count": 1})
    project.step("danger.mitigate", 2).take("notice.close", "stb.consult").step("danger.raise", 7)
    assert refusal(lambda: project.step("launch.approve")).rule_id == "SZ-57"


def test_an_item_is_opened_once_and_closed_once() -> None:
    project = noticed().step("comment.file", 1)
    assert refusal(lambda: project.step("comment.file", 1)).guard == "PilotItem"
    assert refusal(lambda: project.step("comment.dismiss", 2)).guard == "PilotItem"
    project.step("comment.dismiss", 1)
    assert refusal(lambda: project.step("comment.dismiss", 1)).guard == "PilotItem"
    assert refusal(lambda: project.step("comment.file", 1)).numbers == {"kind": 0, "id": 1}
    project.step("comment.file", 2).step("danger.raise", 2)
    refused = refusal(lambda: project.step("comment.uphold", 2))
    assert (refused.guard, refused.numbers) == ("PilotItem", {"kind": 1, "id": 2})
    assert project.standing.open_of(ItemKind.COMMENT) == {2}


def test_launch_needs_consultation_approval_and_proof() -> None:
    project = Project(SZ).take("submit.approval", *SELECTION, "notice.open").wait(6).take("notice.close")
    refused = refusal(lambda: project.step("launch.approve"))
    assert (refused.guard, refused.rule_id) == ("PilotFlagsMissing", "SZ-58")
    project.take("stb.consult")
    refused = refusal(lambda: project.step("launch.approve"))
    assert (refused.guard, refused.rule_id) == ("PilotFlagsForbidden", "SZ-16")
    project.take("approval.file")
    assert refusal(lambda: project.step("launch.approve", proven=0)).guard == "PilotNeedsProof"
    assert state_of(project.take("launch.approve")) == "LAUNCH_APPROVED"


def test_guangzhou_launches_only_what_is_committed_in_writing() -> None:
    project = noticed(GZ).wait(6).take("notice.close")
    refused = refusal(lambda: project.step("launch.approve"))
    assert (refused.guard, refused.rule_id, refused.source) == ("PilotFlagsMissing", "GZ-35", "广州通知 四(一)")


def test_the_term_of_a_pilot_is_limited() -> None:
    project = noticed().wait(6).take("notice.close", "stb.consult", "launch.approve")
    limit = add_months(project.today, 24)
    refused = refusal(lambda: project.step("launch", limit + 1))
    assert (refused.guard, refused.rule_id) == ("PilotTerm", "SZ-60")
    assert refused.numbers == {"value": limit + 1, "limit": limit, "months": 24}
    for value in (0, project.today, 2**24):
        assert refusal(lambda value=value: project.step("launch", value)).guard == "PilotValue"  # type: ignore[misc]
    assert project.step("launch", limit).standing.ends_on == limit


def test_one_extension_of_at_most_twelve_months_from_the_old_end() -> None:
    project = running(SZ).take("exit.initiate.extend", *STAGES)
    end = project.standing.ends_on
    limit = add_months(end, 12)
    refused = refusal(lambda: project.step("exit.implement.extend", limit + 1))
    assert (refused.guard, refused.rule_id, refused.numbers["limit"]) == ("PilotTerm", "SZ-80", limit)
    assert refusal(lambda: project.step("exit.implement.extend", end)).guard == "PilotValue"
    project.step("exit.implement.extend", limit)
    refused = refusal(lambda: project.step("exit.initiate.extend"))
    assert (refused.guard, refused.rule_id) == ("PilotFlagsForbidden", "SZ-79")


def test_a_longer_extension_needs_the_recorded_exception() -> None:
    project = running(SZ).take("exit.initiate.extend", *STAGES)
    assert refusal(lambda: project.step("extension.exception", body="working_group")).rule_id == "SZ-81"
    later = add_months(project.standing.ends_on, 12) + 400
    project.take("extension.exception").step("exit.implement.extend", later)
    assert project.standing.ends_on == later
    assert project.standing.flags == {"consulted", "extended"}


def test_the_stages_of_exit_come_in_order() -> None:
    project = running(SZ).take("exit.initiate.end")
    for skipped in ("exit.review", "exit.consult", "exit.implement.end"):
        assert refusal(lambda skipped=skipped: project.step(skipped)).guard == "PilotNoRule"  # type: ignore[misc]
    project.take(*STAGES)
    for other in ("normalise", "extend", "force"):
        refused = refusal(lambda other=other: project.step(f"exit.implement.{other}"))  # type: ignore[misc]
        assert (refused.guard, refused.rule_id) == ("PilotFlagsMissing", "SZ-69")
    assert state_of(project.take("exit.implement.end")) == "ENDED"


@pytest.mark.parametrize("way", ["normalise", "end", "extend"])
def test_no_gentler_exit_while_a_ground_stands(way: str) -> None:
    project = running(SZ).step("ground.raise", 1)
    refused = refusal(lambda: project.step(f"exit.initiate.{way}"))
    assert (refused.guard, refused.rule_id) == ("PilotItemsOpen", "SZ-83")
    project.step("ground.lift", 1).take(f"exit.initiate.{way}", *STAGES).step("ground.raise", 2)
    value = project.standing.ends_on + 10 if way == "extend" else 0
    refused = refusal(lambda: project.step(f"exit.implement.{way}", value))
    assert (refused.guard, refused.rule_id, refused.numbers) == ("PilotItemsOpen", "SZ-83", {"kind": 2, "count": 1})
    project.take("exit.abandon", "exit.initiate.force", *STAGES)
    assert state_of(project.take("exit.implement.force")) == "FORCED_OUT"


def test_nobody_is_forced_out_without_a_ground() -> None:
    refused = refusal(lambda: running(SZ).step("exit.initiate.force"))
    assert (refused.guard, refused.rule_id, refused.numbers) == ("PilotNoItemOpen", "SZ-82", {"kinds": 4})


def test_a_pilot_with_a_major_danger_in_its_course_is_not_extended() -> None:
    project = running(SZ).step("danger.raise", 1).step("danger.mitigate", 1)
    refused = refusal(lambda: project.step("exit.initiate.extend"))
    assert (refused.guard, refused.rule_id) == ("PilotFlagsForbidden", "SZ-77")


def test_a_step_without_a_value_takes_none() -> None:
    assert refusal(lambda: Project(SZ).step("submit", 1)).numbers == {"value": 1}


def test_checks_come_in_the_order_of_the_contract() -> None:
    """Everything is wrong with a step; what is named is mended, and the next is named."""
    standing = replace(
        noticed().step("comment.file", 1).standing, state="NOTICE_CLEARED", flags=frozenset({"approval_pending"})
    )
    step = Step("launch.approve", "lead", TODAY, 0, value=9, evidence=False, proven=False)
    mends: list[tuple[str, Standing, Step]] = []

    def mended(guard: str, *, where: Standing, what: Step) -> None:
        mends.append((guard, where, what))

    both, consulted = frozenset({"approval_pending", "consulted"}), frozenset({"consulted"})
    mended("PilotNotBody", where=standing, what=(step := replace(step, body="working_group")))
    mended("PilotZero", where=standing, what=(step := replace(step, evidence=True)))
    mended("PilotStale", where=standing, what=(step := replace(step, seq=standing.count)))
    mended("PilotFlagsMissing", where=(standing := replace(standing, flags=both)), what=step)
    mended("PilotFlagsForbidden", where=(standing := replace(standing, flags=consulted)), what=step)
    mended("PilotItemsOpen", where=(standing := replace(standing, opened=frozenset())), what=step)
    mended("PilotNoticeRunning", where=standing, what=(step := replace(step, today=TODAY + 6)))
    mended("PilotValue", where=standing, what=(step := replace(step, value=0)))
    mended("PilotNeedsProof", where=standing, what=replace(step, proven=True))
    standing, step = replace(mends[0][1]), replace(mends[0][2], body="lead")
    for guard, after, better in mends:
        with pytest.raises(Refused) as refused:
            advance(table(SZ), standing, step, EveryDay())
        assert refused.value.guard == guard
        standing, step = after, better
    assert advance(table(SZ), standing, step, EveryDay()).state == "LAUNCH_APPROVED"


def test_a_refused_step_leaves_the_standing_as_it_was() -> None:
    project = noticed()
    before = project.standing
    refusal(lambda: project.step("notice.close"))
    assert project.standing is before
    assert ABSENT.state is None


def test_what_is_only_possible_before_the_end_is_refused_after_it() -> None:
    """No rulebook has this guard today; the contract knows it, and a new rulebook may use it."""
    text = book_text(SZ).replace(
        "    sets: [exit_extend]\n", "    sets: [exit_extend]\n    guards: {before_end: SZ-79}\n"
    )
    bounded = compile_table(load(text, settings_of(SZ)))
    standing = running(SZ).standing
    step = Step("exit.initiate.extend", "working_group", standing.ends_on, standing.count)
    assert advance(bounded, standing, step, EveryDay()).state == "EXIT_INITIATED"
    refused = refusal(lambda: advance(bounded, standing, replace(step, today=step.today + 1), EveryDay()))
    assert (refused.guard, refused.rule_id) == ("PilotEnded", "SZ-79")
    assert refused.numbers == {"ends_on": standing.ends_on, "today": standing.ends_on + 1}
