"""What a deployed contract cannot do because an earlier version of it stands there: contracts are never replaced."""

from collections.abc import Mapping, Sequence
from typing import Any

from eth_utils.abi import collapse_if_tuple

from chain.artifacts import Artifact
from chain.proof.hashing import keccak256

__all__ = ["is_of_this_version", "lacked", "lacking", "lacks", "selector"]

_PUSH0 = 0x5F


def selector(entry: Mapping[str, Any]) -> bytes:
    """The first 4 bytes of a call of this function."""
    types = ",".join(collapse_if_tuple(one) for one in entry["inputs"])
    return keccak256(f"{entry['name']}({types})".encode())[:4]


def is_of_this_version(code: bytes, artifact: Artifact) -> bool:
    """Whether the chain stores what this version would deploy, whatever the constructor's arguments are."""
    masked = bytearray(code)
    for offset, length in artifact.immutables:
        masked[offset : offset + length] = bytes(length)
    return bytes(masked) == artifact.runtime


def lacking(code: bytes, abi: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of this version's functions that the runtime code does not know, sorted."""
    functions = (entry for entry in abi if entry["type"] == "function")
    return sorted({str(entry["name"]) for entry in functions if lacks(code, selector(entry))})


def lacked(code: bytes, abi: Sequence[Mapping[str, Any]], wanted: bytes) -> str | None:
    """The function of this version that a call begins with, where the runtime code does not know it."""
    functions = (str(one["name"]) for one in abi if one["type"] == "function" and selector(one) == wanted)
    return next(functions, None) if lacks(code, wanted) else None


def lacks(code: bytes, wanted: bytes) -> bool:
    """Whoever dispatches calls compares with each function's selector, and so has it in the code behind a PUSH."""
    significant = wanted.lstrip(b"\0")
    return bytes([_PUSH0 + len(significant)]) + significant not in code
