"""What becomes of one JSON-RPC call: refused, answered from the pool, or passed to the EVM node."""

import asyncio
import json
from collections.abc import Callable, Sequence
from typing import Any

import aiohttp

from chain.node.backend import Backend
from chain.node.methods import READING, finalise
from chain.node.pool import Account, Pool
from chain.node.transaction import Refused, Transaction, decode

__all__ = ["Relay", "RpcRefused"]

PARSE_ERROR, INVALID_REQUEST, NO_METHOD, INVALID_PARAMS, INTERNAL, SERVER = (
    -32700,
    -32600,
    -32601,
    -32602,
    -32603,
    -32000,
)
_SEND = "eth_sendRawTransaction"
_BATCH_AT_INNER = 100
_OVERTAKEN, _OVERTAKEN_TRIES = "BlockOutOfRangeError", 100


class RpcRefused(Exception):
    """An error object of JSON-RPC 2.0 §5.1."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message}


class Relay:
    """Serves calls; ``wake`` is told of new transactions."""

    def __init__(self, backend: Backend, pool: Pool, chain_id: int, wake: Callable[[], None]) -> None:
        self._backend = backend
        self._pool = pool
        self._chain_id = chain_id
        self._wake = wake
        self._accounts: dict[str, Account] = {}
        self._generation = 0
        self._session: aiohttp.ClientSession | None = None

    def on_block(self) -> None:
        """Forgets what was read of the state before the new block."""
        self._generation += 1
        self._accounts.clear()

    async def close(self) -> None:
        """Closes the connections to the EVM node."""
        if self._session is not None:
            await self._session.close()

    async def one(self, request: Any) -> dict[str, Any]:
        """The response to one request."""
        return (await self.many([request]))[0]

    async def many(self, requests: Sequence[Any]) -> list[dict[str, Any]]:
        """The responses to the requests of a batch, in their order. Transactions enter the pool in that order, too."""
        answers = await self._sends(requests)
        inner: list[tuple[int, dict[str, Any]]] = []
        for place, request in enumerate(requests):
            if place in answers:
                continue
            try:
                inner.append((place, self._inner(request)))
            except RpcRefused as refusal:
                answers[place] = {"error": refusal.error}
        for start in range(0, len(inner), _BATCH_AT_INNER):
            answers |= await self._newest(inner[start : start + _BATCH_AT_INNER])
        return [self._respond(request, answers[place]) for place, request in enumerate(requests)]

    def _respond(self, request: Any, answer: dict[str, Any]) -> dict[str, Any]:
        number = request.get("id") if isinstance(request, dict) else None
        if not isinstance(number, str | int | float):
            number = None
        return {"jsonrpc": "2.0", "id": number, **self._with_pool(request, answer)}

    def _inner(self, request: Any) -> dict[str, Any]:
        """What the EVM node is asked. Raises RpcRefused."""
        if not isinstance(request, dict) or not isinstance(request.get("method"), str):
            raise RpcRefused(INVALID_REQUEST, "invalid request")
        params = request.get("params", [])
        if request["method"] not in READING:
            raise RpcRefused(NO_METHOD, f"the method {request['method'][:64]} does not exist/is not available")
        if not isinstance(params, list):
            raise RpcRefused(INVALID_PARAMS, "params must be an array")
        return {"jsonrpc": "2.0", "method": request["method"], "params": [finalise(param) for param in params]}

    async def _newest(self, inner: Sequence[tuple[int, dict[str, Any]]]) -> dict[int, dict[str, Any]]:
        """Asks again what a new block overtook.

        anvil takes "latest" for a number first and looks for that block's state afterwards: when it was told to forget
        old states and a block came in between, it finds nothing for what every other node answers.
        """
        answers = await self._forward(inner)
        for _ in range(_OVERTAKEN_TRIES):
            again = [(place, request) for place, request in inner if _overtaken(request, answers[place])]
            if not again:
                break
            await asyncio.sleep(0)
            answers |= await self._forward(again)
        return answers

    async def _forward(self, inner: Sequence[tuple[int, dict[str, Any]]]) -> dict[int, dict[str, Any]]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=16), timeout=aiohttp.ClientTimeout(total=60)
            )
        body: Any = [{**request, "id": place} for place, request in inner]
        try:
            async with self._session.post(self._backend.url, json=body[0] if len(body) == 1 else body) as response:
                replies = json.loads(await response.read())
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            return {place: {"error": {"code": INTERNAL, "message": f"the EVM node: {error}"}} for place, _ in inner}
        found = {
            reply["id"]: {key: reply[key] for key in ("result", "error") if key in reply}
            for reply in (replies if isinstance(replies, list) else [replies])
            if isinstance(reply, dict) and "id" in reply
        }
        missing = {"error": {"code": INTERNAL, "message": "the EVM node gave no answer"}}
        return {place: found.get(place, missing) for place, _ in inner}

    def _with_pool(self, request: Any, answer: dict[str, Any]) -> dict[str, Any]:
        """Answers that the waiting transactions change."""
        method = request.get("method") if isinstance(request, dict) else None
        params = request.get("params") if method else None
        if not isinstance(params, list) or not params or not isinstance(params[0], str) or "result" not in answer:
            return answer
        if method == "eth_getTransactionCount" and params[1:2] == ["pending"]:
            return {"result": hex(self._pool.pending_nonce(params[0].lower(), int(answer["result"], 16)))}
        if method == "eth_getTransactionByHash" and answer["result"] is None:
            waiting = self._pool.get(params[0].lower())
            return {"result": _pending(waiting) if waiting else None}
        return answer

    async def _sends(self, requests: Sequence[Any]) -> dict[int, dict[str, Any]]:
        answers: dict[int, dict[str, Any]] = {}
        decoded: list[tuple[int, Transaction]] = []
        for place, request in enumerate(requests):
            if isinstance(request, dict) and request.get("method") == _SEND:
                try:
                    decoded.append((place, self._decode(request.get("params"))))
                except RpcRefused as refusal:
                    answers[place] = {"error": refusal.error}
                if len(decoded) % 100 == 0:
                    await asyncio.sleep(0)  # others are served during a long batch
        if decoded:
            await self._know({transaction.sender for _, transaction in decoded})
            for place, transaction in decoded:
                answers[place] = await self._add(transaction)
            self._wake()
        return answers

    def _decode(self, params: Any) -> Transaction:
        try:
            (text,) = params
            raw = bytes.fromhex(text.removeprefix("0x"))
        except (TypeError, ValueError, AttributeError) as error:
            raise RpcRefused(INVALID_PARAMS, "one parameter, 0x and the bytes of the transaction") from error
        try:
            return decode(raw, self._chain_id)
        except Refused as refusal:
            raise RpcRefused(SERVER, str(refusal)) from refusal

    async def _add(self, transaction: Transaction) -> dict[str, Any]:
        account = self._accounts.get(transaction.sender)
        while account is None:  # a block was made meanwhile
            await self._know({transaction.sender})
            account = self._accounts.get(transaction.sender)
        if transaction.nonce < account.nonce and await self._is_mined(transaction.hash):
            return {"error": {"code": SERVER, "message": "already known"}}
        try:
            self._pool.add(transaction, account)
        except Refused as refusal:
            return {"error": {"code": SERVER, "message": str(refusal)}}
        return {"result": transaction.hash}

    async def _is_mined(self, digest: str) -> bool:
        (known,) = await self._backend.sequence([("eth_getTransactionByHash", [digest])])
        return isinstance(known, dict)

    async def _know(self, senders: set[str]) -> None:
        """Reads nonce and balance of the senders at the head."""
        missing = sorted(senders - self._accounts.keys())
        generation = self._generation
        calls = [
            (method, [one, "latest"]) for one in missing for method in ("eth_getTransactionCount", "eth_getBalance")
        ]
        answers = await self._backend.sequence(calls)
        if generation == self._generation:
            for one, nonce, balance in zip(missing, answers[::2], answers[1::2], strict=True):
                self._accounts[one] = Account(int(nonce, 16), int(balance, 16))


def _overtaken(request: dict[str, Any], answer: dict[str, Any]) -> bool:
    error = answer.get("error")
    if not isinstance(error, dict) or _OVERTAKEN not in str(error.get("message")):
        return False
    tags = [one for one in request["params"] if isinstance(one, str) and (one == "latest" or _is_number(one))]
    return tags[-1:] in ([], ["latest"])


def _is_number(text: str) -> bool:
    """Of a block; addresses, slots and hashes are longer."""
    return text.startswith("0x") and len(text) <= 18


def _pending(transaction: Transaction) -> dict[str, Any]:
    """A waiting transaction as `eth_getTransactionByHash` shows it."""
    return {
        "hash": transaction.hash,
        "type": hex(transaction.type),
        "from": transaction.sender,
        "to": "0x" + transaction.to.hex() if transaction.to else None,
        "nonce": hex(transaction.nonce),
        "gas": hex(transaction.gas),
        "gasPrice": hex(transaction.max_fee),
        "maxFeePerGas": hex(transaction.max_fee),
        "maxPriorityFeePerGas": hex(transaction.tip),
        "value": hex(transaction.value),
        "input": "0x" + transaction.data.hex(),
        "blockHash": None,
        "blockNumber": None,
        "transactionIndex": None,
    }
