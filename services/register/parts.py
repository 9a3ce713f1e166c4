"""What the doors of the register share."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from services.evidence.group import Group
from services.evidence.service import EvidenceService
from services.identity import policy
from services.identity.policy import Principal
from services.identity.service import IdentityService
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.errors import Conflict
from services.platform.settings import MarketConfig
from services.register.stream import Stream
from services.register.within import current, done
from services.transactions.service import Transactions

__all__ = ["ReadRegister", "RegisterParts"]

T = TypeVar("T")
ReadRegister = Callable[..., Any]
"""``read(contract, function, *arguments)``: what a view of a contract on the business chain says now. ChainError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterParts:
    """Made once, in ``wiring``.

    ``chain``: what rows call the business chain; ``venue``: the market, None where the installation runs none;
    ``days``: how long whoever must agree has to sign.
    """

    database: Database
    clock: Clock
    vault: Vault
    evidence: EvidenceService
    transactions: Transactions
    stream: Stream
    chain: str
    venue: MarketConfig | None
    days: int
    read: ReadRegister

    @property
    def market(self) -> MarketConfig:
        """The market. Conflict ``no-market`` where the installation runs none."""
        if self.venue is None:
            raise Conflict("This installation runs no market (settings.toml, [market]).", slug="no-market")
        return self.venue

    def submit(self, unit: Callable[[Group], T]) -> Future[T]:
        """A unit of the sequencer; inside a checked act, part of that act's own."""
        inside = current()
        return self.evidence.sequencer.submit(unit) if inside is None else done(unit, inside.group)

    def require(self, session: Session, caller: Principal, action: str) -> str:
        """The host, whose register it is, once the caller may do ``action`` to it. Forbidden, NotFound, Conflict."""
        host = IdentityService.host_id(session)
        if host is None or self.venue is None:
            raise Conflict("This installation runs no market (settings.toml, [market]).", slug="no-market")
        policy.require(caller, action, IdentityService.target(session, host))
        return host
