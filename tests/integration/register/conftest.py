from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.databases import shared_database
from tests.integration.founded import Founded
from tests.integration.register.business import FoundedBusiness
from tests.integration.register.world import MarketWorld, open_market


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def booked(
    request: pytest.FixtureRequest,
    founded: Founded,
    founded_business: FoundedBusiness,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[MarketWorld]:
    """One world for all modules that only add securities and holders of their own; mark these `one_database`."""
    folder = tmp_path_factory.mktemp("登记簿 book")
    with (
        shared_database(request, folder) as url,
        open_market(founded, founded_business, folder, folder, database_url=url) as world,
    ):
        yield world


@pytest.fixture(scope="package")
def client(booked: MarketWorld) -> TestClient:
    return booked.client()
