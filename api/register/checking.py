"""What a checked market's operator enters: done at once, or an operation that waits for the checker (复核)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from fastapi import Response
from starlette.concurrency import run_in_threadpool

from api.deps import CallerDep, OnceDep, ServicesDep
from api.operations.schemas import OperationView
from api.operations.views import accepted
from services.transactions.views import OperationView as Operation

__all__ = ["Desk", "OperationView", "checked"]

V = TypeVar("V")


class Desk:
    """Who enters it, where the answer goes: a dependency of the endpoints."""

    def __init__(self, services: ServicesDep, caller: CallerDep, once: OnceDep, response: Response) -> None:
        self.services = services
        self.caller = caller
        self.once = once
        self.response = response


async def checked(desk: Desk, name: str, *said: Any, show: Callable[[Any], V]) -> V | OperationView:
    """``show`` of what was done; 202 and the operation where a checker has to sign first."""
    ask = desk.services.holders.checked.ask
    asked = await run_in_threadpool(ask, name, desk.caller, *said, once=desk.once)
    done: Any = await asyncio.wrap_future(asked)
    if not isinstance(done, Operation):
        return show(done)
    desk.response.status_code = 202
    return accepted(done, desk.response)
