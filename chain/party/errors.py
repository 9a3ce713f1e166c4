"""What can go wrong on a party's side.

PartyError
├── KeystoreError        a key file that cannot be used
│   ├── WrongPassphrase  it does not open
│   ├── WrongKind        it holds another kind of key
│   └── Exposed          others on this machine may read it
├── TypedDataError       an EIP-712 document that must not be signed
├── ConfigError          a settings file that cannot be used
├── Unreachable          no answer came
├── ResponseRefused      an answer came that must not be used
├── ApiProblem           the service refused (RFC 9457)
└── RpcError             the node refused (JSON-RPC)
"""

from __future__ import annotations

from collections.abc import Mapping


class PartyError(Exception):
    """Base of all errors of `chain.party`; its text is fit for a user's eyes."""


class KeystoreError(PartyError):
    """A key file is missing, malformed or of an unknown form."""

    def __init__(self, path: object, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = str(path)
        self.reason = reason


class WrongPassphrase(KeystoreError):
    """The passphrase does not open the key file, or none could be found."""


class WrongKind(KeystoreError):
    """The file holds a key of another kind than the one asked for."""


class Exposed(KeystoreError):
    """The file may be read by other accounts of this machine."""


class TypedDataError(PartyError):
    """An EIP-712 document that is not exactly what it claims to be; `path` names the place."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


class ConfigError(PartyError):
    """A settings file that is missing, malformed or contradicts what is already pinned."""


class Unreachable(PartyError):
    """No answer: refused connection, timeout, broken transfer."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} cannot be reached: {reason}")
        self.url = url


class ResponseRefused(PartyError):
    """An answer that must not be used: too large, a redirect, not what was asked for."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(f"{url} answered what cannot be used: {reason}")
        self.url = url
        self.reason = reason


class ApiProblem(PartyError):
    """A problem (RFC 9457) answered by the service; `slug` is the last part of its type.

    Its text names the field, and the rule with its source, wherever the service does.
    """

    def __init__(self, status: int, problem: Mapping[str, object]) -> None:
        self.status = status
        self.problem = dict(problem)
        self.slug = str(problem.get("type", "about:blank")).replace("/", ":").rstrip(":").rsplit(":", 1)[-1]
        self.title = str(problem.get("title", f"HTTP {status}"))
        detail, field = problem.get("detail"), problem.get("field")
        where = f" [{field}]" if field and str(field) not in str(detail) else ""
        origin = ", ".join(f"{name} {problem[name]}" for name in ("rule", "source") if problem.get(name))
        text = f"{self.title}: {detail}" if detail else self.title
        super().__init__(f"{text}{where} ({origin})" if origin else f"{text}{where}")


class RpcError(PartyError):
    """An error object answered by the node; ``data``: a contract's own error, 0x hex, or nothing."""

    def __init__(self, method: str, code: int, message: str, data: str = "") -> None:
        super().__init__(f"{method}: {message} ({code})")
        self.code = code
        self.data = data
