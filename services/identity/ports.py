"""What this context needs of the others, as far as it uses them."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from sqlalchemy.orm import Session

from chain.proof.canonical import JsonObject
from chain.proof.types import Phase
from services.transactions.views import OperationView

__all__ = ["Group", "Leaf", "Leaves", "Units", "Written"]

T = TypeVar("T")


class Group(Protocol):
    """The sequencer's group transaction: rows, leaves and operations commit together."""

    @property
    def session(self) -> Session:
        """The transaction, inside this unit's savepoint."""
        ...

    @property
    def now_ms(self) -> int:
        """The group's time."""
        ...


class Units(Protocol):
    """The sequencer."""

    def submit(self, unit: Callable[[Any], T]) -> Future[T]:
        """Runs ``unit`` in its next group; the future resolves when it is durable."""
        ...


class Leaf(Protocol):
    """A leaf at its place."""

    @property
    def leaf_hash(self) -> bytes:
        """32 bytes."""
        ...


class Written(Protocol):
    """A record that the service wrote."""

    @property
    def record_id(self) -> str:
        """Its id."""
        ...

    @property
    def leaf(self) -> Leaf:
        """Its leaf."""
        ...

    @property
    def commitment(self) -> bytes:
        """32 bytes."""
        ...


class Leaves(Protocol):
    """The evidence service, for records that this service writes itself, and for the log that holds them."""

    def create_house_log(self, owner_id: str) -> str:
        """Makes the installation's own log, in a unit of its own; the same log when it is there."""
        ...

    def request_house_opening(self) -> Future[OperationView]:
        """Asks the chain to open it."""
        ...

    def write_command(
        self,
        group: Any,
        *,
        type_name: str,
        phase: Phase,
        subject: str,
        actor: str,
        body: JsonObject,
        stream_key: str,
    ) -> Written:
        """A new record in the house log, encrypted for ``actor``."""
        ...
