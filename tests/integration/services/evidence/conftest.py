"""An evidence service of its own for each test, on each database; the log part needs no chain."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from services.platform.clock import FixedClock
from services.platform.database import Database
from tests.integration.services.evidence.house import OPERATOR, House, open_house


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def new_house(database_url: str, home: Path, clock: FixedClock) -> Iterator[Callable[..., House]]:
    """Opens the service; called again, it is another process of the same installation (close the first)."""
    opened: list[House] = []

    def make(**changes: Any) -> House:
        database = Database(str(changes.pop("url", database_url)))
        house = open_house(changes.pop("at", None) or home, database, clock, **changes)
        opened.append(house)
        return house

    yield make
    for house in opened:
        house.close()


@pytest.fixture
def house(new_house: Callable[..., House]) -> House:
    """A bootstrapped installation whose house log is open."""
    made = new_house()
    made.bootstrap(OPERATOR)
    made.force_open(made.log_id)
    return made
