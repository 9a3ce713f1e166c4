"""A business chain is told what the supervision chain decided, under the decision's own commitment and leaf."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chain.party.keystore import EvmKey
from services.identity.commands import role_hash
from services.identity.repeating import differences
from services.identity.views import AuthorityRequest, RoleRequest, StatusRequest
from services.platform.errors import Invalid, NotFound
from services.platform.ids import bytes16
from services.transactions.encoding import EventDecoder
from services.transactions.views import OperationView
from tests.integration.founded import Founded
from tests.integration.register.business import CHECKER, FOREVER, FoundedBusiness
from tests.integration.register.world import BUSINESS, MarketWorld, open_market
from tests.integration.services.transactions.rig import OWNER, REGION, REGIONAL, key_of

ROLE = "register.checker"
ACCOUNT = key_of("a new checker")
REGISTRY = "InstitutionRegistry"


@pytest.fixture(scope="module")
def market(
    founded: Founded, founded_business: FoundedBusiness, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MarketWorld]:
    with open_market(founded, founded_business, sqlite_template, tmp_path_factory.mktemp("market")) as world:
        yield world


def repeat(market: MarketWorld, institution: str) -> list[str]:
    """Asks, has everything signed by the region's authority; what was asked."""
    asked = market.services.repetition.request(market.host, institution, BUSINESS).result(60)
    assert all(one.record_id for one in asked), "the signer can read the decision"
    for operation in asked:
        assert market.sign(operation, REGIONAL) == "final", market.house.operation(operation.id).reason
    return [one.kind for one in asked]


def decide(market: MarketWorld, operation: OperationView, key: EvmKey = REGIONAL) -> None:
    assert market.sign(operation, key) == "final"


def compared(market: MarketWorld, key: EvmKey = ACCOUNT) -> list[str]:
    """What both chains say differently of an account."""
    clients = market.services.chains.clients
    found = differences(clients["supervision"], clients[BUSINESS])
    return [line.partition(": ")[2] for line in found if key.address in line]


def grant(market: MarketWorld, institution: str, role: str = ROLE, key: EvmKey = ACCOUNT) -> None:
    wanted = RoleRequest(
        institution_id=institution, account=key.address, role=role, region=REGION,
        expires_at=FOREVER, reason="复核岗位",
    )  # fmt: skip
    decide(market, market.services.identity.request_role_grant(market.host, wanted).result(60))


def on_both(market: MarketWorld, view: str, *arguments: Any) -> list[Any]:
    return [client.read(REGISTRY, view, *arguments) for client in market.services.chains.clients.values()]


def evidence(market: MarketWorld, chain: str, event: str) -> set[tuple[bytes, bytes]]:
    """(commitment, leaf) of the events of this name on a chain."""
    client = market.services.chains.clients[chain]
    decoder = EventDecoder(client.abi(REGISTRY))
    logs = client.logs(0, client.head(), [REGISTRY], topics=[[decoder.topic(event)]])
    found = [decoder.decode(log.topics, log.data) for log in logs]
    return {(args["commitment"], args["leaf"]) for _, args in found if args}  # type: ignore[misc]


def test_the_chain_is_told_and_told_only_once(market: MarketWorld) -> None:
    subject = market.admit("鹏城登记复核(测试)", kind="operator").institution_id
    grant(market, subject)
    grant(market, subject, "witness.other")
    assert compared(market) == ["stands, there it does not"]
    identity, place = bytes16(subject), (role_hash(ROLE), REGION, ACCOUNT.address)
    assert repeat(market, subject) == ["institution.repeated", "role.repeated"]
    here, there = on_both(market, "institution", identity)
    assert here == there
    assert on_both(market, "hasRole", *place) == [True, True]
    assert on_both(market, "hasRole", role_hash("witness.other"), REGION, ACCOUNT.address) == [True, False]
    decided = evidence(market, "supervision", "RoleGranted")
    assert evidence(market, BUSINESS, "RoleGranted") & decided, "the very decision, by commitment and leaf"
    assert repeat(market, subject) == []
    assert compared(market) == []

    # a role that was taken away, then another authority
    wanted = RoleRequest(institution_id=subject, account=ACCOUNT.address, role=ROLE, region=REGION, reason="离岗")
    decide(market, market.services.identity.request_role_revocation(market.host, wanted).result(60))
    assert compared(market) == ["does not stand, there it does"]
    assert repeat(market, subject) == ["role.revocation-repeated"]
    assert on_both(market, "hasRole", *place) == [False, False]
    new = AuthorityRequest(institution_id=subject, authority=key_of("next").address, reason="更换")
    decide(market, market.services.identity.request_authority(market.host, new).result(60), OWNER)
    assert repeat(market, subject) == ["authority.repeated"]
    assert len(set(on_both(market, "institution", identity))) == 1


def test_a_suspension_is_repeated_and_what_waits_is_not_asked_for_twice(market: MarketWorld) -> None:
    regulator = market.admit("深圳监管局(测试)")
    repeat(market, regulator.institution_id)
    wanted = StatusRequest(institution_id=regulator.institution_id, status="suspended", reason="核查")
    decide(market, market.services.identity.request_status(regulator, wanted).result(60))
    request = market.services.repetition.request
    (asked,) = request(market.host, regulator.institution_id, BUSINESS).result(60)
    assert request(market.host, regulator.institution_id, BUSINESS).result(60) == []
    assert market.sign(asked, REGIONAL) == "final"
    here, there = on_both(market, "institution", bytes16(regulator.institution_id))
    assert here == there


def test_who_is_suspended_does_not_become_active_by_the_repetition(market: MarketWorld) -> None:
    regulator = market.admit("深圳监管局二处(测试)")
    wanted = StatusRequest(institution_id=regulator.institution_id, status="suspended", reason="核查")
    decide(market, market.services.identity.request_status(regulator, wanted).result(60))
    assert repeat(market, regulator.institution_id) == ["institution.repeated", "status.repeated"]
    here, there = on_both(market, "institution", bytes16(regulator.institution_id))
    assert here == there


def test_a_role_that_stands_by_another_decision_is_told(market: MarketWorld) -> None:
    assert compared(market, CHECKER) == ["does not stand, there it does"]
    grant(market, market.host.institution_id, key=CHECKER)
    assert compared(market, CHECKER) == ["granted there by another decision"]


def test_only_a_business_chain_and_a_known_institution_can_be_named(market: MarketWorld) -> None:
    for chain in ("supervision", "elsewhere"):
        with pytest.raises(Invalid, match="business"):
            market.services.repetition.request(market.host, market.host.institution_id, chain)
    with pytest.raises(NotFound):
        market.services.repetition.request(market.host, "ins_" + "0" * 26, BUSINESS)
