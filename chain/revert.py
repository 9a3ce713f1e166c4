"""A contract's no, in words: finds the revert data in what nodes answer and decodes it by our contracts' ABIs."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError
from eth_utils.abi import collapse_if_tuple

from chain.artifacts import load_all
from chain.errors import RevertError
from chain.proof.hashing import keccak256

__all__ = ["as_revert", "decode_revert"]

Inputs = Sequence[Mapping[str, Any]]

_BUILT_IN: dict[bytes, tuple[str, Inputs]] = {
    bytes.fromhex("08c379a0"): ("Error", [{"name": "message", "type": "string"}]),
    bytes.fromhex("4e487b71"): ("Panic", [{"name": "code", "type": "uint256"}]),
}
_EXECUTION_ERROR = 3  # geth's code for a revert with data


def as_revert(error: Mapping[str, Any]) -> RevertError | None:
    """The revert behind a JSON-RPC error object, or None when it is another kind of error."""
    data = _find_data(error.get("data"))
    message = str(error.get("message", ""))
    if data is None and "revert" not in message.lower() and error.get("code") != _EXECUTION_ERROR:
        return None
    return decode_revert(data or b"")


def _find_data(value: Any) -> bytes | None:
    """Nodes put it at `data`, at `data.data`, or into a text (`Reverted 0x…`)."""
    if isinstance(value, dict):
        return _find_data(value.get("data") or value.get("result"))
    if not isinstance(value, str) or "0x" not in value:
        return None
    try:
        return bytes.fromhex(value[value.index("0x") + 2 :].strip())
    except ValueError:
        return None


def decode_revert(data: bytes) -> RevertError:
    """The error of revert data: custom errors of our contracts, `Error`, `Panic`, `Unknown`, `Empty`."""
    if not data:
        return RevertError("Empty", {})
    unknown = RevertError("Unknown", {"selector": "0x" + data[:4].hex()}, data)
    name, inputs = {**_custom_errors(), **_BUILT_IN}.get(data[:4], ("", []))
    try:
        values = decode([collapse_if_tuple(dict(one)) for one in inputs], data[4:])
    except (DecodingError, OverflowError, ValueError):
        return unknown
    return RevertError(name, dict(zip((one["name"] for one in inputs), values, strict=True)), data) if name else unknown


@cache
def _custom_errors() -> dict[bytes, tuple[str, Inputs]]:
    errors: dict[bytes, tuple[str, Inputs]] = {}
    for artifact in load_all().values():
        for entry in artifact.abi:
            if entry["type"] == "error":
                types = ",".join(collapse_if_tuple(one) for one in entry["inputs"])
                errors[keccak256(f"{entry['name']}({types})".encode())[:4]] = (entry["name"], entry["inputs"])
    return errors
