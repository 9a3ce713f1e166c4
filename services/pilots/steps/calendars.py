"""Working days, asked of the chain's calendar before a unit and remembered in it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from chain.errors import ChainError
from services.pilots.rulebook.machine import WorkingDays
from services.pilots.rulebook.model import Guard, Transition

__all__ = ["Agreed", "ChainDays", "CountDays"]

CountDays = Callable[[int, int, int], tuple[bool, int]]
"""(region, from day, to day) -> (known, working days); a view of the calendar contract. ChainError."""
_MANY = 1 << 30


@dataclass(slots=True)
class ChainDays(WorkingDays):
    """What the calendar of a region says; a chain that is away knows no days, so that nothing has elapsed."""

    count: CountDays
    region: int
    known: dict[tuple[int, int], int | None] = field(default_factory=dict)

    def working_days_after(self, since: int, until: int) -> int | None:
        """Working days after day `since`, up to `until` included."""
        if since == 0 or until <= since:
            return 0
        if (since, until) not in self.known:
            self.known[since, until] = self._asked(since, until)
        return self.known[since, until]

    def _asked(self, since: int, until: int) -> int | None:
        try:
            known, counted = self.count(self.region, since, until)
        except ChainError:
            return None
        return counted if known else None


@dataclass(frozen=True, slots=True)
class Agreed(WorkingDays):
    """The calendar by which the chain has let a step pass: what it has decided is not counted again."""

    row: Transition | None

    def working_days_after(self, since: int, until: int) -> int | None:  # noqa: ARG002 (of the protocol)
        """As many as the row asks for."""
        running = self.row is not None and Guard.NOTICE_RUNNING in self.row.guards
        return 0 if running else _MANY
