"""Every row of the hand-written tables against the rulebooks as they are loaded: the same verdict, row by row.

The rows were written from the sources (`shenzhen.yaml`, `guangzhou.yaml`, `beijing.yaml`), not from the rulebooks.
"""

import re
from collections import Counter

import pytest
import yaml

from services.pilots.rulebook.decisions import MissingSettings
from services.pilots.rulebook.loader import load_book
from services.pilots.rulebook.model import Setting
from tests.unit.services.pilots.rulebook.cases import BJ, GZ, SZ, book, settings_of
from tests.unit.services.pilots.situations.applying import words
from tests.unit.services.pilots.situations.playing import REGIONS, Play, Row, applied, rows

ALL = [row for region in REGIONS for row in rows(region)]
AT_LEAST = {"shenzhen": 40, "guangzhou": 25, "beijing": 30}


def verdict(row: Row) -> tuple[bool, list[str]]:
    said = row.said
    if "apply" in said:
        found = applied(row)
        return not found, [f"{one.field}: {one.message} [{one.rule}: {one.source}]" for one in found]
    if row.plays:
        play = Play.of(row).begin()
        return play.verdict(), play.why
    if "duty" in said:
        return duty(row), [f"{one.term}: {one.body}" for one in book(row.rulebook).duties]
    return {"tolerance": tolerance, "after": after, "setting": setting}[next(reversed(list(said)))](row), []


def duty(row: Row) -> bool:
    """Whether there is such a duty, of the body that the row names."""
    fitting = [one for one in book(row.rulebook).duties if row.said["duty"] in one.term]
    return any(one.body == row.said.get("by", one.body) for one in fitting)


def tolerance(row: Row) -> bool:
    said, words_of = row.said["tolerance"], book(row.rulebook).tolerance
    assert words_of is not None
    return all(word in getattr(words_of, key) for key, word in said.items())


def after(row: Row) -> bool:
    """Whether a way out leaves a duty behind."""
    whose, said = book(row.rulebook), row.said["after"]
    way = next(one for one in whose.exits if one.code == said["exit"])
    return any(said["owes"] in one.term for one in whose.duties if one.code in way.after)


def setting(row: Row) -> bool:
    """Whether the rulebook can be loaded although nobody decided this."""
    open_ones = {one.name: one for one in book(row.rulebook).settings}
    silent = words({name: one.term for name, one in open_ones.items()}, row.said["setting"])
    decided = yaml.safe_load(settings_of(row.rulebook))
    decided["settings"] = {name: value for name, value in decided["settings"].items() if name not in silent}
    return undecided(row.rulebook, decided) != [name for name in open_ones if name in silent]


def undecided(rulebook: str, decided: object) -> list[str]:
    """The settings that the loader misses."""
    try:
        load_book(rulebook, yaml.safe_dump(decided, allow_unicode=True))
    except MissingSettings as missing:
        return [one.name for one in missing.missing]
    return []


@pytest.mark.parametrize("row", ALL, ids=lambda row: row.id)
def test_the_rulebook_says_what_the_source_says(row: Row) -> None:
    allowed, why = verdict(row)
    against = "; ".join(why) or "nothing stands against it"
    assert allowed == row.allowed, f"{row.said['zh']} [{row.said['clause']}]: {against}"


CLAUSE = re.compile(r"[一二三四五六](?:\([一二三四五六]\)\d*)?")
REFUSED = [row for row in ALL if not row.allowed and row.id.startswith(("SZ", "GZ"))]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
def test_what_refuses_is_the_clause_that_the_row_names(row: Row) -> None:
    """A refusal that cites the source cites the clause of the row; our own rules cite no clause, nor does a table."""
    cited = [one for why in verdict(row)[1] for one in re.findall(r": (?:深圳工作指南|广州通知) ([^\]]+)\]", why)]
    clauses = set(CLAUSE.findall(row.said["clause"]))
    assert not cited or not clauses or clauses & set(CLAUSE.findall(" ".join(cited))), cited


@pytest.mark.parametrize("region", REGIONS)
def test_the_tables_are_long_enough(region: str) -> None:
    table = rows(region)
    assert len(table) >= AT_LEAST[region]
    assert max(Counter(row.id for row in table).values()) == 1
    assert {row.allowed for row in table} == {True, False}


def open_settings() -> list[tuple[str, Setting]]:
    return [(name, one) for name in (SZ, GZ, BJ) for one in book(name).settings]


@pytest.mark.parametrize(("rulebook", "one"), open_settings(), ids=lambda one: getattr(one, "name", one))
def test_no_setting_may_be_missing(rulebook: str, one: Setting) -> None:
    decided = yaml.safe_load(settings_of(rulebook))
    del decided["settings"][one.name]
    with pytest.raises(MissingSettings) as refused:
        load_book(rulebook, yaml.safe_dump(decided, allow_unicode=True))
    assert [(missing.name, missing.source) for missing in refused.value.missing] == [(one.name, one.source)]
