"""What the context shows: values without a session behind them."""

from dataclasses import dataclass

from services.calendar.rules import Difference, Year

__all__ = ["ClosureView", "Comparison", "Counted", "YearView"]


@dataclass(frozen=True, slots=True)
class YearView:
    """A year of a region: `pending`, `published` or `refused`; by whom it was said, and in which document."""

    chain: str
    region: int
    year: Year
    state: str
    source: str
    document: str
    operation_id: str | None
    record_id: str | None
    created_at: int
    decided_at: int | None


@dataclass(frozen=True, slots=True)
class ClosureView:
    """Days closed: as working and trading days, or (not `working`) as trading days only."""

    days: tuple[int, ...]
    working: bool
    reason: str
    document: str
    state: str
    record_id: str


@dataclass(frozen=True, slots=True)
class Counted:
    """Days in (since, until] by the projection and by the contract; None where a year is not known."""

    working: int | None
    trading: int | None
    chain_working: int | None
    chain_trading: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A year on the chain against what was announced and against the projection.

    `chain_knows` is false for a year that is not published; `announced_by` None when nobody here knows the year.
    Days that were closed later are no difference to the announcement.
    """

    chain: str
    region: int
    year: int
    chain_knows: bool
    announced_by: str | None
    against_announced: tuple[Difference, ...]
    against_projection: tuple[Difference, ...]

    @property
    def agrees(self) -> bool:
        """Whether the chain knows the year and nothing contradicts it."""
        return self.chain_knows and not self.against_announced and not self.against_projection
