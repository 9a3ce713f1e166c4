"""Liens (权利负担): pledges, judicial freezes and locks, each under a number of its own within its security."""

from dataclasses import dataclass

from services.register.rules.values import NOBODY, LienKind

__all__ = ["Lien"]


@dataclass(frozen=True, slots=True)
class Lien:
    """`since`: Unix seconds, the rank; `until`: last day, 0: no term; `units`: covered over all positions, 0: ended.

    `secured` is the address that consents for the pledgee (质权人).
    """

    kind: LienKind
    since: int
    until: int
    units: int
    secured: str = NOBODY

    @property
    def word(self) -> int:
        """All but `secured` as one word (docs/spec/register.md)."""
        return self.kind | self.since << 8 | self.until << 48 | self.units << 72

    def is_over(self, today: int) -> bool:
        """Whether its term is over: then it hinders nothing."""
        return self.until != 0 and self.until < today

    def is_before(self, other: "Lien") -> bool:
        """Whether it ranks before one that is there already. Locks come last; who was first stays first."""
        if self.kind is LienKind.LOCK:
            return False
        return other.kind is LienKind.LOCK or self.since < other.since
