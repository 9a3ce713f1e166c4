"""Puts acts together (登记事项)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from services.register.accounts.keeping import Keeping
from services.register.acts.batches import Batches
from services.register.acts.checking import Checking
from services.register.acts.desk import ActDesk
from services.register.acts.judging import Judging
from services.register.acts.legal import LegalDesk
from services.register.acts.outcomes import Outcomes
from services.register.acts.sweeping import Sweeping
from services.register.issuers import issuer_of
from services.register.names import ACT
from services.register.parts import RegisterParts

__all__ = ["Acts", "open_acts"]


@dataclass(frozen=True, slots=True)
class Acts:
    """The doors to acts, what hears of their outcomes, and what is done by itself: name -> (seconds, job)."""

    desk: ActDesk
    batches: Batches
    legal: LegalDesk
    outcomes: Outcomes
    jobs: Mapping[str, tuple[float, Callable[[], None]]]


def open_acts(parts: RegisterParts, first_day: Callable[[], int]) -> Acts:
    """Acts, their handlers subscribed: before the indexer starts. ``first_day``: that of the register's deployment."""
    issuer = partial(issuer_of, parts.chain)
    checking = Checking(parts, issuer, Keeping(parts).stopped)
    parts.transactions.on_check(ACT, checking.objection)
    outcomes = Outcomes(parts)
    outcomes.register(parts.transactions)
    sweeping = Sweeping(parts)
    desk = ActDesk(parts, Judging(parts, first_day), checking, issuer)
    return Acts(desk, Batches(desk), LegalDesk(parts), outcomes, {"register.sweep": (60.0, sweeping.run)})
