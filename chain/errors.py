"""What can go wrong between this project and an EVM chain.

    ChainError
    ├── EndpointError     no endpoint answered, or answered nonsense: try later
    ├── RevertError       the contract says no: final
    ├── HandshakeError    the chain is not the one that was pinned: do not run
    ├── CompileError      the contracts cannot be compiled here
    ├── DeployError       a deployment cannot be made or continued
    └── NodeError         the embedded chain must not run (see :mod:`chain.node`)

What is wrong with a *proof* is :class:`chain.proof.errors.ProofError`.
"""

from collections.abc import Mapping
from typing import Any

__all__ = [
    "ChainError",
    "CompileError",
    "DeployError",
    "EndpointError",
    "HandshakeError",
    "NodeError",
    "RevertError",
]


class ChainError(Exception):
    """Base of all."""


class EndpointError(ChainError):
    """Nobody answered, or an answer was not JSON-RPC. Nothing is known about what was asked: retry the same.

    ``code`` is the JSON-RPC error code when the node itself refused (``message`` then being its words).
    """

    def __init__(self, message: str, *, code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class RevertError(ChainError):
    """The contract refused. ``name`` is its custom error (``LogNotLarger``), ``args_by_name`` its arguments.

    ``Error`` carries ``message`` (a plain reason), ``Panic`` carries ``code``; an error no known ABI declares is
    ``Unknown`` with its ``selector``; a revert without data is ``Empty``, or ``OfAnEarlierVersion`` with ``contract``
    and ``function`` where the deployed contract does not know the call. ``data`` are the raw bytes.
    """

    def __init__(self, name: str, args_by_name: Mapping[str, Any], data: bytes = b"") -> None:
        words = ", ".join(f"{key}={_plain(value)}" for key, value in args_by_name.items())
        super().__init__(f"{name}({words})")
        self.name = name
        self.args_by_name = dict(args_by_name)
        self.data = data


class HandshakeError(ChainError):
    """What answered is not what was pinned. ``check`` says what was looked at."""

    def __init__(self, check: str, expected: object, found: object) -> None:
        super().__init__(f"{check}: expected {expected}, found {found}")
        self.check = check
        self.expected = expected
        self.found = found


class CompileError(ChainError):
    """A compiler is missing, or it refused the contracts."""


class DeployError(ChainError):
    """The contracts cannot be brought onto this chain."""


class NodeError(ChainError):
    """The embedded chain's files are not in order, or its node failed; going on could lose or fork history."""


def _plain(value: object) -> object:
    return "0x" + value.hex() if isinstance(value, bytes) else value
