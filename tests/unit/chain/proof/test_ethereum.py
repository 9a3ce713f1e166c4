"""RLP, headers, transaction receipts and tries, with the `rlp` library as the second opinion."""

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
import rlp
from hypothesis import given
from hypothesis import strategies as st

from chain.proof.errors import FormatError, ProofError
from chain.proof.ethereum import (
    BlockHeader,
    EventLog,
    HeadAnchored,
    TransactionReceipt,
    bloom_of,
    decode_receipt,
    encode_header,
    encode_receipt,
)
from chain.proof.hashing import keccak256
from chain.proof.rlpstrict import as_integer, as_list, decode
from chain.proof.trie import EMPTY_ROOT, build_trie, index_key, verify_trie_proof
from tests.vectors.public import MAINNET_GENESIS
from tests.vectors.world import World, make_block, transaction_receipt

items = st.recursive(st.binary(max_size=70), lambda inner: st.lists(inner, max_size=4), max_leaves=12)


def depth(item: Any) -> int:
    return 1 + max(map(depth, item), default=0) if isinstance(item, list) else 0


@given(items.filter(lambda item: depth(item) <= 6))
def test_reading_gives_back_what_the_library_wrote(item: Any) -> None:
    data = rlp.encode(item)
    assert decode(data, "x", 100_000) == item
    for wrong in (data + b"\0", data[:-1]):
        with pytest.raises(FormatError):
            decode(wrong, "x", 100_000)


@given(st.binary(max_size=80))
def test_bytes_are_read_in_exactly_one_way(data: bytes) -> None:
    try:
        item = decode(data, "x", 100)
    except FormatError:
        return
    assert rlp.encode(item) == data


@given(st.binary(max_size=80))
def test_what_the_library_refuses_is_refused(data: bytes) -> None:
    try:
        rlp.decode(data, strict=True)
    except rlp.exceptions.DecodingError:
        with pytest.raises(FormatError):
            decode(data, "x", 100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x81\x00",
        b"\xb8\x01a",
        b"\xb8\x37" + b"a" * 55,
        b"\xb9\x00\x38" + b"a" * 56,
        b"\xb8",
        b"\xbf" + b"\xff" * 8,
        b"\xc2\x82a",
        b"\xc1\x81",
        b"\xf8\x00",
        b"\xff" + b"\xff" * 8,
        b"\xc1" * 1_000,
        b"\xc7\xc6\xc5\xc4\xc3\xc2\xc1\xc0",
    ],
)
def test_rlp_that_is_not_canonical_or_too_deep_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode(data, "x", 100_000)


def test_rlp_kinds_are_told_apart() -> None:
    with pytest.raises(FormatError):
        as_list(b"", "x")
    with pytest.raises(FormatError):
        as_list([], "x", 1)
    wrong: tuple[Any, ...] = ([], b"\0", b"\0\x01", bytes(9))
    for item in wrong:
        with pytest.raises(FormatError):
            as_integer(item, "x")
    assert as_integer(b"", "x") == 0


HEADER: list[Any] = [*rlp.decode(World().block().header)]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (0, bytes(31)),
        (5, bytes(33)),
        (8, b"\0"),
        (8, bytes(9)),
        (11, b"\0\x01"),
        (11, b"\xff" * 8),
        (12, []),
        (20, [b""]),
    ],
)
def test_header_with_an_impossible_field_is_refused(place: int, value: Any) -> None:
    fields = [*HEADER, b"", b""]
    fields[place] = value
    with pytest.raises(FormatError):
        BlockHeader.decode(rlp.encode(fields))


def test_header_of_a_later_upgrade_is_read() -> None:
    header = BlockHeader.decode(rlp.encode([*HEADER, bytes(32), b"\x01"]))
    assert (header.number, header.receipts_root) == (42, HEADER[5])
    for count in (14, 33):
        with pytest.raises(FormatError):
            BlockHeader.decode(rlp.encode((HEADER + [b""] * 20)[:count]))


def test_header_is_encoded_from_what_a_node_answers() -> None:
    block = World().block()
    assert rlp.encode(HEADER) == block.header
    later = {**MAINNET_GENESIS, "baseFeePerGas": "0x7", "withdrawalsRoot": "0x" + "11" * 32}
    assert len(rlp.decode(encode_header(later))) == 17
    for wrong in (
        {**MAINNET_GENESIS, "withdrawalsRoot": "0x"},
        {**MAINNET_GENESIS, "number": -1},
        {**MAINNET_GENESIS, "number": None},
        {key: value for key, value in MAINNET_GENESIS.items() if key != "nonce"},
    ):
        with pytest.raises(FormatError):
            encode_header(wrong)


addresses = st.binary(min_size=20, max_size=20)
words = st.binary(min_size=32, max_size=32)
events = st.builds(EventLog, addresses, st.lists(words, max_size=4).map(tuple), st.binary(max_size=100))


@given(st.sampled_from((0, 1, 2, 3, 4, 0x7F)), st.integers(0, 1), st.integers(0, 2**63), st.lists(events, max_size=4))
def test_receipt_survives_its_encoding(kind: int, status: int, gas: int, logs: list[EventLog]) -> None:
    receipt = TransactionReceipt(kind, status, gas, bloom_of(logs), tuple(logs))
    assert decode_receipt(encode_receipt(receipt)) == receipt


BODY = [b"\x01", b"\x01", bytes(256), []]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" + rlp.encode(BODY),
        b"\x80" + rlp.encode(BODY),
        b"\xbf",
        b"\x02",
        b"\x02\x02" + rlp.encode(BODY),
        rlp.encode([b"\x02", *BODY[1:]]),
        rlp.encode([bytes(32), *BODY[1:]]),
        rlp.encode([*BODY[:2], bytes(255), []]),
        rlp.encode(BODY[:3]),
        rlp.encode([*BODY[:3], b""]),
        rlp.encode([*BODY[:3], [[bytes(19), [], b""]]]),
        rlp.encode([*BODY[:3], [[bytes(20), [bytes(31)], b""]]]),
        rlp.encode([*BODY[:3], [[bytes(20), [bytes(32)] * 5, b""]]]),
        rlp.encode([*BODY[:3], [[bytes(20), [], []]]]),
        rlp.encode([*BODY[:3], [[bytes(20), []]]]),
    ],
)
def test_transaction_receipt_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(FormatError):
        decode_receipt(data)


@given(words, st.integers(0, 2**64 - 1), words, st.integers(0, 2**64 - 1))
def test_anchoring_event_survives_its_encoding(log: bytes, size: int, root: bytes, previous: int) -> None:
    event = HeadAnchored(log, size, root, previous)
    entry = event.encode(bytes(20))
    assert HeadAnchored.decode(entry) == event
    for wrong in (
        replace(entry, topics=entry.topics[:1]),
        replace(entry, topics=(*entry.topics, log)),
        replace(entry, topics=(log, log)),
        replace(entry, data=entry.data[:-1]),
        replace(entry, data=b"\x01" + entry.data[1:]),
        replace(entry, data=entry.data[:64] + b"\x01" + entry.data[65:]),
    ):
        with pytest.raises(ProofError, match="event-kind"):
            HeadAnchored.decode(wrong)


pairs = st.dictionaries(st.binary(max_size=4), st.binary(min_size=1, max_size=50), min_size=1, max_size=30)


@given(pairs)
def test_every_key_of_a_trie_is_proven_with_its_own_value_only(content: dict[bytes, bytes]) -> None:
    root, prove = build_trie(list(content.items()))
    for key, value in content.items():
        proof = prove(key)
        assert keccak256(proof[0]) == root
        assert verify_trie_proof(root, key, proof) == value
        for other in content.keys() - {key}:
            # Nodes that two keys share may prove the other one too, but only its own value.
            with suppress(ProofError):
                assert verify_trie_proof(root, other, proof) == content[other]
    with pytest.raises(FormatError):
        prove(b"12345")


@given(st.integers(1, 300), st.data())
def test_every_damage_to_a_trie_proof_is_refused(count: int, data: st.DataObject) -> None:
    receipts = [transaction_receipt((), gas=21_000 * (index + 1)) for index in range(count)]
    root, prove = build_trie([(index_key(index), receipt) for index, receipt in enumerate(receipts)])
    index = data.draw(st.integers(0, count - 1))
    proof = prove(index_key(index))
    assert verify_trie_proof(root, index_key(index), proof) == receipts[index]
    place = data.draw(st.integers(0, len(proof) - 1))
    bit = data.draw(st.integers(0, 8 * len(proof[place]) - 1))
    node = (int.from_bytes(proof[place], "big") ^ (1 << bit)).to_bytes(len(proof[place]), "big")
    variants = [
        [*proof[:place], node, *proof[place + 1 :]],
        [*proof[:place], *proof[place + 1 :]],
        [*proof[:place], proof[place], *proof[place:]],
        [*proof, b"\x80"],
        proof * 17,
    ]
    for variant in variants:
        with pytest.raises(ProofError, match="receipt-proof"):
            verify_trie_proof(root, index_key(index), variant)
    with pytest.raises(ProofError, match="receipt-proof"):
        verify_trie_proof(root, index_key(count), proof)


@pytest.mark.parametrize(
    "node",
    [
        rlp.encode([b"\x20" + b"\x80", b""]),
        rlp.encode([b"", b"value"]),
        rlp.encode([b"\x40", b"value"]),
        rlp.encode([b"\x21\x80", b"value"]),
        rlp.encode([b"a", b"b", b"c"]),
        rlp.encode([[b""], b"value"]),
        rlp.encode(b"value"),
        rlp.encode([b""] * 17),
        rlp.encode([b"short"] * 17),
        rlp.encode([b"\x20\x80", [b"value"]]),
    ],
)
def test_trie_node_that_is_none_is_refused(node: bytes) -> None:
    with pytest.raises(ProofError, match="receipt-proof"):
        verify_trie_proof(keccak256(node), b"\x80", [node])


def test_trie_of_nothing() -> None:
    root, _ = build_trie([])
    assert root == EMPTY_ROOT == BlockHeader.decode(make_block(0, bytes(32), (), timestamp=1).header).receipts_root
