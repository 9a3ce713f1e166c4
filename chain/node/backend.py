"""The EVM node behind the embedded chain: anvil, as a child that mines only when told and dies with this process."""

import asyncio
import contextlib
import ctypes
import json
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chain.errors import NodeError
from chain.project import NODE_MODULES, PROJECT

__all__ = ["Backend", "Call", "Failure", "find_anvil"]

Call = tuple[str, list[Any]]

_PACKAGES = PROJECT / NODE_MODULES / "@foundry-rs"
_START_SECONDS = 30.0
_ATTEMPTS = 5
_WINDOW = 64
_PR_SET_PDEATHSIG = 1
_FLAGS = (
    "-q",
    "--no-mining",
    "--prune-history",
    "--no-cors",
    "--no-request-size-limit",
    "--disable-default-create2-deployer",
    *("--order", "fifo"),
    *("--hardfork", "cancun"),
    *("--accounts", "0"),
    *("--host", "127.0.0.1"),
)


@dataclass(frozen=True, slots=True)
class Failure:
    """A JSON-RPC error of the EVM node."""

    code: int
    message: str


def find_anvil() -> Path:
    """$REGSEAL_ANVIL or the binary that npm installed. Raises NodeError."""
    asked = os.environ.get("REGSEAL_ANVIL")
    candidates = [Path(asked)] if asked else sorted(_PACKAGES.glob("anvil-*/bin/anvil"))
    for candidate in candidates:
        if os.access(candidate, os.X_OK):
            return candidate
    raise NodeError(f"anvil is not in {_PACKAGES}: run make, or set REGSEAL_ANVIL")


class Backend:
    """One running anvil and one connection to it, on which calls are answered strictly in order.

    Order is why JSON-RPC batches are not used: anvil works on a batch's calls at once, and the order in which
    transactions arrive is the order in the block.
    """

    def __init__(self, process: asyncio.subprocess.Process, port: int, genesis: Path) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._genesis = genesis
        self._lock = asyncio.Lock()
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    @classmethod
    async def start(cls, log: Path, genesis: Path, gas_limit: int) -> "Backend":
        """Starts anvil from a genesis file; its words go to `log`. Raises NodeError with the last of them."""
        for _ in range(_ATTEMPTS):
            backend = await cls._spawn(log, genesis, gas_limit)
            if await backend.answers():
                return backend
            await backend.stop()
        raise NodeError(f"anvil does not start: {_last_words(log)}")

    @classmethod
    async def _spawn(cls, log: Path, genesis: Path, gas_limit: int) -> "Backend":
        port = _free_port()
        arguments = [*_FLAGS, "--gas-limit", str(gas_limit), "--init", str(genesis), "--port", str(port)]
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                find_anvil(),
                *arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=log.parent,
                env={"HOME": str(log.parent), "PATH": os.environ.get("PATH", "")},
                preexec_fn=_die_with(os.getpid()),
            )
        return cls(process, port, genesis)

    async def answers(self) -> bool:
        """Waits for the first answer; False when the child ended instead, or somebody else has its port.

        Between the choice of a port and the child's start another process may have taken it, perhaps another chain's
        node. The beneficiary of block 0 tells: each chain has its own.
        """
        beneficiary = json.loads(self._genesis.read_text("utf-8"))["coinbase"]
        deadline = asyncio.get_running_loop().time() + _START_SECONDS
        while self.process.returncode is None and asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(NodeError):
                block = await self.call("eth_getBlockByNumber", "0x0", False)
                return bool(block["miner"].lower() == beneficiary)
            await asyncio.sleep(0.01)
        return False

    async def call(self, method: str, *params: Any) -> Any:
        """One result. Raises NodeError when anvil refuses."""
        (answer,) = await self.sequence([(method, list(params))])
        if isinstance(answer, Failure):
            raise NodeError(f"anvil refused {method}: {answer.message}")
        return answer

    async def sequence(self, calls: Sequence[Call]) -> list[Any]:
        """Results or Failures, one per call, strictly one after the other. Raises NodeError without answers."""
        async with self._lock:
            try:
                reader, writer = await self._connection()
                writing = asyncio.create_task(_write_all(writer, calls))
                try:
                    answers = [_answer(await _body(reader, writer)) for _ in calls]
                finally:
                    writing.cancel()
            except BaseException as error:
                self._hang_up()  # answers that are still to come must not be taken for those of later calls
                if isinstance(error, OSError | asyncio.IncompleteReadError):
                    raise NodeError(f"the EVM node does not answer: {error}") from error
                raise
        return answers

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port, limit=2**20)
        return self._streams

    def _hang_up(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def stop(self) -> None:
        """Ends the child; its state is not needed."""
        self._hang_up()
        if self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.kill()
        await self.process.wait()


def _last_words(log: Path) -> str:
    return log.read_text("utf-8", "replace")[-500:].strip()


def _request(method: str, params: list[Any]) -> bytes:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    head = (
        f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _write_all(writer: asyncio.StreamWriter, calls: Sequence[Call]) -> None:
    for start in range(0, len(calls), _WINDOW):
        writer.write(b"".join(_request(*call) for call in calls[start : start + _WINDOW]))
        await writer.drain()


async def _body(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    # anvil holds back a small answer until the last one is acknowledged, which the kernel delays by 40 ms unless told.
    writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    _, found, rest = head.partition(b"content-length:")
    if not found:
        raise NodeError(f"anvil answered without a length: {head[:200]!r}")
    return await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))


def _answer(body: bytes) -> Any:
    reply = json.loads(body)
    error = reply.get("error")
    if error is not None:
        return Failure(int(error.get("code", 0)), str(error.get("message", "")))
    return reply["result"]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _die_with(parent: int) -> Any:
    """Runs in the child: have the kernel kill it when this process ends in whatever way."""
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def arrange() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return arrange
