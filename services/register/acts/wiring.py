"""Puts acts together (登记事项)."""

from collections.abc import Callable
from dataclasses import dataclass

from services.register.acts.desk import ActDesk
from services.register.acts.judging import Judging
from services.register.acts.outcomes import Outcomes
from services.register.parts import RegisterParts

__all__ = ["Acts", "open_acts"]


@dataclass(frozen=True, slots=True)
class Acts:
    """The door to acts, and what hears of their outcomes."""

    desk: ActDesk
    outcomes: Outcomes


def open_acts(parts: RegisterParts, first_day: Callable[[], int]) -> Acts:
    """Acts, their handlers subscribed: before the indexer starts. ``first_day``: that of the register's deployment."""
    outcomes = Outcomes(parts)
    outcomes.register(parts.transactions)
    return Acts(ActDesk(parts, Judging(parts, first_day)), outcomes)
