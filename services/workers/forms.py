"""What goes through the intake: a request as its follower took it, and what the leader answered. Pure.

question | answer = u32 length of the head ‖ head (JSON) ‖ body
"""

import json
from dataclasses import dataclass, field
from typing import Any, Self

from services.platform.errors import RegsealError

__all__ = ["CHUNK", "HTTP", "UNREADABLE", "Answer", "Question"]

HTTP, CHUNK = "http", "chunk"
UNREADABLE = (RegsealError, ValueError, TypeError, KeyError)
"""What opening and unpacking raise for a row that was changed, or comes from another version of the software."""


def _pack(head: dict[str, Any], body: bytes) -> bytes:
    packed = json.dumps(head, separators=(",", ":")).encode()
    return len(packed).to_bytes(4) + packed + body


def _unpack(raw: bytes) -> tuple[dict[str, Any], bytes]:
    end = 4 + int.from_bytes(raw[:4])
    return json.loads(raw[4:end]), raw[end:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``kind`` says who carries it out; the rest is a request over HTTP, or a chunk of an upload in ``body`` alone.

    ``token_id`` names the token that the follower found good, None for a public request; its secret stays there.
    """

    kind: str = HTTP
    method: str = ""
    path: str = ""
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    token_id: str | None = None
    request_id: str | None = None
    body: bytes = b""

    def pack(self) -> bytes:
        """As bytes."""
        head = {name: getattr(self, name) for name in self.__slots__ if name != "body"}
        return _pack(head, self.body)

    @classmethod
    def unpack(cls, raw: bytes) -> Self:
        """Of :meth:`pack`."""
        head, body = _unpack(raw)
        head["headers"] = tuple((name, value) for name, value in head["headers"])
        return cls(body=body, **head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An HTTP answer and the ``route`` that gave it; of a chunk, its acknowledgement, or its refusal as ``problem``."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    route: str = ""
    problem: dict[str, Any] = field(default_factory=dict)
    body: bytes = b""

    def pack(self) -> bytes:
        """As bytes."""
        head = {name: getattr(self, name) for name in self.__slots__ if name != "body"}
        return _pack(head, self.body)

    @classmethod
    def unpack(cls, raw: bytes) -> Self:
        """Of :meth:`pack`."""
        head, body = _unpack(raw)
        head["headers"] = tuple((name, value) for name, value in head["headers"])
        return cls(body=body, **head)
