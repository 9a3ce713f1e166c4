"""The world that other tests of the register stand on: its service reads the register, and time moves everywhere."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chain.errors import RevertError
from services.days import day_of
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, FoundedBusiness
from tests.integration.register.world import BUSINESS, MarketWorld, open_market

INVESTOR = b"\x11" * 16


@pytest.fixture(scope="module")
def market(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MarketWorld]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("market")) as world:
        yield world


def test_an_act_is_the_operators_under_the_checkers_signature(market: MarketWorld) -> None:
    said = {"investor": INVESTOR, "kind": 1, "suitableUntil": market.acting.today() + 30, "addend": 0}
    with pytest.raises(RevertError, match="RegisterNeeds"):
        market.acting.act("OpenInvestor", said)
    market.acting.act("OpenInvestor", said, CHECKER)
    assert market.acting.read("investorOf", INVESTOR)["kind"] == 1


def test_service_and_chains_share_their_days(market: MarketWorld) -> None:
    before = market.acting.today()
    assert day_of(market.clock.now()) == before
    market.pass_days(3)
    assert market.acting.today() == day_of(market.clock.now()) == before + 3


def test_the_service_knows_the_calendar_of_the_business_chain(market: MarketWorld) -> None:
    market.settle()
    years = market.services.calendars.desk.years(region=None, chain=BUSINESS)
    assert [(one.year.year, one.state) for one in years] == [(2030, "published"), (2031, "published")]
