"""What a measurement is, and how times are taken."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Figure:
    """One measured figure. ``baseline`` names what it is compared with in the same run, ``ratio`` is to that.

    ``target`` is what the figure must not exceed (``at_most``) or fall below.
    """

    name: str
    value: Decimal
    unit: str
    baseline: str | None = None
    ratio: Decimal | None = None
    target: Decimal | None = None
    at_most: bool = True

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target


def median_ms(action: Callable[[], object], *, rounds: int = 50, warm: int = 3) -> Decimal:
    """Median duration of one call in milliseconds, after ``warm`` unmeasured ones."""
    for _ in range(warm):
        action()
    times = []
    for _ in range(rounds):
        began = time.perf_counter_ns()
        action()
        times.append(time.perf_counter_ns() - began)
    return _rounded(Decimal(int(statistics.median(times))) / 1_000_000)


def per_second(action: Callable[[], object], *, seconds: float = 2.0) -> Decimal:
    """How often ``action`` can be called in a second, one after the other."""
    action()
    count, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        action()
        count += 1
    return _rounded(Decimal(count) / Decimal(str(time.perf_counter() - began)))


def compared(figure: Figure, with_: Figure) -> Figure:
    """The same figure with its ratio to a baseline of the same run."""
    ratio = _rounded(figure.value / with_.value) if with_.value else None
    return Figure(figure.name, figure.value, figure.unit, with_.name, ratio, figure.target, figure.at_most)


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(Decimal("0.001"))
