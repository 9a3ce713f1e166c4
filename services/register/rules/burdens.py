"""What lies on positions, at work: liens that are over leave, lots are stored with the position's sum of them."""

from collections.abc import Iterable
from dataclasses import replace

from services.register.rules.liens import Lien
from services.register.rules.lots import MOST_LOTS, Lot, covered, encumbered, merged
from services.register.rules.positions import Position
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Id

__all__ = ["covered_lots", "end_all", "freed", "less", "lien_of", "put_lien", "put_lots", "swept"]


def swept(turn: Turn, key: tuple[Id, Id]) -> tuple[Lot, ...]:
    """The lots of a position without the liens that are over, which are told; those that are free then have none."""
    return tuple(_swept(turn, key, lot) for lot in turn.lots.get(key, ()))


def _swept(turn: Turn, key: tuple[Id, Id], lot: Lot) -> Lot:
    for number in lot.liens:
        if lien_of(turn, key[0], number).is_over(turn.today):
            lot = lot.without(number)
            less(turn, key[0], number, lot.units)
            turn.tell("LienLapsed", security=key[0], investor=key[1], number=number, units=lot.units)
    return lot if lot.liens else Lot(0, ())


def covered_lots(turn: Turn, key: tuple[Id, Id], number: int) -> tuple[Lot, ...]:
    """The same, of a position some of whose units the lien covers."""
    lots = swept(turn, key)
    if not covered(lots, number):
        raise Refused("RegisterLien", number=number)
    return lots


def put_lots(turn: Turn, key: tuple[Id, Id], position: Position, lots: Iterable[Lot]) -> Position:
    """The position has these lots from now on; gives it with their sum and number, which is for the caller to put."""
    kept = merged(lots)
    if len(kept) > MOST_LOTS:
        raise Refused("RegisterLots")
    turn.lots[key] = kept
    turn.tell("LotsChanged", security=key[0], investor=key[1], lots=tuple(lot.word for lot in kept))
    return replace(position, encumbered=encumbered(kept), lots=len(kept))


def freed(turn: Turn, key: tuple[Id, Id], position: Position, wanted: int) -> Position:
    """The position with so many free units, after liens that are over have left it where that is needed."""
    if wanted > position.free:
        before = turn.lots.get(key, ())
        lots = swept(turn, key)
        if lots != before:
            position = put_lots(turn, key, position, lots)
    if wanted > position.free:
        raise Refused("RegisterUnits", wanted=wanted, free=position.free)
    return position


def lien_of(turn: Turn, security: Id, number: int) -> Lien:
    """The lien of this number, which must have been opened."""
    found = turn.liens.get((security, number))
    if found is None:
        raise Refused("RegisterLien", number=number)
    return found


def put_lien(turn: Turn, security: Id, number: int, lien: Lien) -> None:
    """The lien is so from now on, and is told."""
    turn.liens[security, number] = lien
    turn.tell("LienChanged", security=security, number=number, lien=lien.word)


def less(turn: Turn, security: Id, number: int, units: int) -> None:
    """The lien covers so many units less."""
    lien = lien_of(turn, security, number)
    put_lien(turn, security, number, replace(lien, units=lien.units - units))


def end_all(turn: Turn, security: Id, lot: Lot) -> None:
    """All liens on units that were taken from their lot end."""
    for number in lot.liens:
        less(turn, security, number, lot.units)
