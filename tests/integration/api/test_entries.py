"""Entry bundles over HTTP: an auditor of the region gets them, and nothing in them can be read."""

from collections.abc import Callable

from starlette.testclient import TestClient

from chain.proof.entries import Entry, parse_bundle
from chain.proof.keyring import parse_keyring
from chain.proof.merkle import HASH_BYTES, leaf_hash
from services.identity.policy import Principal
from tests.integration.api.conftest import Market, Member
from tests.integration.services.identity.house import OTHER_REGION, OTHER_REGIONAL, registration
from tests.integration.services.transactions.rig import key_of

CANARY = "canary-41d2-秘密"


def auditor(market: Market, *, region: int | None = None) -> TestClient:
    """A regulator's client, of A's region unless told otherwise."""
    house = market.house
    host = house.caller(next(iter(house.known.values())))
    key = key_of(f"auditor {region}")
    wanted = registration("审计(示例)", kind="regulator", key=key, **({"region": region} if region else {}))
    caller: Principal = house.admit(host, wanted, *([OTHER_REGIONAL] if region else []))
    secret = house.known[caller.token_id].secret
    return TestClient(market.a.client.app, headers={"Authorization": f"Bearer {secret}"})


def sealed(market: Market, member: Member, *subjects: str) -> int:
    """Submits and seals; the log's size."""
    for number, subject in enumerate(subjects):
        headers = {"Idempotency-Key": f"{CANARY.encode().hex()}-{subject.encode().hex()}-{number}"}
        record = member.record(subject=subject, body={"note": CANARY})
        answer = member.client.post("/v1/records", json={"log": member.log, "record": record}, headers=headers)
        assert answer.status_code == 201, answer.text
    market.house.services.jobs.run("evidence.seal")
    return market.house.services.evidence.public.log(member.log).size


def bundle(client: TestClient, log: str, width: int) -> tuple[Entry, ...]:
    answer = client.get(f"/v1/logs/{log}/tile/entries/000.p/{width}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return parse_bundle(answer.content, width)


def test_an_auditor_of_the_region_reads_leaves_and_ciphertexts(market: Market) -> None:
    size = sealed(market, market.a, f"s/{CANARY}", f"s/{CANARY}", "other")
    client = auditor(market)
    entries = bundle(client, market.a.log, size)
    tile = market.anyone.get(f"/v1/logs/{market.a.log}/tile/0/000.p/{size}").content
    hashes = [tile[at : at + HASH_BYTES] for at in range(0, len(tile), HASH_BYTES)]
    assert [leaf_hash(entry.leaf) for entry in entries] == hashes
    mine = entries[-3:]
    assert {entry.institution_id for entry in mine} == {market.a.caller.institution_id}
    assert [entry.stream_key is None for entry in mine] == [False, True, False]
    assert all(entry.request and entry.ciphertext for entry in mine)
    raw = client.get(f"/v1/logs/{market.a.log}/tile/entries/000.p/{size}").content
    for told in (CANARY.encode(), CANARY.encode().hex().encode(), "协议转让登记".encode()):
        assert told not in raw
    narrower = bundle(client, market.a.log, size - 1)
    assert [entry.leaf for entry in narrower] == [entry.leaf for entry in entries[:-1]]


def test_the_keyring_opens_with_the_master_key_and_tells_no_key(market: Market) -> None:
    sealed(market, market.a, "one")
    services = market.house.services
    keyring = parse_keyring(auditor(market).get(f"/v1/logs/{market.a.log}/keyring").content)
    assert (keyring.id, keyring.state, keyring.house, keyring.erased) == (market.a.log, "open", False, 0)
    with services.database.read() as session:
        stored = services.vault.stored(session)
    assert {(key.institution_id, key.version) for key in keyring.data_keys} == {
        (key.institution_id, key.version) for key in stored
    }
    assert market.a.caller.institution_id in {key.institution_id for key in keyring.data_keys}
    (listed,) = services.evidence.public.log(market.a.log).keys
    assert [key.vkey for key in keyring.keys] == [listed.vkey]


def test_beyond_the_newest_checkpoint_there_is_nothing(market: Market) -> None:
    size = sealed(market, market.a, "sealed")
    client = auditor(market)
    market.a.submit(subject="not sealed")
    assert client.get(f"/v1/logs/{market.a.log}/tile/entries/000.p/{size + 1}").status_code == 404
    assert client.get(f"/v1/logs/{market.a.log}/tile/entries/001.p/1").status_code == 404
    assert client.get(f"/v1/logs/{market.a.log}/tile/entries/1").status_code == 422


def test_other_regions_and_other_roles_get_no_entries(market: Market) -> None:
    size = sealed(market, market.a, "one")
    other = auditor(market, region=OTHER_REGION)
    ways: tuple[Callable[[str], str], ...] = (
        lambda log: f"/v1/logs/{log}/tile/entries/000.p/{size}",
        lambda log: f"/v1/logs/{log}/keyring",
        lambda log: f"/v1/logs/{log}/erasures",
    )
    for way in ways:
        assert other.get(way(market.a.log)).status_code == 404
        assert market.a.client.get(way(market.a.log)).status_code == 403, "not even the owner without the role"
        assert market.anyone.get(way(market.a.log)).status_code == 401
    assert other.get(f"/v1/logs/{market.b.log}/keyring").status_code == 200
