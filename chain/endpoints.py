"""Several endpoints of one chain, used one at a time. An endpoint is used only after it proved to be of this chain."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.utils import get_netrc_auth
from web3 import HTTPProvider, Web3
from web3.exceptions import BadResponseFormat
from web3.middleware import ExtraDataToPOAMiddleware

from chain.errors import EndpointError, HandshakeError

__all__ = ["FAILURES", "Endpoints", "RpcRefusal", "endpoint_name"]

T = TypeVar("T")
Call = tuple[str, Sequence[Any]]
Failed = Callable[[str, str], None]

FAILURES = ("connection", "timeout", "status", "malformed", "foreign")
"""Kinds of failure of an endpoint: nobody there, no answer in time, an HTTP error, no JSON-RPC, another chain."""
_TRANSPORT = (requests.RequestException, OSError, BadResponseFormat)


class RpcRefusal(Exception):
    """The node answered with an error object."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message')} ({error.get('code')})")
        self.error = error


@dataclass(slots=True)
class _Endpoint:
    url: str
    web3: Web3
    checked: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def name(self) -> str:
        """What others are told of it."""
        return endpoint_name(self.url)

    def reason(self, error: Exception) -> str:
        """What went wrong here, without what the name leaves out."""
        text, parts = f"{type(error).__name__}: {error}", urlsplit(self.url)
        for hidden in (parts.query, parts.path, parts.password, parts.username):
            text = text.replace(hidden, "…") if hidden and hidden != "/" else text
        return f"{self.name}: {text[:200]}"


def endpoint_name(url: str) -> str:
    """Scheme, host and port. The rest of a URL is often a provider's key, and errors are shown to anybody."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


class Endpoints:
    """``timeout`` in seconds for each request. Safe to use from several threads.

    ``failed(name, kind)`` hears of every request that an endpoint did not answer (:data:`FAILURES`).
    """

    def __init__(
        self,
        urls: Sequence[str],
        chain_id: int,
        genesis: str,
        *,
        timeout: float = 15.0,
        failed: Failed = lambda _name, _kind: None,
    ) -> None:
        if not urls:
            raise EndpointError("no endpoint is configured")
        self._chain_id = chain_id
        self._genesis = genesis
        self._endpoints = [_Endpoint(url, _connect(url, timeout)) for url in urls]
        self._current = 0
        self._failed = failed

    @property
    def url(self) -> str:
        """The endpoint in use."""
        return self._endpoints[self._current].url

    def run(self, action: Callable[[Web3], T]) -> T:
        """Does something repeatable at the first endpoint that answers. Raises EndpointError when none does."""
        reasons: list[str] = []
        first = self._current
        for step in range(len(self._endpoints)):
            place = (first + step) % len(self._endpoints)
            endpoint = self._endpoints[place]
            try:
                self._check(endpoint)
                result = action(endpoint.web3)
            except (*_TRANSPORT, HandshakeError) as error:
                reasons.append(self._unfit(endpoint, error))
                continue
            self._current = place
            return result
        raise EndpointError("no endpoint answers: " + "; ".join(reasons))

    def request(self, method: str, params: Sequence[Any]) -> Any:
        """One result. Raises RpcRefusal when the node answers with an error, EndpointError when none answers."""
        return self.run(lambda web3: _result(method, _ask(web3, method, params)))

    def batch(self, calls: Sequence[Call]) -> list[dict[str, Any]]:
        """One response object (`result` or `error`) per call, in order; one by one where a node knows no batches."""
        if not calls:
            return []
        return self.run(lambda web3: _batch(web3, calls))

    def verify_all(self) -> None:
        """Checks every endpoint that answers. Raises HandshakeError: another chain; EndpointError: none answers."""
        reasons = []
        for endpoint in self._endpoints:
            endpoint.checked = False
            try:
                self._check(endpoint)
            except _TRANSPORT as error:
                reasons.append(self._unfit(endpoint, error))
        if len(reasons) == len(self._endpoints):
            raise EndpointError("no endpoint answers: " + "; ".join(reasons))

    def _unfit(self, endpoint: _Endpoint, error: Exception) -> str:
        endpoint.checked = False
        self._failed(endpoint.name, _kind(error))
        return endpoint.reason(error)

    def _check(self, endpoint: _Endpoint) -> None:
        """At first use, and again after every failure: what comes back on an address may be something else."""
        with endpoint.lock:
            if endpoint.checked:
                return
            web3 = endpoint.web3
            chain_id = int(_require("eth_chainId", _ask(web3, "eth_chainId", [])), 16)
            if chain_id != self._chain_id:
                raise HandshakeError(f"chain id at {endpoint.name}", self._chain_id, chain_id)
            block = _require("eth_getBlockByNumber", _ask(web3, "eth_getBlockByNumber", ["0x0", False]))
            if not isinstance(block, dict) or block.get("hash") != self._genesis:
                found = block.get("hash") if isinstance(block, dict) else block
                raise HandshakeError(f"genesis hash at {endpoint.name}", self._genesis, found)
            endpoint.checked = True


def _kind(error: Exception) -> str:
    kinds: tuple[tuple[type[Exception] | tuple[type[Exception], ...], str], ...] = (
        ((requests.Timeout, TimeoutError), "timeout"),
        (requests.HTTPError, "status"),
        ((BadResponseFormat, requests.JSONDecodeError), "malformed"),
        (HandshakeError, "foreign"),
    )
    return next((name for kind, name in kinds if isinstance(error, kind)), "connection")


def _connect(url: str, timeout: float) -> Web3:
    # web3 would repeat requests by itself, at the same endpoint and after seconds.
    kwargs = {"timeout": timeout}
    provider = HTTPProvider(url, request_kwargs=kwargs, session=_session(url), exception_retry_configuration=None)
    web3 = Web3(provider)
    web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return web3


def _session(url: str) -> requests.Session:
    """Asks the environment once for proxies, certificates and passwords, not before every question to a node."""
    session = requests.Session()
    found = session.merge_environment_settings(url, {}, None, None, None)
    session.proxies, session.verify, session.cert = found["proxies"], found["verify"], found["cert"]
    session.auth = get_netrc_auth(url)
    session.trust_env = False
    return session


def _ask(web3: Web3, method: str, params: Sequence[Any]) -> dict[str, Any]:
    try:
        response: Any = web3.provider.make_request(method, list(params))  # type: ignore[arg-type]
    except (UnicodeDecodeError, ValueError) as error:
        raise BadResponseFormat(f"not JSON: {error}") from error
    if not isinstance(response, dict) or ("result" not in response and not isinstance(response.get("error"), dict)):
        raise BadResponseFormat("not a JSON-RPC answer")
    return response


def _batch(web3: Web3, calls: Sequence[Call]) -> list[dict[str, Any]]:
    try:
        responses: Any = web3.provider.make_batch_request([(method, list(params)) for method, params in calls])  # type: ignore[attr-defined]
    except (UnicodeDecodeError, ValueError) as error:
        raise BadResponseFormat(f"not JSON: {error}") from error
    if isinstance(responses, list) and len(responses) == len(calls):
        return responses
    return [_ask(web3, method, params) for method, params in calls]


def _result(method: str, response: dict[str, Any]) -> Any:
    if response.get("error"):
        raise RpcRefusal(method, response["error"])
    return response["result"]


def _require(method: str, response: dict[str, Any]) -> Any:
    """For the check: a node that refuses such a question is no use."""
    if response.get("error"):
        raise BadResponseFormat(f"{method} refused: {response['error'].get('message')}")
    return response["result"]
