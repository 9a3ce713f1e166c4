"""A rulebook with one mistake is refused, and the message names its line."""

import pytest

from services.pilots.rulebook.loader import BOOKS, book_text, load, load_book
from services.strict import StrictError, read
from tests.unit.services.pilots.rulebook.cases import SZ

MISTAKES = [
    ("a key twice", "title: Rulebook", "region: 1\ntitle: Rulebook", "duplicate key 'region' (first on line 4)"),
    ("an unknown section", "title: Rulebook", "colour: red\ntitle: Rulebook", "unknown key"),
    ("an unknown key", "  SUBMITTED: {term: 已申报}", "  SUBMITTED: {term: 已申报, hue: 1}", "unknown key"),
    ("the wrong region", "region: 440300", "region: 440100", "SZ is not the region 440100"),
    ("a rule without a source", ", source: 深圳工作指南 三(一)1}", "}", "a rule has a source, or `design`"),
    ("a rule with both", ", source: 深圳工作指南 三(一)1}", ", source: 深圳工作指南 三, design: x}", "one of the two"),
    ("a reading of nothing", "    design: 申报出于自愿", "    reading: x\n    design: 申报出于自愿",
     "a reading is of a clause"),
    ("an unknown trigger", "trigger: complaint", "trigger: whim", "unknown trigger 'whim'"),
    ("a foreign source", "source: 深圳工作指南 三(一)1}", "source: 广州通知 三}", "cites no source of this rulebook"),
    ("a source without a clause", "source: 深圳工作指南 三(一)1}", 'source: "深圳工作指南 "}', "cites no source"),
    ("a foreign rule id", "  SZ-02: {text", "  GZ-02: {text", "expected an id such as SZ-01"),
    ("an unknown rule", "body: lead\n    rule: SZ-50", "body: lead\n    rule: SZ-99", "unknown rule 'SZ-99'"),
    ("an unknown state", "to: WITHDRAWN", "to: AWAY", "unknown state 'AWAY'"),
    ("an unknown from", "from: [UNDER_SELECTION]\n    to: SELECTED", "from: [NOWHERE]\n    to: SELECTED",
     "unknown state"),
    ("an unknown body", "body: evaluation_group", "body: crowd", "unknown body 'crowd'"),
    ("an unknown flag", "sets: [consulted]", "sets: [insulted]", "unknown flag 'insulted'"),
    ("an unknown required flag", "requires: {consulted: SZ-58}", "requires: {x: SZ-58}", "unknown flag 'x'"),
    ("an unknown kind", "none_open: {comment: SZ-56", "none_open: {rumour: SZ-56", "unknown kind of item 'rumour'"),
    ("an unknown effect", "effect: start_notice", "effect: end_notice", "unknown effect 'end_notice'"),
    ("an effect without its kind", "effect: open comment", "effect: open", "open takes 1 kinds"),
    ("an unknown guard", "guards: {notice_elapsed: SZ-55}", "guards: {noon: SZ-55}", "unknown guard 'noon'"),
    ("a notice without days",
     "    guards: {notice_running: SZ-55}\n    days: 5\n", "    guards: {notice_running: SZ-55}\n",
     "stand together"),
    ("unknown evidence", "evidence: {consultation: SZ-58}", "evidence: {hearsay: SZ-58}", "unknown evidence 'hearsay'"),
    ("a term without its rule", "    term_rule: SZ-60\n", "", "name the rule of the term"),
    ("an unknown setting", "months: {setting: pilot_max_months}", "months: {setting: age}", "unknown setting 'age'"),
    ("an unknown check", "check: contacts,", "check: horoscope,", "unknown check 'horoscope'"),
    ("a check without its parameter", "on: submission, minimum: 2}", "on: submission}", "missing: minimum"),
    ("a parameter of another type", "minimum: 2}", "minimum: two}", "expected an integer, got 'two'"),
    ("an unknown action of a check", "on: launch}", "on: lunch}", "unknown action 'lunch'"),
    ("an opening of no track", "opens: [submit, submit.approval]", "opens: [submit]",
     "no track opens with submit.approval"),
    ("a row twice",
     "  - action: notice.close\n    from: [PUBLIC_NOTICE]", "  - action: notice.open\n    from: [EVAL_PASSED]",
     "notice.open from EVAL_PASSED stands already"),
    ("a way out of a terminal state", "term: 未入选, terminal: true", "term: 未入选",
     "is not terminal, yet nothing leaves"),
    ("a terminal state left", "  SELECTED: {term: 入选}", "  SELECTED: {term: 入选, terminal: true}",
     "is terminal, yet"),
    ("an unreachable state", "  WITHDRAWN: {term", "  LIMBO: {term: 无, terminal: true}\n  WITHDRAWN: {term",
     "no way leads to LIMBO"),
    ("a flag that nothing sets", "    sets: [consulted]\n", "", "looks at consulted, which nothing sets"),
    ("a gate at the opening",
     "to: SUBMITTED, body: lead, rule: SZ-20", "to: SUBMITTED, gate: true, body: lead, rule: SZ-20",
     "an opening has"),
    ("a periodic duty without a period", "    every_months: {setting: report_interval_months}\n", "", "every_months"),
    ("an unknown duty after an exit", "after: {exit-plan: SZ-88}", "after: {party: SZ-88}", "unknown duty 'party'"),
    ("an unknown statement", "all_of: {no_precedent: SZ-18}", "all_of: {luck: SZ-18}", "unknown statement 'luck'"),
    ("an unknown territory", "territory: registered", "territory: moon", "unknown territory 'moon'"),
    ("an anchored key", "title: Rulebook", "&a title: Rulebook", "anchors, aliases and tags"),
    ("an alias", "title: Rulebook", "title: *a", "anchors, aliases and tags"),
    ("a second document", "title: Rulebook", "---\ntitle: Rulebook", "a second document"),
    ("a character that YAML has not", "title: Rulebook", "title: \x07Rulebook", "not YAML"),
    ("a tag", "title: Rulebook", "title: !!str Rulebook", "anchors, aliases and tags"),
    ("an anchor", "title: Rulebook", "title: &a Rulebook", "anchors, aliases and tags"),
    ("a fraction", "leads: 1}", "leads: 1.5}", "1.5 is a fraction"),
    ("broken YAML", "title: Rulebook", "title: [Rulebook", "not YAML"),
    ("a number for a text", "title: Rulebook of the Shenzhen capital-market fintech pilots", "title: 7",
     "expected text"),
    ("a setting without its range", "    minimum: 1\n    maximum: 60\n", "    minimum: 1\n",
     "a setting of kind integer has"),
    ("a body without a role", "role: pilot.stb, ", "", "every body but the lead has a role"),
    ("too many flags", "flags:\n", "flags:\n" + "".join(f"  f{n}: x\n" for n in range(30)), "more than 32 flags"),
    ("too many states", "states:\n", "states:\n" + "".join(f"  S{n}: {{term: x}}\n" for n in range(240)),
     "more than 255 states"),
    ("a setting that is no number", "{setting: pilot_max_months}", "{setting: exit_review_body}", "is no number"),
    ("a setting that is a number", "body: {setting: exit_review_body}", "body: {setting: pilot_max_months}",
     "is no choice of one body"),
    ("a list from a number", "codes: [lead_capability]", "codes: {setting: pilot_max_months}", "is a number"),
    ("an unknown condition", "    gate: true\n", "    only_if: {weather: fine}\n    gate: true\n",
     "unknown setting 'weather'"),
    ("an unknown body of a setting", "choices: [lead, working_group, stb]", "choices: [lead, crowd]",
     "offers an unknown body 'crowd'"),
    ("months without an extension", "    rule: SZ-58\n    sets:", "    rule: SZ-58\n    months: 3\n    sets:",
     "months, lifted_by and term_rule are for set_end and extend"),
    ("a lift of nothing", "    months: 12\n", "", "lifted_by without months lifts nothing"),
    ("a flag set and cleared", "    sets: [extended]\n", "    sets: [extended, exit_extend]\n", "both set and cleared"),
    ("a day with a length", "since: launch, unit: day", "since: launch, length: 3, unit: day", "a day has none"),
    ("not a truth", "    gate: true\n", "    gate: often\n", "expected true or false"),
    ("a number for a list", "from: [CORRECTION], to", "from: 7, to", "expected a list, got 7"),
    ("a list for a mapping", "publicity: {notice.open: SZ-54, launch: SZ-59}", "publicity: [notice.open]",
     "expected a mapping, got a list"),
    ("a mapping for a list", "transitions:\n", "transitions: {}\nx:\n", "unknown key"),
    ("nothing for a text", "title: Rulebook of the Shenzhen capital-market fintech pilots", "title:", "got nothing"),
    ("a key that is a list", "title: Rulebook", "? [a]\n: b\ntitle: Rulebook", "a key is not a text"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "complaint"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES]
)
def test_a_mistake_is_refused_with_its_line(old: str, new: str, complaint: str) -> None:
    text = book_text(SZ)
    assert old in text
    with pytest.raises(StrictError) as refused:
        load(text.replace(old, new, 1), file="book.yaml")
    assert complaint in str(refused.value)
    assert str(refused.value).startswith(f"book.yaml:{refused.value.line}: ")
    assert 1 <= refused.value.line <= text.count("\n") + 3


@pytest.mark.parametrize(
    ("old", "new"),
    [("title: Rulebook", "title: &a Rulebook"), ("minimum: 2}", "minimum: two}"), ("body: stb", "body: tsb")],
)
def test_the_line_is_the_mistake_s_own(old: str, new: str) -> None:
    text = book_text(SZ)
    line = text[: text.index(old)].count("\n") + 1
    with pytest.raises(StrictError) as refused:
        load(text.replace(old, new, 1))
    assert refused.value.line == line


def test_an_empty_file_is_no_rulebook() -> None:
    with pytest.raises(StrictError, match="the file is empty"):
        load("# nothing\n")


@pytest.mark.parametrize("text", ["- a", "a: b", "a: {b: c}\na: 1", "[" * 5_000 + "]" * 5_000, "- " * 5_000])
def test_other_yaml_is_no_rulebook(text: str) -> None:
    with pytest.raises(StrictError):
        load(text)


def test_plain_scalars_are_what_they_look_like_and_nothing_else() -> None:
    found = read("a: yes\nb: 2026-11-20\nc: 007\nd: true\ne:\nf: -3\ng: '5'\n", "x").plain()
    assert found == {"a": "yes", "b": "2026-11-20", "c": "007", "d": True, "e": None, "f": -3, "g": "5"}


@pytest.mark.parametrize("name", BOOKS)
def test_every_fact_has_a_source_a_reason_or_a_setting(name: str) -> None:
    book = load_book(name)
    shorts = tuple(f"{source.short} " for source in book.sources)
    for rule in book.rules.values():
        assert (rule.source is None) != (rule.design is None)
        assert rule.source is None or rule.source.startswith(shorts)
        assert rule.design is None or len(rule.design) >= 10, rule.id
    decided = {rule.setting for rule in book.rules.values() if rule.setting}
    assert decided <= {setting.name for setting in book.settings}


def test_only_rulebooks_that_come_with_the_software_have_a_text() -> None:
    with pytest.raises(KeyError):
        book_text("../secret")


@pytest.mark.parametrize("name", BOOKS)
def test_every_duty_can_be_brought_to_an_end_by_bodies_of_the_region(name: str) -> None:
    loaded = load_book(name)
    for duty in loaded.duties:
        course = loaded.courses[duty.course]
        reached, ends = {course.opens}, set()
        for _ in course.states:
            reached |= {move.to for state in reached for move in course.moves_in(state)}
            ends |= {state for state in reached if not course.moves_in(state)}
        assert reached == set(course.states), duty.code
        assert ends, duty.code


def test_a_changed_plan_is_executed_from_no_state_but_the_approved_one() -> None:
    for name in BOOKS:
        assert load_book(name).courses["plan-change"].moves["execute"].states == ("APPROVED",)
