"""What is told of a project on which day, and what may be decided about it; no clock but the one given."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.days import number
from services.pilots.alerts.rules import Cause, Extension, Owed, Seen, Signature, causes, moves_in
from services.pilots.duties.rules import NEVER, judge, moved, overseer, round_due
from services.pilots.rulebook.model import Rulebook
from services.platform.errors import Invalid, RuleRefused
from tests.unit.services.pilots.rulebook.cases import GZ, SZ, book

TODAY = 20_800
QUIET = Seen(state="RUNNING", notice_from=20_000, ends_on=TODAY + 300, today=TODAY, now_s=TODAY * 86_400)


def told(name: str, seen: Seen) -> list[Cause]:
    return list(causes(book(name), seen))


def duty(loaded: Rulebook, code: str) -> Any:
    return next(each for each in loaded.duties if each.code == code)


def test_nothing_is_told_of_a_pilot_in_order() -> None:
    assert told(SZ, QUIET) == []


@pytest.mark.parametrize(
    ("code", "kind", "rule", "body"),
    [
        ("report", "report-overdue", "SZ-62", "working_group"),
        ("ad-hoc-report", "report-overdue", "SZ-63", "working_group"),
        ("incident", "incident-unreported", "SZ-67", "working_group"),
        ("inspection", "duty-overdue", "SZ-65", "stb"),
    ],
)
def test_a_duty_is_overdue_on_the_day_after_its_last(code: str, kind: str, rule: str, body: str) -> None:
    state = book(SZ).courses[duty(book(SZ), code).course].opens
    last = replace(QUIET, duties=(Owed(3, code, state, TODAY),))
    assert [(one.kind, one.key[:5]) for one in told(SZ, last)] == [("duty-near", "near/")]
    (late,) = told(SZ, replace(last, today=TODAY + 1))
    assert (late.kind, late.rule, late.body, late.day, late.subject) == (kind, rule, body, TODAY, 3)
    assert told(SZ, replace(QUIET, duties=(Owed(3, code, state, NEVER), Owed(4, code, state, TODAY + 15)))) == []


def test_another_day_is_another_cause_and_the_same_day_is_not() -> None:
    late = replace(QUIET, duties=(Owed(1, "report", "DUE", TODAY - 1),))
    again = replace(late, today=TODAY + 50)
    postponed = replace(late, duties=(Owed(1, "report", "RETURNED", TODAY - 2),))
    keys = [told(SZ, each)[0].key for each in (late, again, postponed)]
    assert keys[0] == keys[1] != keys[2]


def test_a_pilot_past_its_end_is_told_until_the_rulebook_s_step_answers() -> None:
    (near,) = told(SZ, replace(QUIET, ends_on=TODAY + 28))
    assert (near.kind, near.body) == ("end-near", "lead")
    assert told(SZ, replace(QUIET, ends_on=TODAY))[0].kind == "end-near"
    (past,) = told(SZ, replace(QUIET, ends_on=TODAY - 1))
    assert (past.kind, past.rule, past.day) == ("past-end", "SZ-60", TODAY - 1)
    assert told(SZ, replace(QUIET, ends_on=TODAY - 1, settled=True)) == []


def test_the_working_group_is_told_when_a_notice_ends_but_not_while_days_are_unknown() -> None:
    notice = replace(QUIET, state="PUBLIC_NOTICE", ends_on=0)
    assert told(SZ, replace(notice, counted=None)) == told(SZ, replace(notice, counted=3)) == []
    (ending,) = told(SZ, replace(notice, counted=4))
    assert (ending.kind, ending.rule, ending.proposal) == ("notice-ending", "SZ-55", "notice.close")


def test_the_end_of_tutoring_is_told_with_the_step_that_it_asks_for() -> None:
    tutoring = replace(QUIET, state="TUTORING", ends_on=TODAY)
    assert told(GZ, tutoring) == []
    (ended,) = told(GZ, replace(tutoring, today=TODAY + 1))
    assert (ended.kind, ended.rule, ended.proposal) == ("tutoring-ended", "GZ-65", "tutoring.expire")


def test_extensions_are_counted_and_measured() -> None:
    start = number(date(2027, 1, 31))
    year = number(date(2028, 1, 31))
    once = replace(QUIET, extensions=(Extension(40, start, year),))
    assert told(SZ, once) == []
    assert [one.kind for one in told(SZ, replace(QUIET, extensions=(Extension(40, start, year + 1),)))] == [
        "extension-over-limit"
    ]
    twice = replace(QUIET, extensions=(Extension(40, start, start + 9), Extension(60, start + 9, start + 10)))
    assert [(one.kind, one.subject) for one in told(SZ, twice)] == [("second-extension", 60)]


def test_a_signature_and_a_correction_are_told_when_their_time_comes() -> None:
    waiting = Signature(9, "stb", "SZ-58", QUIET.now_s + 86_401)
    assert told(SZ, replace(QUIET, signatures=(waiting,))) == []
    (soon,) = told(SZ, replace(QUIET, signatures=(replace(waiting, until=QUIET.now_s + 86_400),)))
    assert (soon.kind, soon.body, soon.key) == ("signature-near", "stb", "signature/9")
    asked = replace(QUIET, state="CORRECTION", ends_on=0, correction=(4, TODAY))
    assert told(SZ, asked) == []
    assert told(SZ, replace(asked, today=TODAY + 1))[0].rule == "SZ-42"


def test_an_alert_is_decided_step_by_step() -> None:
    assert dict(moves_in("NEW", cleared=True)) == {"assign": "ASSIGNED"}
    assert dict(moves_in("INVESTIGATING", cleared=False)) == {"dismiss": "FALSE_POSITIVE", "confirm": "CONFIRMED"}
    assert dict(moves_in("CONFIRMED", cleared=False)) == {"measure": "MEASURE"}
    assert moves_in("CONFIRMED", cleared=True)["close"] == "CLOSED"
    assert moves_in("CLOSED", cleared=True) == {}


def test_reports_are_due_by_the_launch_day_without_losing_a_month_s_end() -> None:
    loaded = book(SZ)
    start = number(date(2026, 11, 30))
    due = [round_due(duty(loaded, "report"), start, each) - start for each in (1, 2)]
    assert due == [90, 181]  # 28 February, 30 May
    assert overseer(duty(loaded, "measures")) == "stb"
    assert overseer(duty(loaded, "complaint")) == "working_group"


def test_a_move_meets_sets_or_keeps_the_day() -> None:
    loaded = book(SZ)
    report = duty(loaded, "report")
    file = judge(loaded, report, "DUE", TODAY - 1, name="file")
    met = moved(report, file, TODAY - 1, today=TODAY, wanted=None)
    assert (met.state, met.due, met.late, met.body) == ("SUBMITTED", NEVER, True, "lead")
    assert moved(report, file, TODAY, today=TODAY, wanted=None).late is False
    back = judge(loaded, report, "SUBMITTED", NEVER, name="return")
    assert moved(report, back, NEVER, today=TODAY, wanted=TODAY + 5).due == TODAY + 5
    for wanted, due, move in ((TODAY - 1, NEVER, back), (TODAY + 5, TODAY, file), (None, TODAY - 1, back)):
        with pytest.raises(Invalid):
            moved(report, move, due, today=TODAY, wanted=wanted)
    with pytest.raises(RuleRefused) as refused:
        judge(loaded, report, "ACCEPTED", NEVER, name="file")
    assert (refused.value.rule, refused.value.extra["allowed"]) == ("SZ-62", [])
    with pytest.raises(Invalid):
        judge(loaded, report, "DUE", NEVER, name="vanish")
