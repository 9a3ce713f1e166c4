"""The first institution introduces itself over HTTP, once, with the secret that only `regseal init` has shown."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import create_app
from tests.integration.services.identity.conftest import anvil, deployed, house  # noqa: F401 (fixtures)
from tests.integration.services.identity.house import REGION, House
from tests.integration.services.transactions.rig import OWNER

BODY = {"name": "鹏城登记(示例)", "kind": "operator", "region": REGION, "authority": OWNER.address}


@pytest.fixture
def client(house: House) -> Iterator[TestClient]:  # noqa: F811 (the fixture)
    """Anybody, before there is an institution; the service was started by the fixture."""
    with_errors = TestClient(create_app(house.services), raise_server_exceptions=False)
    yield with_errors
    with_errors.close()


def introduce(client: TestClient, secret: str, **changes: Any) -> Any:
    return client.post("/v1/bootstrap", json={"secret": secret, **BODY, **changes})


def test_the_secret_makes_one_institution_with_a_token_that_works(client: TestClient, house: House) -> None:  # noqa: F811
    secret = house.services.identity.new_bootstrap_secret()
    answer = introduce(client, secret)
    assert answer.status_code == 201, answer.text
    done = answer.json()
    assert [each["state"] for each in done["operations"]] == ["needs_authorisation"] * len(done["operations"])
    token = {"Authorization": f"Bearer {done['token']['secret']}"}
    mine = client.get(f"/v1/institutions/{done['institution']['id']}", headers=token)
    assert (mine.status_code, mine.json()["name"]) == (200, BODY["name"])
    again = introduce(client, secret)
    assert again.status_code in (401, 403, 409), again.text
    assert again.headers["content-type"] == "application/problem+json"
    assert len(client.get("/v1/institutions", headers=token).json()["items"]) == 1


def test_a_guessed_secret_makes_nothing_and_leaves_the_true_one_good(client: TestClient, house: House) -> None:  # noqa: F811
    secret = house.services.identity.new_bootstrap_secret()
    for guess in ("", "x" * 43, secret[:-1] + ("a" if secret[-1] != "a" else "b")):
        refused = introduce(client, guess)
        assert refused.status_code in (401, 403, 422), refused.text
    assert introduce(client, secret, kind="emperor").status_code == 422
    assert introduce(client, secret).status_code == 201
