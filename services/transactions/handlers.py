"""Who wants to hear of what. Filled while the process is built, read-only afterwards."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.platform.errors import RuleRefused
from services.transactions.views import BlockHandler, Check, EventHandler, GasBound, Preparation, RefusalHandler

__all__ = ["Handlers", "Listener"]


@dataclass(frozen=True, slots=True)
class Listener:
    """``name`` keys its cursor: renaming a listener makes it hear everything again from the deployment block.

    ``handler`` is told each of the ``events`` by itself, ``block`` all of a block's together.
    """

    name: str
    contract: str
    events: Collection[str]
    chain: str | None
    handler: EventHandler | None = None
    block: BlockHandler | None = None


class Handlers:
    """Registry of event listeners, refusal handlers, preparations and checks."""

    def __init__(self) -> None:
        self._listeners: dict[str, Listener] = {}
        self._refusals: dict[str, RefusalHandler] = {}
        self._preparations: dict[str, Preparation] = {}
        self._checks: dict[str, Check] = {}
        self._bounds: dict[str, GasBound] = {}

    def on_event(self, listener: Listener) -> None:
        """ValueError when the name is taken: two listeners to one event need two names."""
        if listener.name in self._listeners:
            raise ValueError(f"the listener {listener.name} exists")
        self._listeners[listener.name] = listener

    def on_refused(self, purpose: str, handler: RefusalHandler) -> None:
        """ValueError when the purpose has one."""
        if purpose in self._refusals:
            raise ValueError(f"{purpose} has a refusal handler")
        self._refusals[purpose] = handler

    def on_prepare(self, purpose: str, hook: Preparation) -> None:
        """ValueError when the purpose has one."""
        if purpose in self._preparations:
            raise ValueError(f"{purpose} has a preparation")
        self._preparations[purpose] = hook

    def on_check(self, kind: str, check: Check) -> None:
        """ValueError when the kind of operations has one."""
        if kind in self._checks:
            raise ValueError(f"{kind} has a check")
        self._checks[kind] = check

    def on_gas(self, purpose: str, bound: GasBound) -> None:
        """ValueError when the purpose has one."""
        if purpose in self._bounds:
            raise ValueError(f"{purpose} has a bound")
        self._bounds[purpose] = bound

    def listeners(self, chain: str, contracts: Collection[str]) -> Mapping[str, Listener]:
        """The listeners to one chain on which these contracts are, by name."""
        return {
            name: each
            for name, each in self._listeners.items()
            if each.chain in (None, chain) and each.contract in contracts
        }

    def refusal(self, purpose: str) -> RefusalHandler | None:
        """The handler for a purpose, if it has one."""
        return self._refusals.get(purpose)

    def preparation(self, purpose: str) -> Preparation | None:
        """What completes the transactions of a purpose, if anything does."""
        return self._preparations.get(purpose)

    def objection(self, session: Session, kind: str, operation_id: str | None) -> RuleRefused | None:
        """The rule that stops an operation of this kind by now, if one does."""
        check = self._checks.get(kind)
        return None if check is None or operation_id is None else check(session, operation_id)

    def gas_bound(self, purpose: str, function: str, args: Mapping[str, Any]) -> int | None:
        """The gas that such a transaction takes at the most, where somebody knows."""
        bound = self._bounds.get(purpose)
        return None if bound is None else bound(function, args)

    def prepared_purposes(self) -> Collection[str]:
        """The purposes whose transactions are completed only when they are signed."""
        return self._preparations.keys()
