"""A sample that exists: one of an earlier version gets what it lacks, and no option makes another one of it."""

import json
from pathlib import Path

import pytest

from cli.local.errors import LocalError
from cli.local.layout import Layout
from cli.local.sample import world
from cli.local.sample.parties import CHECKER

SETTINGS = 'house_origin = "regseal.example/house"\nwitnesses = []\n\n[chains.supervision]\nchain_id = 1\n'


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    made = Layout(tmp_path / "样本 var")
    made.gateway.mkdir(parents=True)
    made.parties.mkdir()
    made.settings_file.write_text(SETTINGS, "utf-8")
    (made.parties / world.COMPLETE).write_text('{"complete": true}', "utf-8")
    return made


def test_a_sample_without_a_market_is_to_found_one_and_nothing_else(layout: Layout) -> None:
    assert not world.lacks_market(layout)
    for _ in range(2):  # as often as it is started before the market stands
        world.prepare(layout, print)
        assert world.complete(layout)
        assert world.lacks_market(layout)
        stated = layout.settings_file.read_text("utf-8")
        assert stated.count("market = {") == 1
        assert stated.index("market = {") < stated.index("[chains.supervision]")
    key = layout.party(CHECKER) / "keys" / "authority.json"
    assert json.loads(key.read_text("utf-8"))["address"]


def test_a_sample_keeps_its_clock_and_its_database(layout: Layout) -> None:
    with pytest.raises(LocalError, match="runs by the machine's clock"):
        world.prepare(layout, print, simulated=True)
    with pytest.raises(LocalError, match="has another database"):
        world.prepare(layout, print, database_url="postgresql:///elsewhere")
    assert layout.settings_file.read_text("utf-8") == SETTINGS
