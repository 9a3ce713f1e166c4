"""Blocks of real BFT chains: what the hash leaves out, and that nothing else is left out.

The blocks are as Besu nodes told them, taken from public repositories: a QBFT block (the sample in firefly-evmconnect's
tests) and two IBFT 2.0 blocks, of four validators and of one.
"""

from collections.abc import Callable
from typing import Any, cast

import pytest
import rlp

from chain.client import ChainClient
from chain.inclusion import collect_headers
from chain.party.rpc import JsonRpc
from chain.party.witness.blocks import fetch_block
from chain.party.witness.refusal import Refusal
from chain.proof.bft import header_as_hashed
from chain.proof.errors import ProofError
from chain.proof.ethereum import BlockHeader, encode_header
from chain.proof.hashing import keccak256

Json = dict[str, Any]

EMPTY_TRIE = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
COMMON: Json = {
    "sha3Uncles": "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
    "transactionsRoot": EMPTY_TRIE,
    "receiptsRoot": EMPTY_TRIE,
    "logsBloom": "0x" + "00" * 256,
    "difficulty": "0x1",
    "gasUsed": "0x0",
    "mixHash": "0x63746963616c2062797a616e74696e65206661756c7420746f6c6572616e6365",
    "nonce": "0x0000000000000000",
    "transactions": [],
}
QBFT: Json = {
    **COMMON,
    "number": "0xe5f2",
    "hash": "0xd33367228e0a0e3667c910c7d92d3f6e724e2b6e2f671b28823a22f82597d023",
    "parentHash": "0x78ec31452f053f75665033d4957b8b33283c55e1c7239dc5facbb684a866492e",
    "logsBloom": "0x000000000000000000000000000000000000000000000000000000800001000020000000000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000080000000000000000000000000000"
    "000000000000000200000000000000000000000000000000000000000000000000100080000000000000000000"
    "000000000000000000000000000000000000000000000000000000000000000000000000202000000000000002"
    "040000000000000000000000000000020000000000000400000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000404000000000000000",
    "transactionsRoot": "0x77c428651debcc42d181d9067386d807b204235ebb3e45dfa5f1e6e71c0b67de",
    "stateRoot": "0xaebe1ab7b242b261b1aced1a1ed729c3d6436634ff656efecad4609b38ee63a3",
    "receiptsRoot": "0x0946e4baf57a46888aa1a78dc974a01a56bb221ae8d6ee381942695596f976ec",
    "miner": "0xef5880ec6b859b6949d88ddbd6ec18e96d0f14aa",
    "extraData": "0xf87ea00000000000000000000000000000000000000000000000000000000000000000"
    "d594ef5880ec6b859b6949d88ddbd6ec18e96d0f14aac080f843"
    "b8410469b43f8d873e7b3c54c0d2a606a37af533994653f077b234a563f00723641a7ad56e6ba07d56fb38ec68bc9b6234d54fe62730f41118"
    "658a12c886fb783c3100",
    "baseFeePerGas": "0x0",
    "gasLimit": "0x2fefd800",
    "gasUsed": "0x197b8",
    "timestamp": "0x6849f937",
}
IBFT2: Json = {
    **COMMON,
    "number": hex(2074747),
    "hash": "0xa587aa3b79e249fa13a799b700287a9a13f0aaeb90b5bdb59f019511a91a5843",
    "parentHash": "0xb043c80558a303a6a6cff54ee12cb4c0c18d7d6c6d9875ca357ef792afee4aab",
    "stateRoot": "0xba29682e080d946de3d793b6d146cb3f9001f1ce6e4b088b7f2eb9e94707bc5e",
    "miner": "0x20f41061b59cdd1de39862dac8420cde5b1c4611",
    "extraData": "0xf90148a00000000000000000000000000000000000000000000000000000000000000000"
    "f854941e3415214147f480c4a82130fa2fc75f870799499420f41061b59cdd1de39862dac8420cde5b1c4611"
    "942de1ec20190935f197f83dfcb5c49b424d1f78e594adb2d82c0247ee35774840e95313b6330e1996058084"
    "00000000f8c9"
    "b8419f92d5c3c7ded5ab0b91e29829e7473a36ec4b9fa99929feb4b48891571f2a8f104383eddac4c1d14a6c73c070af96dbedeb4d2843c900"
    "cc0c79677750e4879800"
    "b8415d8987fd2229dc77fdc84e559055e59e38293ffaac01f72015979ed27707fa4b2e6bcdf55b381cbb214d8730b7afa7fc22cf768e10428c"
    "1b251e815809d22ff900"
    "b841591a9516ccc936a1f45e787e5b99e608d83249c64eb18ff2a22a9c59f1a27b0c633ea0ead2660f1c7e7c7bf76edf821029e121719096ea"
    "e1740981eb4e2f9c9601",
    "gasLimit": hex(1890884448),
    "timestamp": hex(1627361583),
}
IBFT2_ALONE: Json = {
    **COMMON,
    "number": hex(100655),
    "hash": "0x1554b4e9630243666d846dfe5339adb4fadde1c127d7dd52f287a4a0c6d08994",
    "parentHash": "0x7c3a8fd89f73912f0c76ac485907bf6485aa0114416d7f44ac8564b71492124a",
    "stateRoot": "0xf60a2a5ccd66ff43c0f4bfb9b0b4e67a80de725cdc445b5992607c8033e603d6",
    "miner": "0xca31306798b41bc81c43094a1e0462890ce7a673",
    "extraData": "0xf882a00000000000000000000000000000000000000000000000000000000000000000"
    "d594ca31306798b41bc81c43094a1e0462890ce7a673808400000000f843"
    "b84141d126be3fad3947774970043207d182e9544925eb873e6a42e359027eeb239f55319d436301cce9dc1c0f580730b90d58a048d38d6c7d"
    "f928bef7dd813c333700",
    "gasLimit": hex(100000000),
    "timestamp": hex(1625478093),
}
SEAL = bytes(range(65))
every_block = pytest.mark.parametrize("block", [QBFT, IBFT2, IBFT2_ALONE], ids=["qbft", "ibft2", "ibft2-alone"])


def extra(block: Json) -> list[Any]:
    return list(rlp.decode(bytes.fromhex(block["extraData"][2:])))


def with_extra(block: Json, parts: list[Any]) -> Json:
    return {**block, "extraData": "0x" + rlp.encode(parts).hex()}


def has_its_hash(block: Json) -> bool:
    return keccak256(header_as_hashed(block)) == bytes.fromhex(block["hash"][2:])


class Node:
    """Tells one block, to a witness and to the service."""

    url = "http://node.example"

    def __init__(self, block: Json) -> None:
        self.block = block

    def call(self, *_: object) -> Json:
        return self.block

    def raw_block(self, _: int) -> Json:
        return self.block


@every_block
def test_a_block_hashes_without_its_seals_and_only_so(block: Json) -> None:
    assert has_its_hash(block)
    assert "0x" + keccak256(encode_header(block)).hex() != block["hash"]
    header = BlockHeader.decode(header_as_hashed(block))
    assert (header.number, header.timestamp) == (int(block["number"], 16), int(block["timestamp"], 16))
    assert "0x" + header.parent_hash.hex() == block["parentHash"]


@every_block
def test_other_copies_of_a_block_have_other_seals_and_rounds_and_one_header(block: Json) -> None:
    vanity, validators, vote, round_number, _ = extra(block)
    later = b"\x00\x00\x00\x02" if len(round_number) == 4 else b"\x02"
    for copy in ([vanity, validators, vote, later, [SEAL]], [vanity, validators, vote, round_number, []]):
        assert header_as_hashed(with_extra(block, copy)) == header_as_hashed(block)


CHANGES: dict[str, Callable[[list[Any]], list[Any]]] = {
    "other vanity": lambda parts: [b"\x01" * 32, *parts[1:]],
    "other validators": lambda parts: [parts[0], [b"\x01" * 20], *parts[2:]],
    "other vote": lambda parts: [*parts[:2], [b"\x01" * 20, b"\xff"], *parts[3:]],
    "short seal": lambda parts: [*parts[:4], [SEAL[:64]]],
    "long round": lambda parts: [*parts[:3], b"\x01" * 5, parts[4]],
    "one part more": lambda parts: [*parts, b""],
    "one part less": lambda parts: parts[:4],
}


@every_block
@pytest.mark.parametrize("change", CHANGES)
def test_what_is_hashed_and_what_is_malformed_does_not_pass(block: Json, change: str) -> None:
    assert not has_its_hash(with_extra(block, CHANGES[change](extra(block))))
    assert not has_its_hash({**block, "stateRoot": "0x" + "11" * 32})
    assert not has_its_hash({**block, "extraData": block["extraData"] + "00"})


@every_block
def test_witness_and_service_follow_such_a_chain_and_refuse_another_hash(block: Json) -> None:
    number = int(block["number"], 16)
    node = Node(block)
    followed = fetch_block(cast(JsonRpc, node), number)
    assert followed is not None
    assert "0x" + followed.header.hash.hex() == block["hash"]
    assert collect_headers(cast(ChainClient, node), number, number) == (followed.rlp,)
    node.block = {**block, "hash": "0x" + "11" * 32}
    with pytest.raises(Refusal, match="header-fabricated"):
        fetch_block(cast(JsonRpc, node), number)
    with pytest.raises(ProofError, match="header-malformed"):
        collect_headers(cast(ChainClient, node), number, number)
