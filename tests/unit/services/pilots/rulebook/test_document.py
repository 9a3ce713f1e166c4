"""The pages under docs/rulebooks are what the rulebooks say today."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.pilots.rulebook.document import page, write_pages
from services.pilots.rulebook.loader import BOOKS, load_book
from services.pilots.rulebook.usage import uses_of
from tests.unit.services.pilots.rulebook.cases import BJ, GZ, SZ, book

PAGES = Path(__file__).parents[5] / "docs/rulebooks"


@pytest.mark.parametrize("name", BOOKS)
def test_no_page_is_stale(name: str) -> None:
    made = page(load_book(name))
    kept = (PAGES / f"{load_book(name).code}.md").read_text(encoding="utf-8")
    assert kept == made, "run python -m services.pilots.rulebook.document"


def test_pages_are_written_for_every_rulebook(tmp_path: Path) -> None:
    written = write_pages(tmp_path / "pages")
    assert [file.name for file in written] == ["SZ.md", "GZ.md", "BJ.md"]
    assert written[0].read_text(encoding="utf-8") == page(load_book(SZ))


@pytest.mark.parametrize("name", BOOKS)
def test_a_page_has_every_rule_state_setting_and_action(name: str) -> None:
    made, loaded = page(load_book(name)), load_book(name)
    for rule in loaded.rules.values():
        reading = f"；读法：{rule.reading}" if rule.reading else ""
        assert f"| {rule.id} | {rule.text} | {rule.cited}{reading}" in made
    for setting in loaded.settings:
        assert f"| `{setting.name}` | {setting.term} |" in made
        assert setting.why in made
    for state in loaded.states.values():
        assert f"    {state.name}: {state.term}" in made
    for row in loaded.transitions:
        assert f"| `{row.action}` | " in made


def test_what_is_open_shows_as_open_and_what_is_decided_names_the_decision() -> None:
    undecided, decided = page(load_book(SZ)), page(book(SZ))
    assert "待定（`exit_review_body`）" in undecided
    assert "决定：" not in undecided
    assert "决定：深圳资本市场金融科技创新试点专项工作组（示例），2026-11-02，示例〔2026〕1号（示例）。" in decided
    assert "待定（" not in decided
    assert "待定（`core_next_state`）" in page(load_book(GZ))
    assert "来源没有容错条款的文字" in page(load_book(BJ))
    assert "| 无 |" in page(book(BJ)), "a limit that the region decided not to have"


def test_a_cell_cannot_break_the_table() -> None:
    loaded = load_book(SZ)
    rules = {**loaded.rules, "SZ-01": replace(loaded.rules["SZ-01"], text="a | b")}
    assert "| SZ-01 | a \\| b |" in page(replace(loaded, rules=rules))


@pytest.mark.parametrize(("name", "stated"), [(SZ, set()), (GZ, set()), (BJ, {"BJ-02", "BJ-12", "BJ-16"})])
def test_a_rule_is_put_to_work_or_only_states_a_principle(name: str, stated: set[str]) -> None:
    assert {rule for rule, uses in uses_of(load_book(name)).items() if not uses} == stated
