"""Lots of encumbered units (权利负担): so many units, and the numbers of all liens on them in the order of their rank.

No two lots of a position have the same liens. What is done to a part of a lot splits it: the rest stays where it was,
the part goes behind the others.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from services.register.rules.refusal import Refused

__all__ = ["MOST_LIENS", "MOST_LOTS", "Lot", "covered", "encumbered", "merged", "worked"]

MOST_LIENS, MOST_LOTS = 11, 63
"""On a lot, in a position."""


@dataclass(frozen=True, slots=True)
class Lot:
    """`liens`: their numbers, the first in rank first."""

    units: int
    liens: tuple[int, ...]

    @property
    def word(self) -> int:
        """The lot as one word of 256 bits (docs/spec/register.md)."""
        return self.units | self.stack << 80

    @property
    def stack(self) -> int:
        """The numbers of the liens, 16 bits each: what tells a position's lots apart."""
        return sum(number << 16 * place for place, number in enumerate(self.liens))

    @classmethod
    def of(cls, word: int) -> "Lot":
        """The lot of a word."""
        numbers = (word >> 80 + 16 * place & 0xFFFF for place in range(MOST_LIENS))
        return cls(word & (1 << 80) - 1, tuple(number for number in numbers if number))

    def under(self, number: int, place: int) -> "Lot":
        """With one more lien, in a place up to the last."""
        if len(self.liens) == MOST_LIENS:
            raise Refused("RegisterLots")
        return replace(self, liens=(*self.liens[:place], number, *self.liens[place:]))

    def without(self, *numbers: int) -> "Lot":
        """Without these liens; those behind move up."""
        return replace(self, liens=tuple(one for one in self.liens if one not in numbers))


def encumbered(lots: Iterable[Lot]) -> int:
    """Units of all lots."""
    return sum(lot.units for lot in lots)


def covered(lots: Iterable[Lot], number: int) -> int:
    """Units of the lots that have a lien."""
    return sum(lot.units for lot in lots if number in lot.liens)


def merged(lots: Iterable[Lot]) -> tuple[Lot, ...]:
    """Those without units or liens left out, those with the same liens as one in the place of the oldest."""
    units: dict[tuple[int, ...], int] = {}
    for lot in lots:
        if lot.units and lot.liens:
            units[lot.liens] = units.get(lot.liens, 0) + lot.units
    return tuple(Lot(size, liens) for liens, size in units.items())


def worked(
    lots: Sequence[Lot], units: int, *, key: Callable[[Lot], int | None], work: Callable[[Lot], Lot | None]
) -> tuple[Lot, ...]:
    """The lots after `work` on so many units of those that have a key: the lowest first, of several the newest.

    What `work` makes of a whole lot takes its place; of a part, it goes behind; None is gone. There must be as many.
    """
    found = list(lots)
    ranked = [(rank, -place) for place, lot in enumerate(lots) if (rank := key(lot)) is not None]
    for _, place in sorted(ranked):
        whole = found[-place]
        size = min(units, whole.units)
        if size == 0:
            break
        done = work(replace(whole, units=size)) or Lot(0, ())
        if size == whole.units:
            found[-place] = done
        else:
            found[-place] = replace(whole, units=whole.units - size)
            found.append(done)
        units -= size
    return tuple(found)
