"""A real S3 server in a process of its own, and a bad road to it.

python -m tests.integration.services.evidence.materials.s3server     prints its port and serves until its input ends
"""

import http.client
import http.server
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from minio import Minio

from services.evidence.materials.s3 import Bucket, S3Store, client_of

BUCKET = "regseal-materials"
KEYS = {"access_key": "test-access", "secret_key": "canary-secret-of-the-store"}


def client(port: int, *, timeout_s: int = 60) -> Minio:
    return client_of(
        f"http://127.0.0.1:{port}", KEYS, region="us-east-1", virtual_host=False, ca_file=None, timeout_s=timeout_s
    )


def s3_store(port: int, prefix: str, *, timeout_s: int = 60) -> S3Store:
    return S3Store(client(port, timeout_s=timeout_s), Bucket(BUCKET, prefix))


@contextmanager
def serving() -> Iterator[int]:
    """The port of a server with an empty bucket."""
    command = [sys.executable, "-m", "tests.integration.services.evidence.materials.s3server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        port = int(process.stdout.readline())
        client(port).make_bucket(BUCKET)
        yield port
        process.stdin.close()
        process.wait(60)


@dataclass
class Road:
    """What happens to requests that match: ``(method, part of the path) -> [faults]``, one for each in turn.

    A fault is a status to answer, `cut` (the answer breaks off half-way), or `mute` (no answer until ``released``).
    """

    to: int
    faults: dict[tuple[str, str], list[str | int]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, method: str, path: str) -> str | int | None:
        with self.lock:
            self.seen.append((method, path))
            for (wanted, part), left in self.faults.items():
                if method == wanted and part in path and left:
                    return left.pop(0)
        return None


@contextmanager
def bad_road(port: int) -> Iterator[tuple[int, Road]]:
    """A port that leads to the server's, and what to do on the way."""
    road = Road(port)

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = road.fault(self.command, self.path)
            if isinstance(fault, int):
                self.send_response(fault)
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if fault == "mute":
                road.released.wait(60)
                self.close_connection = True
                return
            inner = http.client.HTTPConnection("127.0.0.1", road.to, timeout=60)
            inner.request(self.command, self.path, body, dict(self.headers))
            found = inner.getresponse()
            data = found.read()
            self.send_response(found.status)
            for name, value in found.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "date", "server"):
                    self.send_header(name, value)
            if "content-length" not in {name.lower() for name, _ in found.getheaders()}:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data[: len(data) // 2] if fault == "cut" else data)
            self.close_connection = fault == "cut"
            inner.close()

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 (the library's names)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the library's name)
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield int(server.server_address[1]), road
    road.released.set()
    server.shutdown()
    server.server_close()


def main() -> None:
    # Credentials of the machine are none of its business, and parts may be as small as the tests'.
    os.environ |= {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none", "MOTO_S3_CUSTOM_ENDPOINTS": ""}
    from moto.server import ThreadedMotoServer

    logging.disable(logging.CRITICAL)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    sys.stdout.write(f"{server.get_host_and_port()[1]}\n")
    sys.stdout.flush()
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    main()
