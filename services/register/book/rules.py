"""What follows from positions, lots and liens (纯规则): words taken apart, what is over, which bucket units are in."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from services.register.rules.days import day_of

__all__ = [
    "FREEZE",
    "LOCK",
    "PLEDGE",
    "Buckets",
    "Burden",
    "Lot",
    "buckets",
    "is_near",
    "lien_of",
    "lots_of",
    "words_of",
]


class LienKind(IntEnum):
    """What a lien is: 质押、司法冻结、限售或锁定."""

    PLEDGE = 1
    FREEZE = 2
    LOCK = 3


PLEDGE, FREEZE, LOCK = LienKind
_UNITS = (1 << 80) - 1
_PLACES = 11
_NEAR = (9, 10)
"""180 of 200: from what part of the cap on the regulator is told."""


@dataclass(frozen=True, slots=True)
class Lot:
    """Encumbered units that the same liens hold; ``liens``: their numbers by legal rank."""

    units: int
    liens: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Burden:
    """A lien as it counts: ``kind``, the units it covers, its last day (0: none)."""

    kind: int
    units: int
    until: int

    def lapsed(self, day: int) -> bool:
        """Whether its term is over on a day in Shanghai: then it hinders nothing, whatever the chain still says."""
        return bool(self.units) and 0 < self.until < day

    def binds(self, day: int) -> bool:
        """Whether it holds units on a day."""
        return bool(self.units) and not self.lapsed(day)


class Buckets(NamedTuple):
    """Where the units of a position are: each unit in one (可用、质押、冻结、限售)."""

    available: int
    pledged: int
    frozen: int
    locked: int


def buckets(units: int, lots: Collection[Lot], liens: Mapping[int, Burden], at_s: int) -> Buckets:
    """Frozen beats pledged beats locked beats available; a lapsed lien counts no more. ``at_s``: Unix seconds."""
    if not lots:
        return Buckets(units, 0, 0, 0)
    day, in_kind = day_of(at_s), {PLEDGE: 0, FREEZE: 0, LOCK: 0}
    for lot in lots:
        kinds = {liens[number].kind for number in lot.liens if number in liens and liens[number].binds(day)}
        kind = next((each for each in (FREEZE, PLEDGE, LOCK) if each in kinds), None)
        if kind is not None:
            in_kind[kind] += lot.units
    return Buckets(units - sum(in_kind.values()), in_kind[PLEDGE], in_kind[FREEZE], in_kind[LOCK])


def lots_of(words: Sequence[int]) -> list[tuple[str, list[int]]]:
    """Lots as rows hold them: (units as text, numbers of liens by rank) each. The word: docs/spec/register.md."""
    return [(str(word & _UNITS), list(_numbers(word >> 80))) for word in words]


def words_of(stored: Iterable[Sequence[object]]) -> list[Lot]:
    """The lots of a row."""
    return [Lot(int(str(units)), tuple(liens)) for units, liens in stored if isinstance(liens, list | tuple)]


def lien_of(word: int) -> tuple[int, int]:
    """(units still covered, last day) of a lien's first word."""
    return word >> 72 & _UNITS, word >> 48 & 0xFFFFFF


def is_near(count: int, cap: int) -> bool:
    """Whether so many holders are nine tenths of the cap, or more."""
    part, whole = _NEAR
    return count * whole >= cap * part


def _numbers(rest: int) -> Iterable[int]:
    for place in range(_PLACES):
        number = rest >> 16 * place & 0xFFFF
        if not number:
            return
        yield number
