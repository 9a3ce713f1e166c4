"""Plain connections: what they send, and what they do not put up with."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from chain.party.errors import ApiProblem, ConfigError, ResponseRefused, RpcError, Unreachable
from chain.party.http import ApiClient, Connection, segment
from chain.party.rpc import JsonRpc

Answer = tuple[int, dict[str, str], bytes]


class Server:
    """Answers every request by `answer(method, path, headers, body)`; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.answer: Callable[..., Answer] = lambda *_: (200, {}, b"{}")
        self.connections: list[socket.socket] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 1 << 20

            def setup(self) -> None:
                outer.connections.append(self.request)
                super().setup()

            def _serve(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked = (self.command, self.path, dict(self.headers.items()), body)
                outer.asked.append(asked)
                status, headers, answer = outer.answer(*asked)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815 - names of the base class

            def log_message(self, *_: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    thread = threading.Thread(target=running.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield running
    running.http.shutdown()
    running.http.server_close()
    thread.join()


def test_token_key_and_preference_travel_as_headers(server: Server) -> None:
    client = ApiClient(server.url, "secret-token")
    assert client.post("/v1/records", {"名": 1}, idempotency_key="k1", wait=20) == (200, {})
    method, path, headers, body = server.asked[0]
    assert (method, path, json.loads(body)) == ("POST", "/v1/records", {"名": 1})
    assert headers["Authorization"] == "Bearer secret-token"
    assert headers["Idempotency-Key"] == "k1"
    assert headers["Prefer"] == "wait=20"


def test_a_prefix_of_the_address_is_kept(server: Server) -> None:
    ApiClient(server.url + "/regseal/").get("/v1/logs", after=None, limit=5)
    assert server.asked[0][1] == "/regseal/v1/logs?limit=5"


def test_a_list_is_read_to_its_end_by_its_cursor_alone(server: Server) -> None:
    pages = {"/v1/logs": ([1, 2], "http://evil.example/?a=b&c"), "cursor": ([3], None)}

    def answer(_: str, path: str, *__: Any) -> Answer:
        items, following = pages["cursor" if "cursor=" in path else path]
        return 200, {}, json.dumps({"items": [{"n": n} for n in items], "next": following}).encode()

    server.answer = answer
    assert [one["n"] for one in ApiClient(server.url).items("/v1/logs")] == [1, 2, 3]
    assert server.asked[1][1] == "/v1/logs?cursor=http%3A%2F%2Fevil.example%2F%3Fa%3Db%26c"


def test_a_cursor_that_does_not_move_ends_the_list(server: Server) -> None:
    server.answer = lambda *_: (200, {}, b'{"items": [{}], "next": "x"}')
    assert len(list(ApiClient(server.url).items("/v1/logs"))) == 2


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_redirects_are_never_followed(server: Server, status: int) -> None:
    server.answer = lambda *_: (status, {"Location": server.url + "/elsewhere"}, b"")
    with pytest.raises(ResponseRefused, match="redirect"):
        ApiClient(server.url, "t").get("/v1/logs")
    assert len(server.asked) == 1


def test_an_answer_beyond_the_cap_is_refused(server: Server) -> None:
    server.answer = lambda *_: (200, {}, b"x" * 101)
    with pytest.raises(ResponseRefused, match="100"):
        Connection(server.url, 5, 100).request("GET", "/")
    server.answer = lambda *_: (200, {}, b"x" * 100)
    assert len(Connection(server.url, 5, 100).request("GET", "/").body) == 100


def test_a_problem_carries_its_slug_and_fields(server: Server) -> None:
    body = {
        "type": "https://regseal.example/problems/log-unchecked",
        "title": "Not checked",
        "status": 503,
        "rule": "X",
    }
    server.answer = lambda *_: (503, {}, json.dumps(body).encode())
    with pytest.raises(ApiProblem) as caught:
        ApiClient(server.url).get("/v1/logs")
    assert (caught.value.status, caught.value.slug, caught.value.problem["rule"]) == (503, "log-unchecked", "X")
    server.answer = lambda *_: (500, {}, b"<html>")
    with pytest.raises(ApiProblem, match="HTTP 500"):
        ApiClient(server.url).get("/v1/logs")


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 2_000, b"\xff"])
def test_what_is_no_json_is_refused(server: Server, body: bytes) -> None:
    server.answer = lambda *_: (200, {}, body)
    with pytest.raises(ResponseRefused):
        ApiClient(server.url).get("/v1/logs")


def test_one_connection_is_kept(server: Server) -> None:
    client = ApiClient(server.url)
    for _ in range(3):
        client.get("/v1/logs")
    assert len(server.connections) == 1


def test_a_connection_closed_meanwhile_is_opened_again_for_harmless_requests(server: Server) -> None:
    client = ApiClient(server.url)
    client.get("/a")
    _drop(server)
    client.get("/b")
    client.post("/c", {}, idempotency_key="k")
    _drop(server)
    client.put_lines("/d", b"{}\n", 0)
    assert [path.partition("?")[0] for _, path, _, _ in server.asked] == ["/a", "/b", "/c", "/d"]


def test_an_act_without_a_key_is_never_sent_twice(server: Server) -> None:
    client = ApiClient(server.url)
    client.get("/a")
    _drop(server)
    with pytest.raises(Unreachable):
        client.post("/c", {})
    client.post("/c", {})
    assert [path for _, path, _, _ in server.asked] == ["/a", "/c"]


def _drop(server: Server) -> None:
    """Lets the server close its side, and the client not know."""
    for connection in server.connections:
        with contextlib.suppress(OSError):  # an earlier one may be closed
            connection.shutdown(socket.SHUT_RDWR)


def test_no_answer_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        ApiClient("http://127.0.0.1:1").get("/v1/logs")
    with pytest.raises(Unreachable):
        JsonRpc("http://127.0.0.1:1").call("eth_chainId")


def test_a_list_without_end_is_refused(server: Server) -> None:
    server.answer = lambda *_: (200, {}, json.dumps({"items": [], "next": str(len(server.asked))}).encode())
    with pytest.raises(ResponseRefused, match="pages"):
        list(ApiClient(server.url).items("/v1/logs"))


def test_a_truncated_answer_is_no_answer(server: Server) -> None:
    server.answer = lambda *_: (200, {"Content-Length": "10", "Connection": "close"}, b"{}")
    with pytest.raises(Unreachable):
        ApiClient(server.url).get("/v1/logs")


def test_a_trickling_server_is_not_waited_for(server: Server) -> None:
    raw = socket.create_server(("127.0.0.1", 0))

    def trickle() -> None:
        connection, _ = raw.accept()
        with connection, contextlib.suppress(OSError):
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
            while True:
                connection.sendall(b" ")
                time.sleep(0.02)

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    with raw, pytest.raises(Unreachable, match=r"too long|timed out"):  # the latter when this machine is slow itself
        ApiClient(f"http://127.0.0.1:{raw.getsockname()[1]}", timeout=0.2).get("/v1/logs")
    thread.join(60)


def test_a_silent_server_times_out(server: Server) -> None:
    waiting = threading.Event()

    def answer(*_: Any) -> Answer:
        waiting.wait(60)
        return 200, {}, b"{}"

    server.answer = answer
    with pytest.raises(Unreachable, match="timed out"):
        ApiClient(server.url, timeout=0.1).get("/v1/logs")
    waiting.set()


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "127.0.0.1:80", "http://", "http://u:p@h", "http://h/?q=1", "ftp://h"]
)
def test_only_plain_addresses_are_taken(url: str) -> None:
    with pytest.raises(ConfigError):
        ApiClient(url)


def test_a_segment_cannot_leave_its_place() -> None:
    assert segment("../a/b?c#d") == "..%2Fa%2Fb%3Fc%23d"


def test_rpc_reads_results_and_refusals(server: Server) -> None:
    rpc = JsonRpc(server.url)

    def answer(*asked: Any) -> Answer:
        request = json.loads(asked[3])
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": request["id"], "result": request["params"]}
        if request["method"] == "bad":
            reply = {"id": request["id"], "error": {"code": -32601, "message": "unknown"}}
        if request["method"] == "other":
            reply["id"] = 999
        if request["method"] == "empty":
            del reply["result"]
        return 200, {}, json.dumps(reply).encode()

    server.answer = answer
    assert rpc.call("echo", "0x1", False) == ["0x1", False]
    with pytest.raises(RpcError, match="unknown"):
        rpc.call("bad")
    for method in ("other", "empty"):
        with pytest.raises(ResponseRefused):
            rpc.call(method)


def test_long_answers_come_in_pieces_and_are_never_kept(server: Server) -> None:
    content = bytes(range(256)) * 12_000
    server.answer = lambda *_: (200, {}, content)
    client = ApiClient(server.url, "secret", max_answer=10)
    assert b"".join(client.stream("/v1/x", files="true")) == content
    method, path, headers, _ = server.asked[-1]
    assert (method, path, headers["Authorization"]) == ("GET", "/v1/x?files=true", "Bearer secret")


def test_a_long_answer_that_breaks_off_or_is_a_refusal_is_an_error(server: Server) -> None:
    client = ApiClient(server.url)
    server.answer = lambda *_: (200, {"Content-Length": "5000", "Connection": "close"}, b"x" * 100)
    with pytest.raises(Unreachable):
        b"".join(client.stream("/v1/x"))
    server.answer = lambda *_: (404, {}, json.dumps({"status": 404, "title": "no"}).encode())
    with pytest.raises(ApiProblem) as refused:
        next(client.stream("/v1/x"))
    assert refused.value.status == 404
    server.answer = lambda *_: (302, {"Location": "/other"}, b"")
    with pytest.raises(ResponseRefused):
        next(client.stream("/v1/x"))
