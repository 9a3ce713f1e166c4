import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from web3 import HTTPProvider, Web3
from web3.exceptions import ExtraDataLengthError

from chain.addresses import CONTRACTS, Role
from chain.client import ChainClient
from chain.endpoints import Endpoints
from chain.errors import EndpointError, HandshakeError, RevertError
from chain.party.evm import checksummed
from chain.proof.hashing import keccak256
from tests.integration.chain.support import ACCOUNTS, ADDRESSES, RECORDER, Node, Plain, Proxy, Rpc, signed
from tests.ports import free_port

NewAnvil = Callable[..., Plain]
NewClient = Callable[..., ChainClient]
NewProxy = Callable[..., Proxy]
Deployed = Callable[[str], Path]


def send(rpc: Rpc, count: int, *, first: int = 0, sender: int = 4) -> list[str]:
    made = [signed(sender, nonce, chain_id=int(rpc("eth_chainId"), 16)) for nonce in range(first, first + count)]
    for raw, digest in made:
        rpc("eth_sendRawTransaction", raw)
        rpc.mined(digest)
    return [digest for _, digest in made]


# --- failover ---------------------------------------------------------------------------------------------------------


def test_a_dead_endpoint_is_passed_over_and_the_next_is_kept(new_anvil: NewAnvil, new_client: NewClient) -> None:
    first, second = new_anvil(), new_anvil()
    client = new_client(first.rpc.url, second.rpc.url, f"http://127.0.0.1:{free_port()}")
    assert client.head() == 0
    first.stop()
    send(second.rpc, 2)
    assert client.head() == 2
    assert client.url == second.rpc.url
    second.stop()
    with pytest.raises(EndpointError, match="no endpoint answers") as nobody:
        client.head()
    assert nobody.value.code is None
    assert all(plain.rpc.url in str(nobody.value) for plain in (first, second))


def test_an_error_does_not_tell_the_providers_key() -> None:
    port = free_port()
    url = f"http://user:pass-word@127.0.0.1:{port}/v2/the-key?token=the-token"
    with pytest.raises(EndpointError) as nobody:
        Endpoints([url], 1, "0x" + "11" * 32).request("eth_blockNumber", [])
    assert f"http://127.0.0.1:{port}: " in str(nobody.value)
    assert not [each for each in ("pass-word", "the-key", "the-token") if each in str(nobody.value)]


@pytest.mark.parametrize("fault", ["garbage", "error page", "wrong shape", "no result"])
def test_an_endpoint_that_answers_nonsense_is_passed_over(
    new_anvil: NewAnvil, new_proxy: NewProxy, new_client: NewClient, fault: str
) -> None:
    good = new_anvil().rpc
    proxy = new_proxy(good)
    client = new_client(proxy.url, good.url)
    assert client.head() == 0
    answers = {
        "garbage": b"<html>",
        "error page": b"{}",
        "wrong shape": b"[1]",
        "no result": b'{"jsonrpc":"2.0","id":1}',
    }
    proxy.change = lambda *_: answers[fault]
    proxy.status = 502 if fault == "error page" else 200
    send(good, 1)
    assert client.head() == 1
    assert client.url == good.url


def test_what_an_endpoint_did_not_answer_is_told_by_kind(new_anvil: NewAnvil, new_proxy: NewProxy) -> None:
    proxy, silent, heard = new_proxy(new_anvil().rpc), threading.Event(), list[tuple[str, str]]()

    def ask(url: str, *, patience: float = 60) -> None:  # a busy node is not a silent one
        asked = Endpoints(
            [url + "/key"], 1, "0x" + "11" * 32, timeout=patience, failed=lambda *what: heard.append(what)
        )
        with pytest.raises(EndpointError):
            asked.request("eth_blockNumber", [])

    ask(proxy.url)
    proxy.change = lambda *_: b"<html>"
    ask(proxy.url)
    proxy.status = 503
    ask(proxy.url)
    proxy.change = lambda *_: silent.wait(30)
    ask(proxy.url, patience=0.5)
    silent.set()
    nobody = f"http://127.0.0.1:{free_port()}"
    ask(nobody)
    kinds = ("foreign", "malformed", "status", "timeout")
    assert heard == [*((proxy.url, kind) for kind in kinds), (nobody, "connection")]


def test_a_replacement_of_another_chain_is_never_used(new_anvil: NewAnvil, new_client: NewClient) -> None:
    first, other = new_anvil(salt=1), new_anvil(salt=2)
    client = new_client(first.rpc.url, other.rpc.url)
    assert client.head() == 0
    first.stop()
    with pytest.raises(EndpointError, match="genesis hash"):
        client.head()


def test_what_comes_back_at_an_address_is_checked_again(new_anvil: NewAnvil, new_client: NewClient) -> None:
    first = new_anvil(salt=1)
    client = new_client(first.rpc.url)
    port = int(first.rpc.url.rpartition(":")[2])
    assert client.head() == 0
    first.stop()
    with pytest.raises(EndpointError):
        client.head()
    other = new_anvil(salt=2, port=port)
    with pytest.raises(EndpointError, match="genesis hash"):
        client.head()
    other.stop()
    new_anvil(salt=1, port=port)
    assert client.head() == 0


# --- handshake ---------------------------------------------------------------------------


def test_the_handshake_passes_on_the_pinned_chain(
    new_anvil: NewAnvil, new_client: NewClient, deployed: Deployed
) -> None:
    rpc = new_anvil().rpc
    client = new_client(rpc.url, addresses=deployed(rpc.url))
    client.handshake()
    assert client.contracts() == sorted(CONTRACTS[Role.SUPERVISION])
    assert client.first_block == 1


def test_the_handshake_names_what_is_different(
    new_anvil: NewAnvil, new_client: NewClient, deployed: Deployed, tmp_path: Path
) -> None:
    rpc, other = new_anvil(salt=1).rpc, new_anvil(salt=2).rpc
    addresses = deployed(rpc.url)
    wrong: list[tuple[str, str, Any]] = [
        ("chain_id", "chain id", 9),
        ("genesis", "genesis hash", "0x" + "11" * 32),
    ]
    for option, check, value in wrong:
        with pytest.raises(HandshakeError, match=check) as refused:
            new_client(rpc.url, **{option: value}).handshake()
        assert refused.value.expected == value
    with pytest.raises(HandshakeError, match="chain of"):
        new_client(other.url, addresses=addresses)
    with pytest.raises(HandshakeError, match=f"genesis hash at {other.url}"):
        new_client(rpc.url, other.url, addresses=addresses).handshake()
    client = new_client(rpc.url, addresses=addresses)
    rpc("anvil_setCode", client.address("EvidenceLog"), "0x6001")
    with pytest.raises(HandshakeError, match="code of EvidenceLog") as refused:
        client.handshake()
    assert refused.value.found == "0x" + keccak256(b"\x60\x01").hex()
    assert refused.value.expected == json.loads(addresses.read_text())["contracts"]["EvidenceLog"]["code_hash"]
    rpc("anvil_setCode", client.address("EvidenceLog"), "0x")
    with pytest.raises(HandshakeError, match="found no code"):
        client.handshake()


def test_the_handshake_goes_on_while_one_endpoint_is_away(new_anvil: NewAnvil, new_client: NewClient) -> None:
    rpc = new_anvil().rpc
    new_client(rpc.url, f"http://127.0.0.1:{free_port()}").handshake()
    lonely = new_anvil(salt=5)
    client = new_client(lonely.rpc.url)
    lonely.stop()
    with pytest.raises(EndpointError):
        client.handshake()


# --- blocks, finality, reorganisation -------------------------------------------------------------------------------


def test_finality_follows_the_chain_s_rule(new_anvil: NewAnvil, new_client: NewClient) -> None:
    rpc = new_anvil("--slots-in-an-epoch", "2").rpc
    finals = {rule: new_client(rpc.url, finality=rule) for rule in ("immediate", "confirmations:3", "finalized")}
    assert {rule: client.final() for rule, client in finals.items()} == {
        "immediate": 0,
        "confirmations:3": -1,
        "finalized": 0,
    }
    send(rpc, 10)
    assert {rule: client.final() for rule, client in finals.items()} == {
        "immediate": 10,
        "confirmations:3": 7,
        "finalized": 6,
    }


def test_a_block_comes_with_its_transactions_when_asked(new_anvil: NewAnvil, new_client: NewClient) -> None:
    rpc = new_anvil().rpc
    (digest,) = send(rpc, 1)
    client = new_client(rpc.url)
    block = client.block(1, transactions=True)
    assert block is not None
    assert block.transactions == ((digest, ADDRESSES[4], 0),)
    raw = rpc("eth_getBlockByNumber", "0x1", False)
    assert (block.hash, block.parent_hash, block.timestamp) == (
        raw["hash"],
        raw["parentHash"],
        int(raw["timestamp"], 16),
    )
    assert "0x" + block.bloom.hex() == raw["logsBloom"]
    assert client.block(2) is None


def test_headers_with_the_long_extra_data_of_poa_chains_are_read(
    new_anvil: NewAnvil, new_proxy: NewProxy, new_client: NewClient
) -> None:
    def sealed(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        """As Clique has it: 32 bytes of vanity and a seal of 65. QBFT's is longer still."""
        if method == "eth_getBlockByNumber":
            answer["result"]["extraData"] = "0x" + "11" * 97
        return answer

    url = new_proxy(new_anvil().rpc, sealed).url
    block = new_client(url).block(0)
    assert block is not None
    assert block.hash == Rpc(url)("eth_getBlockByNumber", "0x0", False)["hash"]
    with pytest.raises(ExtraDataLengthError):
        Web3(HTTPProvider(url)).eth.get_block(0)


def test_a_reorganisation_replaces_blocks_and_takes_their_receipts(new_anvil: NewAnvil, new_client: NewClient) -> None:
    rpc = new_anvil().rpc
    kept, gone = send(rpc, 2)
    client = new_client(rpc.url, finality="confirmations:1")
    before = client.block(2)
    assert set(client.receipts([kept, gone])) == {kept, gone}
    rpc("anvil_reorg", 1, [])
    after = client.block(2)
    assert before is not None
    assert after is not None
    assert after.hash != before.hash
    assert after.parent_hash == before.parent_hash
    assert set(client.receipts([kept, gone])) == {kept}
    assert client.nonce(ADDRESSES[4]) == 1
    assert client.final() == 1


# --- events -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def recorded(new_anvil: NewAnvil, tmp_path: Path) -> tuple[Rpc, Path]:
    """A chain whose block 2 has three events and block 3 one, and an address file that names their source."""
    rpc = new_anvil().rpc
    raw, digest = signed(0, 0, to=None, value=0, data=RECORDER)
    rpc("eth_sendRawTransaction", raw)
    address = checksummed(bytes.fromhex(rpc.mined(digest)["contractAddress"][2:]))
    rpc("evm_setAutomine", False)
    for nonce in (1, 2, 3):
        rpc("eth_sendRawTransaction", signed(0, nonce, to=address, value=0, data=bytes((nonce,)) * 32)[0])
    rpc("evm_mine")
    rpc("eth_sendRawTransaction", signed(0, 4, to=address, value=0, data=b"\x09" * 32)[0])
    rpc("evm_mine")
    genesis = rpc("eth_getBlockByNumber", "0x0", False)["hash"]
    contract = {"address": address, "code_hash": "0x", "block": 1}
    file = tmp_path / "recorder.json"
    file.write_text(json.dumps({"chain_id": 7001, "genesis": genesis, "contracts": {"EvidenceLog": contract}}))
    return rpc, file


def test_events_come_once_and_in_order_however_the_node_gives_them(
    recorded: tuple[Rpc, Path], new_proxy: NewProxy, new_client: NewClient
) -> None:
    rpc, file = recorded

    def scramble(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs":
            removed = [{**answer["result"][0], "removed": True, "logIndex": "0x9"}]
            answer["result"] = list(reversed(answer["result"])) + answer["result"] + removed
        return answer

    client = new_client(new_proxy(rpc, scramble).url, addresses=file)
    logs = client.logs(0, 3)
    assert [(log.block_number, log.log_index) for log in logs] == [(2, 0), (2, 1), (2, 2), (3, 0)]
    assert [log.topics[0][0] for log in logs] == [1, 2, 3, 9]
    assert logs[0].address == client.address("EvidenceLog")
    assert client.logs(3, 2) == []
    assert client.logs(0, 3, contracts=[]) == []


def test_a_range_too_large_for_the_node_is_halved(
    recorded: tuple[Rpc, Path], new_proxy: NewProxy, new_client: NewClient
) -> None:
    rpc, file = recorded

    def limited(method: str, params: list[Any], answer: dict[str, Any]) -> dict[str, Any]:
        if method == "eth_getLogs" and int(params[0]["toBlock"], 16) > int(params[0]["fromBlock"], 16):
            return {
                "jsonrpc": "2.0",
                "id": answer["id"],
                "error": {"code": -32005, "message": "query exceeds max block range"},
            }
        return answer

    proxy = new_proxy(rpc, limited)
    assert len(new_client(proxy.url, addresses=file).logs(0, 3)) == 4
    assert proxy.calls.count("eth_getLogs") == 7


# --- transactions and calls ---------------------------------------------------------------------------


def test_batches_keep_their_order_and_tell_the_node_s_words(node: Node, new_client: NewClient) -> None:
    rpc = node.start()
    client = new_client(rpc.url)
    made = [signed(0, nonce) for nonce in range(150)]
    raws = [bytes.fromhex(raw[2:]) for raw, _ in made]
    assert client.send(raws) == [None] * 150
    assert client.nonce(ADDRESSES[0], pending=True) == 150
    rpc.mined(made[-1][1])
    again = client.send(
        [raws[0], bytes.fromhex(signed(0, 0, value=2)[0][2:]), b"\x02", bytes.fromhex(signed(0, 150)[0][2:])]
    )
    assert again[0] == "already known"
    assert str(again[1]).startswith("nonce too low")
    assert again[2] is not None
    assert again[3] is None
    found = client.receipts([digest for _, digest in made] + ["0x" + "00" * 32])
    assert len(found) == 150
    assert all(receipt.ok for receipt in found.values())
    assert client.receipt("0x" + "00" * 32) is None
    assert client.send([]) == []


def test_a_node_without_batches_is_asked_one_by_one(
    new_anvil: NewAnvil, new_proxy: NewProxy, new_client: NewClient
) -> None:
    rpc = new_anvil().rpc
    proxy = new_proxy(rpc)
    proxy.batches = False
    client = new_client(proxy.url)
    hashes = send(rpc, 2)
    assert set(client.receipts(hashes)) == set(hashes)


def test_a_contract_s_no_comes_with_its_name_and_arguments(
    node: Node, new_client: NewClient, deployed: Deployed
) -> None:
    url = node.start().url
    _says_no(new_client(url, addresses=deployed(url)))


def test_a_contract_s_no_is_read_from_a_hardhat_node_too(
    hardhat_node: Plain, new_client: NewClient, deployed: Deployed
) -> None:
    rpc = hardhat_node.rpc
    rpc("hardhat_setBalance", ADDRESSES[0], hex(10**24))
    client = new_client(rpc.url, addresses=deployed(rpc.url))
    client.handshake()
    _says_no(client)
    assert client.head() >= 2
    assert client.logs(0, client.head())
    assert client.market().maximum > 0


def _says_no(client: ChainClient) -> None:
    unknown = keccak256(b"no such log")
    selector = keccak256(b"append(bytes32,uint64,bytes32,bytes32[])")[:4]
    data = selector + unknown + (1).to_bytes(32, "big") + bytes(32) + (128).to_bytes(32, "big") + bytes(32)
    for act in (
        lambda: client.gas(ACCOUNTS[4].address, client.address("EvidenceLog"), data),
        lambda: client.call(client.address("EvidenceLog"), data),
    ):
        with pytest.raises(RevertError) as refused:
            act()
        assert (refused.value.name, refused.value.args_by_name) == ("LogUnknown", {"log": unknown})


def test_views_of_our_contracts_are_read_by_name(
    new_anvil: NewAnvil, new_client: NewClient, deployed: Deployed
) -> None:
    url = new_anvil().rpc.url
    client = new_client(url, addresses=deployed(url))
    assert client.read("InstitutionRegistry", "root") == ADDRESSES[1].lower()
    assert client.read("InstitutionRegistry", "regionalAuthority", 440300) == ADDRESSES[2].lower()
    assert client.read("InstitutionRegistry", "proposal", 440300) == ("0x" + "00" * 20, 0)
    assert client.read("EvidenceLog", "logOf", bytes(32))[:3] == (bytes(16), 0, 0)


def test_market_fees_get_a_transaction_mined(node: Node, new_client: NewClient) -> None:
    rpc = node.start()
    fees = new_client(rpc.url).market()
    raw, digest = signed(0, 0, maxFeePerGas=fees.maximum, maxPriorityFeePerGas=fees.priority)
    rpc("eth_sendRawTransaction", raw)
    assert rpc.mined(digest)["status"] == "0x1"
