"""Addresses and bodies that nobody sends in good faith are refused; none is an error of the service."""

import json
from typing import Any

import pytest

from api.limits import network_of
from tests.integration.api.conftest import Market

BEYOND = 10**30  # of every integer column
AUTHORITY = "0x" + "11" * 20
ADDRESSES = [
    "/v1/records/%00",
    "/v1/records/%00/receipt",
    "/v1/records?cursor=%00",
    "/v1/operations?state=%00",
    "/v1/institutions/%00/roles",
    "/v1/logs/%00/checkpoint",
    "/v1/records/%ed%a0%80",
    f"/v1/anchors?log={{log}}&after={BEYOND}",
    f"/v1/logs/{{log}}/checkpoint?size={BEYOND}",
    f"/v1/records?limit={BEYOND}",
    "/v1/logs/{log}/inclusion?index=9007199254740991&size=9007199254740991",
    "/v1/logs/{log}/tile/0/" + "x999/" * 12 + "999",
    "/v1/logs/{log}/tile/63/000",
    "/v1/logs/{log}/tile/0/000.p/99999",
    "/static/..%2f..%2fapp.py",
    "/swagger/..%2f..%2f..%2fpyproject.toml",
    "/swagger//etc/passwd",
]
BODIES: list[tuple[str, dict[str, Any]]] = [
    ("/v1/records", {"log": "\0"}),
    ("/v1/logs", {"origin": "a\0b"}),
    ("/v1/logs/{log}/freeze", {"reason": "\ud800"}),
    ("/v1/tokens", {"name": "a", "roles": ["reader"], "days": BEYOND}),
    ("/v1/tokens", {"name": "a", "roles": ["reader"], "person": "\0"}),
    ("/v1/institutions", {"name": "a\0b", "kind": "operator", "region": BEYOND, "authority": AUTHORITY}),
    ("/v1/bootstrap", {"secret": "\0", "name": "a", "kind": "operator", "region": 440300, "authority": AUTHORITY}),
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_hostile_address_is_refused(market: Market, address: str) -> None:
    answer = market.a.client.get(address.format(log=market.a.log))
    assert 400 <= answer.status_code < 500, answer.text


@pytest.mark.parametrize(("path", "body"), BODIES)
def test_a_hostile_body_is_refused(market: Market, path: str, body: dict[str, Any]) -> None:
    given = {"record": market.a.record(), **body} if path == "/v1/records" else body
    content, headers = json.dumps(given), {"Content-Type": "application/json"}
    answer = market.a.client.post(path.format(log=market.a.log), content=content, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text


def test_an_address_space_counts_as_one_caller() -> None:
    one, neighbour = "2001:db8:0:1::5", "2001:db8:0:1:ffff::6"
    assert network_of(one) == network_of(neighbour) != network_of("2001:db8:0:2::5")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1")
    assert network_of("testclient") == "testclient"
