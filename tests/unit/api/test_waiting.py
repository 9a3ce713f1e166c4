"""Held-back answers: how much of a wish is granted, and when a wait ends."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from fastapi import Request
from starlette.types import Message

from api.waiting import Wait, wished


@pytest.mark.parametrize(
    ("preferences", "seconds"),
    [
        ("", 0),
        ("wait=7", 7),
        ("respond-async, Wait = 7", 7),
        ('wait="7"; foo', 7),
        ("wait=7,wait=9", 7),
        ("wait=123456789", 123_456_789),
        ("wait=1.5", 0),
        ("wait=-1", 0),
        ("nowait=7", 0),
        ("foo; wait=7", 0),
        ("wait=" + "9" * 400, 0),
    ],
)
def test_what_a_preference_says(preferences: str, seconds: int) -> None:
    assert wished(preferences) == seconds


async def _stays() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def _leaves() -> Message:
    return {"type": "http.disconnect"}


def _request(*preferences: str, receive: Callable[[], Awaitable[Message]] = _stays) -> Request:
    headers = [(b"prefer", each.encode()) for each in preferences]
    return Request({"type": "http", "headers": headers}, receive)


def test_a_wish_is_granted_up_to_what_the_service_grants_and_said_so() -> None:
    assert Wait.of(_request("wait=7"), 60).applied == {"Preference-Applied": "wait=7"}
    assert Wait.of(_request("respond-async", "wait=70"), 60).applied == {"Preference-Applied": "wait=60"}
    assert Wait.of(_request("wait=7"), 0).applied == {}
    assert Wait.of(_request("respond-async"), 60).applied == {}


def _looked(wait: Wait, done_at: int) -> list[int]:
    """What was seen, one number a look."""
    seen = list[int]()

    async def look() -> int:
        seen.append(len(seen) + 1)
        return seen[-1]

    assert asyncio.run(wait.until(look, lambda found: found == done_at)) == seen[-1]
    return seen


def test_a_wait_ends_when_it_is_done() -> None:
    assert _looked(Wait(_request(), 600), 3) == [1, 2, 3]


def test_who_does_not_wait_gets_what_is_there() -> None:
    assert _looked(Wait(_request(), 0), 3) == [1]


def test_nothing_is_waited_for_once_the_client_has_gone() -> None:
    assert _looked(Wait(_request(receive=_leaves), 600), -1) == [1]
