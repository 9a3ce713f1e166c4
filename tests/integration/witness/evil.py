"""A stage for witnesses: a log and a chain of real bytes, shown over real HTTP by a server that can be told to lie.

It holds the keys of the log and makes the blocks, so that every lie is as good as a dishonest operator could make it.
"""

from __future__ import annotations

import copy
import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from chain.proof.checkpoint import Checkpoint
from chain.proof.encoding import to_hex
from chain.proof.ethereum import (
    EventLog,
    HeadAnchored,
    TransactionReceipt,
    bloom_of,
    encode_header,
    encode_receipt,
    log_id,
)
from chain.proof.hashing import keccak256, sha256
from chain.proof.merkle import consistency_proof, leaf_hash, root_of
from chain.proof.note import NoteSigner, SignatureType, sign_note
from chain.proof.tiles import parse_tile_path
from chain.proof.trie import build_trie, index_key

CHAIN_ID = 990001
CONTRACT = bytes.fromhex("5a" * 20)
LOG_OPENED = keccak256(b"LogOpened(bytes32,bytes16,string,address,bytes32,bytes32,bytes32)")
LOG_ROTATED = keccak256(b"LogRotated(bytes32,uint64,address,bytes32,bytes32,bytes32)")
LOG_FROZEN = keccak256(b"LogFrozen(bytes32,uint64,bytes32,bytes32,bytes32)")
_WORD = bytes(32)


class Log:
    """A log with its signing key; `leaves` may be exchanged for a fork."""

    def __init__(self, origin: str, seed: bytes = b"\x21" * 32) -> None:
        self.origin = origin
        self.signer = NoteSigner(origin, SignatureType.ED25519, seed)
        self.leaves: list[bytes] = []
        self.shown_size: int | None = None

    def grow(self, count: int, mark: str = "leaf") -> None:
        start = len(self.leaves)
        self.leaves += [leaf_hash(f"{mark} {index}".encode()) for index in range(start, start + count)]

    @property
    def size(self) -> int:
        return len(self.leaves) if self.shown_size is None else self.shown_size

    def root(self, size: int | None = None) -> bytes:
        return root_of(self.leaves[: self.size if size is None else size])

    def checkpoint(self) -> str:
        size = self.size  # once: the log may grow while the server's threads answer
        return sign_note(Checkpoint(self.origin, size, self.root(size)).text(), self.signer)

    def node(self, level: int, index: int) -> bytes:
        return root_of(self.leaves[index << level : (index + 1) << level])

    def proof(self, old: int, new: int) -> list[bytes]:
        return consistency_proof(old, new, self.node)

    def tile(self, path: str) -> bytes:
        place = parse_tile_path(path)
        height = place.level * 8
        start = place.index * 256
        return b"".join(self.node(height, start + offset) for offset in range(place.width))

    def anchored(self, size: int, root: bytes | None = None) -> EventLog:
        return HeadAnchored(log_id(self.origin), size, root or self.root(size), 0).encode(CONTRACT)

    def opened(self) -> EventLog:
        words = [(160).to_bytes(32, "big"), _WORD, sha256(self.signer.key.public), _WORD, _WORD, _WORD]
        return EventLog(CONTRACT, (LOG_OPENED, log_id(self.origin), _WORD), b"".join(words))

    def rotated(self, from_size: int, signer: NoteSigner) -> EventLog:
        words = [from_size.to_bytes(32, "big"), _WORD, sha256(signer.key.public), _WORD, _WORD]
        return EventLog(CONTRACT, (LOG_ROTATED, log_id(self.origin)), b"".join(words))

    def frozen(self, size: int) -> EventLog:
        words = [size.to_bytes(32, "big"), self.root(size), _WORD, _WORD]
        return EventLog(CONTRACT, (LOG_FROZEN, log_id(self.origin)), b"".join(words))


class Chain:
    """A chain of Cancun headers without seals, each block one transaction per event."""

    def __init__(self, salt: str = "") -> None:
        self.blocks: list[dict[str, Any]] = []
        self.receipts: list[list[dict[str, Any]]] = []
        self.chain_id = CHAIN_ID
        self._salt = sha256(salt.encode())
        self.mine()

    @property
    def genesis(self) -> bytes:
        return bytes.fromhex(self.blocks[0]["hash"][2:])

    def mine(self, *events: EventLog) -> None:
        receipts = [TransactionReceipt(2, 1, 21000 * (i + 1), bloom_of([e]), (e,)) for i, e in enumerate(events)]
        root, _ = build_trie([(index_key(i), encode_receipt(one)) for i, one in enumerate(receipts)])
        number = len(self.blocks)
        block: dict[str, Any] = {
            "parentHash": self.blocks[-1]["hash"] if self.blocks else to_hex(_WORD),
            "sha3Uncles": to_hex(keccak256(b"\xc0")),
            "miner": "0x" + "00" * 20,
            "stateRoot": to_hex(self._salt),
            "transactionsRoot": to_hex(_WORD),
            "receiptsRoot": to_hex(root),
            "logsBloom": to_hex(bloom_of(events)),
            "difficulty": "0x0",
            "number": hex(number),
            "gasLimit": "0x1c9c380",
            "gasUsed": hex(21000 * len(events)),
            "timestamp": hex(1_795_000_000 + number),
            "extraData": "0x",
            "mixHash": to_hex(_WORD),
            "nonce": "0x0000000000000000",
            "baseFeePerGas": "0x0",
            "withdrawalsRoot": to_hex(_WORD),
            "blobGasUsed": "0x0",
            "excessBlobGas": "0x0",
            "parentBeaconBlockRoot": to_hex(_WORD),
            "transactions": [to_hex(sha256(f"{number}/{i}".encode())) for i in range(len(events))],
        }
        block["hash"] = to_hex(keccak256(encode_header(block)))
        self.receipts.append([_receipt(i, one) for i, one in enumerate(receipts)])
        self.blocks.append(block)  # last: who is told of a block may ask for its receipts

    def hash(self, number: int) -> bytes:
        return bytes.fromhex(self.blocks[number]["hash"][2:])

    def copy(self) -> Chain:
        return copy.deepcopy(self)


def _receipt(index: int, receipt: TransactionReceipt) -> dict[str, Any]:
    return {
        "transactionIndex": hex(index),
        "type": hex(receipt.type),
        "status": hex(receipt.status),
        "cumulativeGasUsed": hex(receipt.cumulative_gas),
        "logsBloom": to_hex(receipt.bloom),
        "logs": [
            {
                "address": to_hex(log.address),
                "topics": [to_hex(topic) for topic in log.topics],
                "data": to_hex(log.data),
            }
            for log in receipt.logs
        ],
    }


class Stage:
    """The server: log API and JSON-RPC on one loopback port. `logs` and `chain` are what it shows at the moment.

    `lies` maps a path or an RPC method to what is answered instead: a function of the honest answer.
    """

    def __init__(self, *logs: Log) -> None:
        self.logs = {f"log_{index}": log for index, log in enumerate(logs)}
        self.chain = Chain()
        self.nonces: dict[str, str] = {}
        self.posted: list[tuple[str, str]] = []
        self.lies: dict[str, Callable[[Any], Any]] = {}
        self.statuses: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def notes(self, ending: str) -> list[str]:
        """Bodies that were posted to paths with this ending, in order."""
        return [body for path, body in self.posted if path.endswith(ending)]

    def answer(self, method: str, target: str, body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(target)
        if parts.path == "/":
            return 200, json.dumps(self._rpc(json.loads(body))).encode()
        if method == "POST":
            status = self.statuses.get(parts.path, 201)
            if status < 400:
                self.posted.append((parts.path, body.decode()))
            return status, b"{}"
        status, honest = self._get(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
        told = self.lies.get(parts.path, lambda value: value)(honest)
        return status, told if isinstance(told, bytes) else json.dumps(told).encode()

    def _get(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/v1/logs":
            return 200, {"items": [self._listed(name, log) for name, log in self.logs.items()], "next": None}
        _, _, _, name, *rest = path.split("/")
        log = self.logs[name]
        if rest == ["checkpoint"]:
            return (200, log.checkpoint().encode()) if log.leaves else (404, {})
        if rest == ["challenge"]:
            return 200, {"nonce": self.nonces.get(name)}
        if rest == ["consistency"]:
            return 200, {"proof": [to_hex(one) for one in log.proof(int(query["from"]), int(query["to"]))]}
        return 200, log.tile("/".join(rest))

    def _listed(self, name: str, log: Log) -> dict[str, Any]:
        vkeys = [{"vkey": log.signer.key.format(), "from_size": 0}]
        return {"id": name, "origin": log.origin, "size": log.size, "vkeys": vkeys, "state": "open"}

    def _rpc(self, request: dict[str, Any]) -> dict[str, Any]:
        method, params = request["method"], request["params"]
        result = self.lies.get(method, lambda value: value)(self._result(method, params))
        if result is Ellipsis:
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32601, "message": "unknown method"}}
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}

    def _result(self, method: str, params: list[Any]) -> Any:
        chain = self.chain
        if method == "eth_chainId":
            return hex(chain.chain_id)
        if method == "eth_blockNumber":
            return hex(len(chain.blocks) - 1)
        if method == "eth_getBlockByNumber":
            number = len(chain.blocks) - 3 if params[0] == "finalized" else int(params[0], 16)
            return copy.deepcopy(chain.blocks[number]) if number < len(chain.blocks) else None
        if method == "eth_getBlockReceipts":
            place = next(i for i, block in enumerate(chain.blocks) if block["hash"] == params[0])
            return copy.deepcopy(chain.receipts[place])
        if method == "eth_getTransactionReceipt":
            places = (
                (i, b["transactions"].index(params[0]))
                for i, b in enumerate(chain.blocks)
                if params[0] in b["transactions"]
            )
            number, index = next(places)
            return copy.deepcopy(chain.receipts[number][index])
        return Ellipsis


def _handler(stage: Stage) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 20  # an answer leaves at once, or it waits for delayed acknowledgements

        def _serve(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = self.rfile.read(length)
            if len(body) < length:  # who sent it was killed meanwhile: such a request was never made
                self.close_connection = True
                return
            status, answer = stage.answer(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            if 300 <= status < 400:
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST = _serve  # noqa: N815 - names of the base class

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def fork_of(log: Log, at: int, count: int) -> Log:
    """Another log under the same key that parts from `log` at leaf `at` and has `count` leaves."""
    forked = Log(log.origin)
    forked.leaves = log.leaves[:at]
    forked.grow(count - at, "forged leaf")
    return forked
