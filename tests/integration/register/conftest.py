from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.integration.founded import Founded
from tests.integration.register.business import FoundedBusiness
from tests.integration.register.world import MarketWorld, open_market


@pytest.fixture(scope="package")
def booked(
    founded: Founded,
    founded_business: FoundedBusiness,
    sqlite_template: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MarketWorld]:
    """One world for all modules that only add securities and holders of their own."""
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("登记簿 book")) as world:
        yield world


@pytest.fixture(scope="package")
def client(booked: MarketWorld) -> TestClient:
    return booked.client()
