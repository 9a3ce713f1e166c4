import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from chain import deploy as deployment
from chain.addresses import CONTRACTS, REGISTER, Addresses, Market, Role, load_addresses, save_addresses
from chain.deploy import create_address, deploy_all
from chain.errors import DeployError, EndpointError, HandshakeError
from chain.party.durable import write_json
from chain.party.evm import checksummed
from chain.proof.hashing import keccak256
from tests.integration.chain.support import ACCOUNTS, ADDRESSES, Node, Plain, Rpc, signed
from tests.ports import free_port

KEY = bytes(ACCOUNTS[0].key)
REGIONS = {440300: ADDRESSES[2], 0: ADDRESSES[3]}
Deployed = Callable[[str], Path]


ALL = len(CONTRACTS[Role.SUPERVISION])
MARKET = Market(440300, checked=True)
VIEWS = (b"region()", b"checked()")


def deploy(
    rpc: Rpc, out: Path, *, delay: int = 60, role: Role = Role.SUPERVISION, market: Market | None = None
) -> Addresses:
    return deploy_all(rpc.url, KEY, ADDRESSES[1], REGIONS, delay, out, role=role, market=market)


def sent(rpc: Rpc) -> int:
    return int(rpc("eth_getTransactionCount", ADDRESSES[0], "latest"), 16)


class Interrupted(BaseException):
    """As a kill would."""


def test_the_address_file_tells_what_the_chain_has(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    rpc = new_anvil().rpc
    made = deploy(rpc, tmp_path / "addresses.json")
    assert load_addresses(tmp_path / "addresses.json") == made
    assert made.chain_id == int(rpc("eth_chainId"), 16)
    for nonce, name in enumerate(CONTRACTS[Role.SUPERVISION]):
        contract = made.contracts[name]
        code = bytes.fromhex(rpc("eth_getCode", contract.address, "latest")[2:])
        assert contract.address == checksummed(create_address(bytes.fromhex(ADDRESSES[0][2:]), nonce))
        assert contract.code_hash == "0x" + keccak256(code).hex()
        assert contract.block == nonce + 1


def test_a_second_run_sends_nothing(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    rpc = new_anvil().rpc
    first = deploy(rpc, tmp_path / "addresses.json")
    content = (tmp_path / "addresses.json").read_bytes()
    assert deploy(rpc, tmp_path / "addresses.json") == first
    assert sent(rpc) == ALL
    assert (tmp_path / "addresses.json").read_bytes() == content


def test_a_business_chain_has_no_contract_of_the_pilots(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    made = deploy(new_anvil().rpc, tmp_path / "addresses.json", role=Role.BUSINESS)
    assert list(made.contracts) == ["InstitutionRegistry", "EvidenceLog", "Calendar"]


def test_a_business_chain_gets_its_register_with_its_market(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    rpc, out = new_anvil().rpc, tmp_path / "addresses.json"
    before = deploy(rpc, out, role=Role.BUSINESS)
    made = deploy(rpc, out, role=Role.BUSINESS, market=MARKET)
    assert {name: made.contracts[name] for name in before.contracts} == before.contracts
    assert list(made.contracts) == [*CONTRACTS[Role.BUSINESS], *REGISTER]
    assert deploy(rpc, out, role=Role.BUSINESS, market=MARKET) == made
    assert deploy(rpc, out, role=Role.BUSINESS) == made
    register = made.contracts["EquityRegister"].address
    facts = [rpc("eth_call", {"to": register, "data": f"0x{keccak256(view)[:4].hex()}"}, "latest") for view in VIEWS]
    assert [int(fact, 16) for fact in facts] == [440300, 1]
    for other, fact in ((Market(440100, checked=True), "region"), (Market(440300, checked=False), "checked")):
        with pytest.raises(DeployError, match=f"with {fact}"):
            deploy(rpc, out, role=Role.BUSINESS, market=other)
    assert sent(rpc) == len(made.contracts)


@pytest.mark.parametrize("point", range(7))
def test_contracts_of_a_later_version_are_added_to_those_that_stand(
    new_anvil: Callable[..., Plain], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    rpc, out = new_anvil().rpc, tmp_path / "addresses.json"
    with monkeypatch.context() as earlier:
        earlier.setattr("chain.addresses.CONTRACTS", {Role.SUPERVISION: ("InstitutionRegistry", "EvidenceLog")})
        old = deploy(rpc, out)
    assert sent(rpc) == 2
    if point:
        with monkeypatch.context() as patched:
            interrupt(patched, point)
            with pytest.raises(Interrupted):
                deploy(rpc, out)
        assert load_addresses(out) == old
    made = deploy(rpc, out)
    assert sent(rpc) == ALL
    assert {name: made.contracts[name] for name in old.contracts} == old.contracts
    assert list(made.contracts) == list(CONTRACTS[Role.SUPERVISION])
    assert load_addresses(out) == made
    assert not (tmp_path / "addresses.json.pending").exists()


def interrupt(patched: pytest.MonkeyPatch, point: int) -> None:
    """Ends the run before or after one of its writes and sendings."""
    left = [point]

    def cut(real: Callable[..., Any]) -> Callable[..., Any]:
        def maybe(*args: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Interrupted
            result = real(*args, **options)
            left[0] -= 1
            if left[0] == 0:
                raise Interrupted
            return result

        return maybe

    patched.setattr(deployment._Deployment, "_send", cut(deployment._Deployment._send))
    patched.setattr(deployment, "write_json", cut(write_json))
    patched.setattr(deployment, "save_addresses", cut(save_addresses))


@pytest.mark.parametrize("point", range(1, 15))
def test_interrupted_anywhere_the_next_run_finishes_without_one_transaction_more(
    new_anvil: Callable[..., Plain], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: int
) -> None:
    rpc = new_anvil().rpc
    with monkeypatch.context() as patched:
        interrupt(patched, point)
        with pytest.raises(Interrupted):
            deploy(rpc, tmp_path / "addresses.json", role=Role.BUSINESS)
    made = deploy(rpc, tmp_path / "addresses.json", role=Role.BUSINESS)
    assert sent(rpc) == len(made.contracts) == 3
    assert load_addresses(tmp_path / "addresses.json") == made
    assert not (tmp_path / "addresses.json.pending").exists()


def test_a_nonce_used_up_by_something_else_is_replaced(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    rpc = new_anvil().rpc
    made = deploy(rpc, tmp_path / "other.json")
    genesis = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    noted = {"nonce": 0, "data": "0x00", "raw": "0x00", "hash": "0x" + "00" * 32}
    pending = {"chain_id": made.chain_id, "genesis": genesis, "deployer": ADDRESSES[0]}
    (tmp_path / "addresses.json.pending").write_text(
        json.dumps(pending | {"creations": {"InstitutionRegistry": noted}})
    )
    again = deploy(rpc, tmp_path / "addresses.json")
    assert again.contracts["InstitutionRegistry"].address != made.contracts["InstitutionRegistry"].address
    assert sent(rpc) == 2 * ALL


def test_another_chain_other_arguments_and_other_code_are_refused(
    new_anvil: Callable[..., Plain], tmp_path: Path
) -> None:
    rpc, other = new_anvil(salt=1).rpc, new_anvil(salt=2).rpc
    out = tmp_path / "addresses.json"
    deploy(rpc, out)
    with pytest.raises(HandshakeError, match="chain of"):
        deploy(other, out)
    with pytest.raises(DeployError, match="other arguments"):
        deploy(rpc, out, delay=61)
    registry = load_addresses(out).contracts["InstitutionRegistry"].address  # type: ignore[union-attr]
    rpc("anvil_setCode", registry, "0x60")
    with pytest.raises(HandshakeError, match="code of InstitutionRegistry"):
        deploy(rpc, out)
    rpc("anvil_setCode", registry, "0x")
    with pytest.raises(HandshakeError, match="found none"):
        deploy(rpc, out)
    assert (sent(rpc), sent(other)) == (ALL, 0)


def test_an_interrupted_run_on_another_chain_is_refused(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    pending = {"chain_id": 1, "genesis": "0x00", "deployer": ADDRESSES[0], "creations": {}}
    (tmp_path / "addresses.json.pending").write_text(json.dumps(pending))
    with pytest.raises(HandshakeError):
        deploy(new_anvil().rpc, tmp_path / "addresses.json")


def test_without_funds_or_chain_the_reason_is_told(new_anvil: Callable[..., Plain], tmp_path: Path) -> None:
    rpc = new_anvil().rpc
    poor = bytes(Account.from_key(b"\x77" * 32).key)
    with pytest.raises(DeployError, match=r"(?i)funds|balance|gas"):
        deploy_all(rpc.url, poor, ADDRESSES[1], REGIONS, 60, tmp_path / "addresses.json")
    with pytest.raises(EndpointError, match="cannot be reached"):
        deploy(Rpc(f"http://127.0.0.1:{free_port()}"), tmp_path / "addresses.json")


def test_on_the_embedded_chain_a_kill_between_the_contracts_loses_nothing(node: Node, tmp_path: Path) -> None:
    rpc = node.start("--port", str(free_port()), failpoint="done-written:1")
    with pytest.raises(EndpointError):
        deploy(rpc, tmp_path / "addresses.json")
    node.ended()
    again = node.start()
    made = deploy(again, tmp_path / "addresses.json")
    assert sent(again) == ALL
    assert [one.block for one in made.contracts.values()] == [*range(1, ALL + 1)]


def test_on_a_hardhat_node_the_contracts_deploy_as_well(hardhat_node: Plain, tmp_path: Path) -> None:
    rpc = hardhat_node.rpc
    rpc("hardhat_setBalance", ADDRESSES[0], hex(10**24))
    made = deploy(rpc, tmp_path / "addresses.json")
    assert deploy(rpc, tmp_path / "addresses.json") == made
    assert signed(0, 0)[1] != made.genesis
