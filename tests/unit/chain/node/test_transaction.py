from typing import Any

import pytest
from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from chain.node.transaction import MAX_RAW, Refused, decode
from chain.party.evm import checksummed

KEY = Account.from_key(bytes(31) + b"\x07")
CHAIN_ID = 861_001
BASE: dict[str, Any] = {
    "nonce": 3,
    "gas": 500_000,
    "to": "0x" + "11" * 20,
    "value": 5,
    "data": b"",
    "chainId": CHAIN_ID,
}
ACCESS = [{"address": "0x" + "22" * 20, "storageKeys": ["0x" + "33" * 32, "0x" + "44" * 32]}]
PRICED: dict[str, Any] = {"gasPrice": 9}
KINDS: list[dict[str, Any]] = [
    PRICED,
    PRICED | {"type": 1, "accessList": ACCESS},
    {"type": 2, "maxFeePerGas": 9, "maxPriorityFeePerGas": 2, "accessList": ACCESS},
]


def sign(**changes: Any) -> bytes:
    made = {key: value for key, value in (BASE | changes).items() if value is not None}
    return bytes(KEY.sign_transaction(made).raw_transaction)


@given(
    kind=st.sampled_from(KINDS),
    nonce=st.integers(0, 2**32),
    value=st.integers(0, 2**100),
    data=st.binary(max_size=200),
    to=st.one_of(st.none(), st.binary(min_size=20, max_size=20)),
)
def test_what_wallets_sign_is_read_as_they_meant_it(
    kind: dict[str, Any], nonce: int, value: int, data: bytes, to: bytes | None
) -> None:
    changes = kind | {"nonce": nonce, "value": value, "data": data, "to": to and checksummed(to)}
    made = {key: one for key, one in (BASE | changes).items() if one is not None}
    signed = KEY.sign_transaction(made)
    found = decode(bytes(signed.raw_transaction), CHAIN_ID)
    assert found.hash == "0x" + signed.hash.hex()
    assert found.sender == KEY.address.lower()
    assert (found.type, found.nonce, found.value, found.data) == (kind.get("type", 0), nonce, value, data)
    assert (found.to, found.gas, found.max_fee) == (to or b"", 500_000, 9)
    assert found.cost == 500_000 * 9 + value


@given(st.binary(max_size=300))
def test_no_bytes_break_the_decoder(data: bytes) -> None:
    with pytest.raises(Refused):
        decode(data, CHAIN_ID)


@given(place=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_a_changed_bit_is_refused_or_another_sender_s(place: int, bit: int) -> None:
    raw = bytearray(sign(**KINDS[2]))
    raw[place % len(raw)] ^= 1 << bit
    try:
        found = decode(bytes(raw), CHAIN_ID)
    except Refused:
        return
    assert found.sender != KEY.address.lower()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (PRICED | {"chainId": 1}, "EIP-155"),
        (KINDS[2] | {"chainId": 1}, "invalid chain id for signer: have 1 want 861001"),
        (PRICED | {"gas": 20_999}, "intrinsic gas too low"),
        (PRICED | {"gas": 21_000, "data": b"\x01"}, "intrinsic gas too low: gas 21000, minimum needed 21016"),
        (PRICED | {"gas": 53_000, "data": b"\x01", "to": None}, "intrinsic gas too low"),
        (KINDS[1] | {"gas": 21_000 + 2_400 + 2 * 1_900 - 1}, "intrinsic gas too low"),
        (PRICED | {"to": None, "data": bytes(49_153), "gas": 10**7}, "max initcode size exceeded"),
    ],
)
def test_what_no_block_could_hold_is_refused_in_usual_words(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        decode(sign(**changes), CHAIN_ID)


def test_oversized_and_unknown_types_are_refused() -> None:
    with pytest.raises(Refused, match="oversized"):
        decode(b"\x02" + bytes(MAX_RAW), CHAIN_ID)
    for kind in (3, 4):
        with pytest.raises(Refused, match="type not supported"):
            decode(bytes((kind,)) + sign(**KINDS[2])[1:], CHAIN_ID)
