import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from starlette.testclient import TestClient

from tests.conftest import TEMPLATE, database_url_of
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
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        with open_market(founded, founded_business, template, folder) as world:
            yield world
        return
    server, name = request.getfixturevalue("postgres_server"), f"b_{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    with open_market(founded, founded_business, folder, folder, database_url=database_url_of(server, name)) as world:
        yield world
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="package")
def client(booked: MarketWorld) -> TestClient:
    return booked.client()
