"""Puts acts together (登记事项)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.register.accounts.keeping import Keeping
from services.register.acts.batches import Batches
from services.register.acts.desk import ActDesk, IssuerCode
from services.register.acts.judging import Judging
from services.register.acts.legal import LegalDesk
from services.register.acts.outcomes import Outcomes
from services.register.acts.sweeping import Sweeping
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


def open_acts(parts: RegisterParts, first_day: Callable[[], int], issuer_code: IssuerCode) -> Acts:
    """Acts, their handlers subscribed: before the indexer starts. ``first_day``: that of the register's deployment."""
    outcomes = Outcomes(parts)
    outcomes.register(parts.transactions)
    sweeping = Sweeping(parts)
    desk = ActDesk(parts, Judging(parts, first_day), issuer_code, usable=Keeping(parts).usable)
    return Acts(desk, Batches(desk), LegalDesk(parts), outcomes, {"register.sweep": (60.0, sweeping.run)})
