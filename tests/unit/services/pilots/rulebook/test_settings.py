"""What a source leaves open is decided in a settings file, or the rulebook is not put in force."""

import re

import pytest

from services.pilots.rulebook.compile import compile_table
from services.pilots.rulebook.decisions import MissingSettings
from services.pilots.rulebook.loader import BOOKS, book_text, load, load_book
from services.strict import StrictError
from tests.unit.services.pilots.rulebook.cases import BJ, GZ, SZ, book, settings_of, table

EVERY_SETTING = [(name, setting.name) for name in BOOKS for setting in load_book(name).settings]


@pytest.mark.parametrize("name", BOOKS)
def test_without_settings_a_rulebook_is_read_but_not_put_in_force(name: str) -> None:
    open_book = load_book(name)
    assert (open_book.id, open_book.decision) == (name, None)
    with pytest.raises(MissingSettings) as refused:
        compile_table(open_book)
    assert [one.name for one in refused.value.missing] == [one.name for one in open_book.settings]
    assert all(one.why and one.source for one in refused.value.missing)


@pytest.mark.parametrize(("name", "setting"), EVERY_SETTING)
def test_each_setting_is_missed_by_name_reason_and_source(name: str, setting: str) -> None:
    text = "".join(line for line in settings_of(name).splitlines(keepends=True) if not line.startswith(f"  {setting}:"))
    with pytest.raises(MissingSettings) as refused:
        load(book_text(name), text)
    (missing,) = refused.value.missing
    wanted = next(one for one in book(name).settings if one.name == setting)
    assert (missing.name, missing.why, missing.source) == (setting, wanted.why, wanted.source)
    assert setting in str(refused.value)
    assert wanted.source in str(refused.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "complaint"),
    [
        (SZ, "rulebook: SZ-2023.11", "rulebook: GZ-2022.03", "for another rulebook than SZ-2023.11"),
        (SZ, "settings:", "settings:\n  mood: 1", "has no setting 'mood'"),
        (SZ, "pilot_max_months: 24", "pilot_max_months: 0", "expected 1 to 60, got 0"),
        (SZ, "pilot_max_months: 24", "pilot_max_months: 61", "expected 1 to 60, got 61"),
        (SZ, "pilot_max_months: 24", "pilot_max_months: null", "null is no answer here"),
        (SZ, "pilot_max_months: 24", "pilot_max_months: '24'", "expected an integer"),
        (SZ, "exit_review_body: evaluation_group", "exit_review_body: lead", "unknown choice"),
        (SZ, "decided_on: 2026-11-02", "decided_on: 2026-02-30", "no such date"),
        (SZ, "decided_on: 2026-11-02", "decided_on: yesterday", "expected a date"),
        (SZ, "document: 示例〔2026〕1号\n", "", "missing: document"),
        (SZ, "document: 示例〔2026〕1号", 'document: "\\uD800"', "region.yaml:5: "),
        (SZ, "document: 示例〔2026〕1号", 'document: "a\\nb"', "line breaks"),
        (SZ, "document: 示例〔2026〕1号", "document: |\n  a", "line breaks"),
        (GZ, "[application-form, ", "[horoscope, ", "unknown choice"),
        (GZ, "[application-form, ", "[institution-form, ", "an entry is repeated"),
        (BJ, "exit_types: [normalise, end, force]", "exit_types: []", "expected at least 1"),
        (BJ, "notice_working_days: 5", "notice_working_days: null", "this row counts days"),
    ],
)
def test_a_wrong_decision_is_refused_with_its_line(name: str, old: str, new: str, complaint: str) -> None:
    text = settings_of(name)
    assert old in text
    with pytest.raises(StrictError, match=re.escape(complaint)) as refused:
        load(book_text(name), text.replace(old, new, 1), settings_file="region.yaml")
    assert refused.value.line >= 1


def test_who_decided_when_and_where_belongs_to_the_document() -> None:
    decision = book(SZ).decision
    assert decision is not None
    assert (decision.on, decision.document, decision.sample) == ("2026-11-02", "示例〔2026〕1号", True)
    other = load(book_text(SZ), settings_of(SZ).replace("1号", "9号"))
    assert compile_table(other).document != table(SZ).document


def test_the_order_of_keys_and_comments_are_not_part_of_the_document() -> None:
    head, tail = settings_of(SZ).split("settings:\n")
    shuffled = head + "settings:\n" + "".join(reversed(tail.splitlines(keepends=True)))
    assert compile_table(load("# a comment\n" + book_text(SZ), shuffled)).document == table(SZ).document


def test_settings_reach_the_table() -> None:
    row = table(SZ).rows["EXIT_ASSESSED", "exit.review"]
    assert row.body == "evaluation_group"
    assert load_book(SZ).transition("EXIT_ASSESSED", "exit.review") != row
    assert table(GZ).rows["CORE_REPORTED", "core.accept"].to == "EVALUATION"
    other = load(
        book_text(GZ), settings_of(GZ).replace("core_next_state: EVALUATION", "core_next_state: UNDER_SELECTION")
    )
    assert compile_table(other).rows["CORE_REPORTED", "core.accept"].to == "UNDER_SELECTION"
    assert compile_table(other).id(bytes(32)) != table(GZ).id(bytes(32))


def test_beijing_may_do_without_a_notice_and_without_a_way_out() -> None:
    text = settings_of(BJ).replace("launch_notice: required", "launch_notice: none")
    text = text.replace("notice_working_days: 5", "notice_working_days: null")
    text = text.replace("exit_types: [normalise, end, force]", "exit_types: [end]")
    less = compile_table(load(book_text(BJ), text))
    assert less.rows["EVAL_PASSED", "launch.approve"].gate
    assert not {"PUBLIC_NOTICE", "NOTICE_CLEARED", "NORMALISED", "FORCED_OUT"} & set(less.book.states)
    assert not any(action.startswith("comment.") for _, action in less.rows)
    assert less.book.states["RUNNING"].number == book(BJ).states["RUNNING"].number
    assert [one.code for one in less.book.exits] == ["end"]


def test_settings_change_what_is_checked() -> None:
    assert [one.code for one in book(GZ).materials if one.mandatory] == [
        "application-form", "compliance-report", "institution-form",
    ]  # fmt: skip
    limits = {use.rule: use.parameters for use in book(BJ).checks}
    assert limits["BJ-23"] == {"maximum": None}
    assert limits["BJ-24"] == {"minimum": 1}
