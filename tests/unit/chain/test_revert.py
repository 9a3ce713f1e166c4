from typing import Any

import pytest
from eth_abi.abi import encode

from chain.proof.hashing import keccak256
from chain.revert import as_revert, decode_revert

LARGER = keccak256(b"LogNotLarger(uint64,uint64)")[:4] + encode(["uint64", "uint64"], [10, 9])


def test_a_custom_error_of_ours_comes_with_its_name_and_arguments() -> None:
    error = decode_revert(LARGER)
    assert (error.name, error.args_by_name, error.data) == ("LogNotLarger", {"size": 10, "newSize": 9}, LARGER)
    assert str(error) == "LogNotLarger(size=10, newSize=9)"


def test_enumerations_in_errors_are_read() -> None:
    data = keccak256(b"RegistryStatus(bytes16,uint8,uint8)")[:4] + encode(
        ["bytes16", "uint8", "uint8"], [bytes(16), 1, 3]
    )
    assert decode_revert(data).args_by_name == {"institution": bytes(16), "current": 1, "wanted": 3}


@pytest.mark.parametrize(
    ("data", "name", "arguments"),
    [
        (bytes.fromhex("08c379a0") + encode(["string"], ["不行"]), "Error", {"message": "不行"}),
        (bytes.fromhex("4e487b71") + encode(["uint256"], [0x11]), "Panic", {"code": 0x11}),
        (b"\x01\x02\x03\x04rest", "Unknown", {"selector": "0x01020304"}),
        (LARGER[:40], "Unknown", {"selector": "0x" + LARGER[:4].hex()}),
        (b"", "Empty", {}),
    ],
)
def test_other_reverts_have_a_name_too(data: bytes, name: str, arguments: dict[str, Any]) -> None:
    error = decode_revert(data)
    assert (error.name, error.args_by_name) == (name, arguments)


@pytest.mark.parametrize(
    "error",
    [
        {"code": 3, "message": "execution reverted", "data": "0x" + LARGER.hex()},
        {"code": -32000, "message": "Execution reverted", "data": "0x" + LARGER.hex()},
        {"code": -32603, "message": "Error: reverted", "data": {"message": "x", "data": "0x" + LARGER.hex()}},
        {"code": -32015, "message": "VM execution error.", "data": "Reverted 0x" + LARGER.hex()},
    ],
)
def test_reverts_are_found_wherever_a_node_puts_them(error: dict[str, Any]) -> None:
    found = as_revert(error)
    assert found is not None
    assert found.name == "LogNotLarger"


def test_an_error_without_a_revert_is_none() -> None:
    assert as_revert({"code": -32000, "message": "insufficient funds for gas * price + value"}) is None
    bare = as_revert({"code": 3, "message": "execution reverted"})
    assert bare is not None
    assert bare.name == "Empty"
