"""A plain JSON-RPC connection to an EVM node. What it answers is material to check, never a fact."""

from __future__ import annotations

import itertools
import json
from typing import Any

from chain.party.errors import ResponseRefused, RpcError
from chain.party.http import Connection

MAX_ANSWER = 64 * 1024 * 1024  # the receipts of a full block of anchors stay far below


class JsonRpc:
    """One node, one call at a time.

    Args:
        url: taken from the party's own settings.
        timeout: seconds for each call.
    """

    def __init__(self, url: str, *, timeout: float = 10.0) -> None:
        self.url = url
        self._connection = Connection(url, timeout, MAX_ANSWER)
        self._ids = itertools.count(1)

    def call(self, method: str, *params: object) -> Any:
        """The result of one call; its shape is for the caller to check.

        Raises:
            Unreachable: no answer came.
            ResponseRefused: the answer is no JSON-RPC answer to this call.
            RpcError: the node refused.
        """
        number = next(self._ids)
        body = json.dumps({"jsonrpc": "2.0", "id": number, "method": method, "params": list(params)}).encode()
        # A party's calls only read, and a raw transaction is itself however often it is sent: so a repeat after a
        # dropped keep-alive connection is harmless.
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(number)}
        answer = self._connection.request("POST", "/" if not _has_path(self.url) else "", body=body, headers=headers)
        reply = answer.json(self.url)
        if not isinstance(reply, dict) or reply.get("id") != number:
            raise ResponseRefused(self.url, f"HTTP {answer.status}, not an answer to {method}")
        error = reply.get("error")
        if error is not None:
            raise _refusal(method, error)
        if "result" not in reply:
            raise ResponseRefused(self.url, f"no result of {method}")
        return reply["result"]


def _has_path(url: str) -> bool:
    return url.split("://", 1)[-1].rstrip("/").find("/") >= 0


def _refusal(method: str, error: object) -> RpcError:
    if not isinstance(error, dict):
        return RpcError(method, 0, "unknown error")
    code, data = error.get("code"), error.get("data")
    message = str(error.get("message", "unknown error"))[:500]
    return RpcError(method, code if isinstance(code, int) else 0, message, data if isinstance(data, str) else "")
