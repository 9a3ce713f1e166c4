"""A small HTTP client for a service's API: timeouts, a size cap, no redirects, no proxy.

No address is ever taken from an answer.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode, urlsplit

from chain.party.errors import ApiProblem, ConfigError, ResponseRefused, Unreachable

MAX_ANSWER = 8 * 1024 * 1024
_MAX_PAGES = 1000
_PIECE = 1 << 20
_CHUNK = 1 << 16
_PATIENCE = 6
"""A body may take this many timeouts in all: a server that trickles must not hold its client for ever."""
_HARMLESS = ("GET", "PUT")
"""Methods that may be sent twice (RFC 9110 §9.2.2); a PUT here says at which byte its content belongs."""
_STALE = (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError, http.client.CannotSendRequest)


@dataclass(frozen=True)
class Answer:
    """One HTTP answer whose body was read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self, url: str = "the service") -> object:
        """The body as JSON. Raises ResponseRefused."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise ResponseRefused(url, "not JSON") from error


@dataclass
class Connection:
    """One kept-alive connection to a fixed scheme, host and port. Safe for several threads (one request at a time)."""

    url: str
    timeout: float = 10.0
    max_answer: int = MAX_ANSWER
    _socket: http.client.HTTPConnection | None = field(default=None, init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        unwanted = parts.query or parts.fragment or parts.username
        if parts.scheme not in ("http", "https") or not parts.hostname or unwanted:
            raise ConfigError(f"{self.url!r} is not an address like http://127.0.0.1:8080")
        self._parts = parts
        self._prefix = parts.path.rstrip("/")

    def request(
        self, method: str, path: str, *, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """One request. A kept-alive connection that the other side has closed is opened again, once.

        Raises:
            Unreachable: no answer came.
            ResponseRefused: a redirect, or more than `max_answer` bytes.
        """
        with self._lock:
            fresh = self._socket is None
            try:
                return self._exchange(method, path, body, headers or {})
            except _STALE as error:
                self.close()
                # A request that may have been acted upon is sent again only when repeating it is harmless.
                if fresh or not (method in _HARMLESS or "Idempotency-Key" in (headers or {})):
                    raise Unreachable(self.url, str(error) or type(error).__name__) from error
            try:
                return self._exchange(method, path, body, headers or {})
            except _STALE as error:
                self.close()
                raise Unreachable(self.url, str(error) or type(error).__name__) from error

    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[bytes]:
        """A GET of any length, piece by piece, on a connection of its own; an answer of 400 or more in one piece.

        The first piece is the status in decimal. Unreachable when the answer breaks off; a redirect is refused.
        """
        connection = self._open()
        try:
            connection.request("GET", self._prefix + path, headers=dict(headers))
            response = connection.getresponse()
            if 300 <= response.status < 400:
                raise ResponseRefused(self.url, f"a redirect ({response.status}), which is never followed")
            yield str(response.status).encode("ascii")
            if response.status >= 400:
                yield response.read(self.max_answer)
                return
            while piece := response.read(_PIECE):
                yield piece
            if response.length:
                raise http.client.IncompleteRead(b"", response.length)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(self.url, str(error) or type(error).__name__) from error
        finally:
            connection.close()

    def close(self) -> None:
        """Lets go of the kept-alive connection."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def __del__(self) -> None:
        self.close()

    def _exchange(self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        try:
            if self._socket is None:
                self._socket = self._open()
            self._socket.request(method, self._prefix + path, body=body, headers=dict(headers))
            response = self._socket.getresponse()
            answer = Answer(response.status, _lower(response.getheaders()), self._body(response))
        except _STALE:
            raise
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise Unreachable(self.url, str(error) or type(error).__name__) from error
        if answer.headers.get("connection", "").lower() == "close":
            self.close()
        if 300 <= answer.status < 400 and answer.status != 304:
            raise ResponseRefused(self.url, f"a redirect ({answer.status}), which is never followed")
        return answer

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        body, end = bytearray(), time.monotonic() + _PATIENCE * self.timeout
        while chunk := response.read1(_CHUNK):
            body += chunk
            if len(body) > self.max_answer:
                self.close()
                raise ResponseRefused(self.url, f"more than {self.max_answer} bytes")
            if time.monotonic() > end:
                raise TimeoutError("the answer takes too long")
        if response.length:
            raise http.client.IncompleteRead(bytes(body), response.length)
        response.close()  # frees the connection for the next request
        return bytes(body)

    def _open(self) -> http.client.HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=ssl.create_default_context())
        return http.client.HTTPConnection(host, port, timeout=self.timeout)


class ApiClient:
    """A client of the service's API (`/v1/...`), with a token or without."""

    def __init__(
        self, base_url: str, token: str | None = None, *, timeout: float = 30.0, max_answer: int = MAX_ANSWER
    ) -> None:
        self._connection = Connection(base_url, timeout, max_answer)
        self._token = token
        self.url = base_url.rstrip("/")

    def get(self, path: str, **query: str | int | None) -> object:
        """GET, answered in JSON. Query members that are None are left out.

        Raises:
            ApiProblem, Unreachable, ResponseRefused.
        """
        return self._send("GET", _with_query(path, query)).json(self.url + path)

    def get_text(self, path: str, **query: str | int | None) -> str:
        """GET of a UTF-8 text, such as a signed note."""
        answer = self._send("GET", _with_query(path, query), accept="text/plain")
        try:
            return answer.body.decode()
        except UnicodeDecodeError as error:
            raise ResponseRefused(self.url + path, "not UTF-8") from error

    def get_bytes(self, path: str, /, **query: str | int | list[str] | None) -> bytes:
        """GET of bytes, such as a tile. A list is one parameter repeated."""
        return self._send("GET", _with_query(path, query), accept="application/octet-stream").body

    def stream(self, path: str, **query: str | int | None) -> Iterator[bytes]:
        """GET of bytes of any length, piece by piece. ApiProblem, Unreachable, ResponseRefused."""
        pieces = self._connection.stream(_with_query(path, query), self._headers("*/*"))
        status = int(next(pieces))
        if status >= 400:
            raise ApiProblem(status, _problem(Answer(status, {}, b"".join(pieces))))
        yield from pieces

    def items(
        self, path: str, *, cursor: str | None = None, **query: str | int | None
    ) -> Iterator[Mapping[str, object]]:
        """All items of a keyset-paged list, from a cursor on; its `next` is an opaque one, never an address."""
        for _ in range(_MAX_PAGES):
            page = self.get(path, **query, cursor=cursor)
            if not isinstance(page, dict) or not isinstance(page.get("items"), list):
                raise ResponseRefused(self.url + path, "not a list {items, next}")
            yield from (item for item in page["items"] if isinstance(item, dict))
            following = page.get("next")
            if following is None or following == cursor:
                return
            cursor = str(following)
        raise ResponseRefused(self.url + path, f"a list of more than {_MAX_PAGES} pages")

    def post(
        self,
        path: str,
        body: object,
        *,
        idempotency_key: str | None = None,
        wait: int | None = None,
    ) -> tuple[int, object]:
        """POST of JSON; gives (status, answer or None).

        Args:
            idempotency_key: repeats of one act carry one key.
            wait: seconds the service may hold the answer until the operation is done (`Prefer: wait=N`).
        """
        headers = {"Content-Type": "application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        if wait is not None:
            headers["Prefer"] = f"wait={wait}"
        answer = self._send("POST", path, body=json.dumps(body, ensure_ascii=False).encode(), headers=headers)
        return answer.status, answer.json(self.url + path) if answer.body else None

    def post_text(self, path: str, text: str) -> int:
        """POST of a UTF-8 text; gives the status."""
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        return self._send("POST", path, body=text.encode(), headers=headers).status

    def patch_bytes(self, path: str, data: bytes, offset: int) -> int:
        """PATCH of a part of a file that begins at ``offset``; gives where the stored part ends now.

        Raises:
            ApiProblem, Unreachable (nobody knows how much arrived), ResponseRefused.
        """
        headers = {"Content-Type": "application/octet-stream", "Upload-Offset": str(offset)}
        stands = self._send("PATCH", path, body=data, headers=headers).headers.get("upload-offset", "")
        if not stands.isdecimal() or not offset <= int(stands) <= offset + len(data):
            raise ResponseRefused(self.url + path, "no Upload-Offset")
        return int(stands)

    def put_lines(self, path: str, data: bytes, offset: int) -> object:
        """PUT of whole lines of NDJSON that begin at byte ``offset``, answered in JSON.

        Raises:
            ApiProblem, Unreachable (nobody knows how much of it was taken), ResponseRefused.
        """
        headers = {"Content-Type": "application/x-ndjson"}
        answer = self._send("PUT", _with_query(path, {"offset": offset}), body=data, headers=headers)
        return answer.json(self.url + path)

    def delete(self, path: str) -> int:
        """DELETE; gives the status."""
        return self._send("DELETE", path).status

    def _send(
        self,
        method: str,
        path: str,
        *,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        accept: str = "application/json",
    ) -> Answer:
        sent = {**self._headers(accept), **(headers or {})}
        answer = self._connection.request(method, path, body=body, headers=sent)
        if answer.status >= 400:
            raise ApiProblem(answer.status, _problem(answer))
        return answer

    def _headers(self, accept: str) -> dict[str, str]:
        sent = {"Accept": accept, "User-Agent": "regseal"}
        return sent if self._token is None else sent | {"Authorization": f"Bearer {self._token}"}


def segment(text: str) -> str:
    """One segment of a path, with everything that could leave it quoted."""
    return quote(text, safe="")


def _problem(answer: Answer) -> Mapping[str, object]:
    try:
        body = answer.json()
    except ResponseRefused:
        return {}
    return body if isinstance(body, dict) else {}


def _with_query(path: str, query: Mapping[str, str | int | list[str] | None]) -> str:
    given = {name.rstrip("_"): value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given, doseq=True)}" if given else path


def _lower(headers: list[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}
