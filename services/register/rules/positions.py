"""A position (持仓): what one investor holds of one security, and the word that `PositionChanged` carries of it."""

from dataclasses import dataclass, replace

__all__ = ["Position"]


@dataclass(frozen=True, slots=True)
class Position:
    """`encumbered`: units in lots; `last_buy`, `last_sell`: trading-day numbers, 0: none; `seq`: changes so far.

    `addend`: what the holder's was when the position was last counted; `officer`: 董监高; `unconfirmed`: 未确权;
    `lots`: how many there are.
    """

    units: int = 0
    encumbered: int = 0
    last_buy: int = 0
    last_sell: int = 0
    seq: int = 0
    addend: int = 0
    officer: bool = False
    unconfirmed: bool = False
    lots: int = 0

    @property
    def free(self) -> int:
        """Units that no lot holds."""
        return self.units - self.encumbered

    @property
    def weight(self) -> int:
        """For how many holders the position counts."""
        return 1 + self.addend if self.units else 0

    @property
    def word(self) -> int:
        """The position as one word of 256 bits (docs/spec/register.md)."""
        return (
            self.units
            | self.encumbered << 80
            | self.last_buy << 160
            | self.last_sell << 176
            | self.seq << 192
            | self.addend << 224
            | self.officer << 240
            | self.unconfirmed << 241
            | self.lots << 242
        )

    @classmethod
    def of(cls, word: int) -> "Position":
        """The position of a word."""
        return cls(
            units=word & (1 << 80) - 1,
            encumbered=word >> 80 & (1 << 80) - 1,
            last_buy=word >> 160 & 0xFFFF,
            last_sell=word >> 176 & 0xFFFF,
            seq=word >> 192 & 0xFFFFFFFF,
            addend=word >> 224 & 0xFFFF,
            officer=bool(word >> 240 & 1),
            unconfirmed=bool(word >> 241 & 1),
            lots=word >> 242 & 0x3F,
        )

    def grown(self, units: int, addend: int) -> "Position":
        """One more change: with so many more units, counted with its holder's addend."""
        return replace(self, units=self.units + units, addend=addend, seq=self.seq + 1)

    def shrunk(self, units: int) -> "Position":
        """One more change: with so many units less."""
        return replace(self, units=self.units - units, seq=self.seq + 1)

    def touched(self) -> "Position":
        """One more change."""
        return replace(self, seq=self.seq + 1)

    def bought(self, trading_day: int) -> "Position":
        """With a purchase on this trading day."""
        return replace(self, last_buy=trading_day)

    def sold(self, trading_day: int) -> "Position":
        """With a sale on this trading day."""
        return replace(self, last_sell=trading_day)
