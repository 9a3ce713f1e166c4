"""Real nodes for tests: the embedded chain in its own process, plain anvil, a Hardhat node."""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from eth_account import Account

from chain.compile import PROJECT, find_node
from chain.node.backend import find_anvil
from tests.ports import free_port
from tests.waiting import until

CHAIN_ID = 7001
ACCOUNTS = [Account.from_key(bytes(31) + bytes((i + 1,))) for i in range(6)]
ADDRESSES = [account.address for account in ACCOUNTS]
# stores 1 at the slot that the call data name and logs that word
RECORDER = bytes.fromhex("601580600b6000396000f3" + "60016000355560003560005260003560206000a100")


class Rpc:
    """A plain JSON-RPC connection."""

    def __init__(self, url: str) -> None:
        self.url = url

    def post(self, body: Any, headers: dict[str, str] | None = None) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(self.url, data, {"Content-Type": "application/json", **(headers or {})})
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())

    def raw(self, method: str, *params: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.post({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)})
        return answer

    def __call__(self, method: str, *params: Any) -> Any:
        answer = self.raw(method, *params)
        assert "error" not in answer, (method, answer["error"])
        return answer["result"]

    def error(self, method: str, *params: Any) -> str:
        return str(self.raw(method, *params)["error"]["message"])

    def head(self) -> int:
        return int(self("eth_blockNumber"), 16)

    def blocks(self, last: int | None = None) -> list[Any]:
        end = self.head() if last is None else last
        return [self("eth_getBlockByNumber", hex(number), True) for number in range(end + 1)]

    def mined(self, digest: str) -> dict[str, Any]:
        receipt: dict[str, Any] = until(lambda: self("eth_getTransactionReceipt", digest))
        return receipt


def signed(sender: int, nonce: int, *, chain_id: int = CHAIN_ID, **changes: Any) -> tuple[str, str]:
    """(raw, hash) of a transfer of 1 wei by account number `sender`, or of what the changes make of it."""
    transaction = {
        "type": 2,
        "chainId": chain_id,
        "nonce": nonce,
        "gas": 100_000,
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
        "to": ADDRESSES[5],
        "value": 1,
        **changes,
    }
    made = ACCOUNTS[sender].sign_transaction({key: value for key, value in transaction.items() if value is not None})
    return "0x" + made.raw_transaction.hex(), "0x" + made.hash.hex()


class Node:
    """An embedded chain under a home; may be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.process: subprocess.Popen[bytes] | None = None

    def spawn(self, *extra: str, failpoint: str = "") -> subprocess.Popen[bytes]:
        self.kill()
        (self.home / "endpoint.json").unlink(missing_ok=True)
        funds = [word for address in ADDRESSES for word in ("--fund", address)]
        command = [
            sys.executable,
            "-m",
            "chain.node",
            "--home",
            str(self.home),
            "--chain-id",
            str(CHAIN_ID),
            *funds,
            *extra,
        ]
        self.process = subprocess.Popen(
            command, cwd=PROJECT, env=os.environ | {"REGSEAL_FAILPOINT": failpoint}, stderr=subprocess.PIPE
        )
        return self.process

    def start(self, *extra: str, failpoint: str = "") -> Rpc:
        process = self.spawn(*(extra or ("--port", str(free_port()))), failpoint=failpoint)
        endpoint = self.home / "endpoint.json"

        def ready() -> bool:
            assert process.poll() is None, self.words()
            return endpoint.exists()

        until(ready)
        return Rpc(json.loads(endpoint.read_text())["url"])

    def words(self) -> str:
        """All it said; call after its end."""
        assert self.process is not None
        assert self.process.stderr is not None
        return self.process.stderr.read().decode()

    def ended(self) -> int:
        """Waits for its end by itself."""
        assert self.process is not None
        return self.process.wait(120)

    def kill(self) -> None:
        if self.process is not None:
            if self.process.poll() is None:
                self.process.kill()
            self.process.wait(60)
            if self.process.stderr is not None:
                self.process.stderr.close()

    def inner(self) -> Rpc:
        """The EVM node's own port, as another process on this machine could find it."""
        assert self.process is not None
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        arguments = Path(f"/proc/{children[0]}/cmdline").read_text().split("\0")
        return Rpc(f"http://127.0.0.1:{arguments[arguments.index('--port') + 1]}")


class Plain:
    """Some other node implementation as a child process."""

    def __init__(self, command: Sequence[str], port: int, cwd: Path) -> None:
        self.rpc = Rpc(f"http://127.0.0.1:{port}")
        self.process = subprocess.Popen(
            command, cwd=cwd, env=os.environ | {"HARDHAT_DISABLE_TELEMETRY": "true"}, stdout=subprocess.DEVNULL
        )

        def answers() -> bool:
            assert self.process.poll() is None
            try:
                return bool(self.rpc("eth_chainId"))
            except OSError:
                return False

        until(answers)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait(60)


def anvil(home: Path, *flags: str, port: int | None = None, salt: int = 0) -> Plain:
    """A plain anvil with funded accounts that mines at once."""
    genesis = home / f"genesis-{salt}.json"
    genesis.write_text(
        json.dumps(
            {
                "config": {"chainId": CHAIN_ID, "cancunTime": 0},
                "timestamp": hex(1_700_000_000 + salt),
                "gasLimit": hex(300_000_000),
                "baseFeePerGas": hex(10**9),
                "difficulty": "0x0",
                "extraData": "0x",
                "alloc": {address: {"balance": hex(10**27)} for address in ADDRESSES},
            }
        )
    )
    port = port or free_port()
    command = [str(find_anvil()), "-q", "--accounts", "0", "--init", str(genesis), "--port", str(port), *flags]
    return Plain(command, port, home)


def hardhat(home: Path) -> Plain:
    """A Hardhat 3 node."""
    port = free_port()
    tool = PROJECT / "hardhat-devnet"
    script = tool / "node_modules" / "hardhat" / "dist" / "src" / "cli.js"
    command = [str(find_node()), str(script), "node", "--network", "node", "--port", str(port)]
    return Plain(command, port, tool)


class Proxy:
    """A node whose answers are changed on the way: `change(method, params, answer)` gives what the client sees.

    `answer` is the response object; what `change` returns instead is sent: an object, or bytes as they are.
    """

    def __init__(self, upstream: Rpc, change: Callable[[str, list[Any], dict[str, Any]], Any]) -> None:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                many = asked if isinstance(asked, list) else [asked]
                proxy.calls += [one["method"] for one in many]
                answers = [proxy.change(one["method"], one["params"], upstream.post(one)) for one in many]
                answer = answers if isinstance(asked, list) else answers[0]
                if isinstance(asked, list) and not proxy.batches:
                    answer = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "no batches here"}}
                body = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
                self.send_response(proxy.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.change = change
        self.calls: list[str] = []
        self.status = 200
        self.batches = True
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(60)
