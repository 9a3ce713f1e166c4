"""A contract of an earlier version is known by what it lacks."""

import pytest

from chain.artifacts import load, load_all
from chain.errors import RevertError
from chain.versions import is_of_this_version, lacking, lacks, selector
from tests.integration.founded import Founded
from tests.integration.services.transactions.rig import client_of


@pytest.mark.parametrize("name", sorted(name for name, one in load_all().items() if one.runtime))
def test_this_versions_contracts_lack_nothing(name: str) -> None:
    artifact = load(name)
    assert lacking(artifact.runtime, artifact.abi) == []


def test_a_selector_that_begins_with_zero_is_pushed_without_it() -> None:
    assert not lacks(b"\x62\x01\x02\x03\x14", b"\0\x01\x02\x03")
    assert lacks(b"\x63\x01\x02\x03\x04", b"\0\x01\x02\x03")


def test_what_stands_is_compared_and_a_call_that_it_lacks_is_told(founded: Founded) -> None:
    """The evidence log in the place of a registry of an earlier version."""
    registry, log = load("InstitutionRegistry"), load("EvidenceLog")
    with founded.running() as node:
        client = client_of(node.url, founded.addresses, node.settle)
        address = client.address("EvidenceLog")
        code = bytes.fromhex(client.request("eth_getCode", address, "latest")[2:])
        assert is_of_this_version(code, log)
        assert not is_of_this_version(code, registry)
        assert "grantRole" in lacking(code, registry.abi)
        entry = next(one for one in registry.abi if one.get("name") == "grantRole")
        client._abis["EvidenceLog"] = registry.abi
        with pytest.raises(RevertError, match=r"OfAnEarlierVersion.*grantRole"):
            client.call(address, selector(entry))
        with pytest.raises(RevertError, match="Empty"):
            client.call(address, b"\xff\xff\xff\xff")
