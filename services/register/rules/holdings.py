"""Acts on many positions at once (公司行为): confirmation, bonus units, cancellation."""

from dataclasses import replace

from services.register.names import CHECKER
from services.register.rules.acts import CancelUnits, ConfirmPositions, PayBonus
from services.register.rules.burdens import freed, lien_of, put_lien, put_lots, swept
from services.register.rules.checks import counted
from services.register.rules.lots import Lot, encumbered
from services.register.rules.officers import held_back
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import UNITS_MAX, Bonus, Id, State

__all__ = ["bonus", "cancel", "confirm"]


def confirm(turn: Turn, act: ConfirmPositions) -> None:
    """Only the first registration leaves it open; each position changes."""
    turn.agree()
    security = turn.live(act.security)
    if not act.confirmed and security.state is not State.REGISTERING:
        raise Refused("RegisterState", security=act.security, state=security.state)
    for investor in act.investors:
        turn.known(investor)
        position = turn.position(act.security, investor)
        if position.unconfirmed is not act.confirmed:
            raise Refused("RegisterConfirmed", investor=investor, confirmed=act.confirmed)
        turn.put(act.security, investor, replace(position, unconfirmed=not act.confirmed).touched())
    turn.tell("Confirmed", security=act.security, holders=len(act.investors), confirmed=act.confirmed)


def bonus(turn: Turn, act: PayBonus) -> None:
    """Fractions are dropped, for the free units and for each lot, whose liens cover the new units too (民法典 430)."""
    turn.agree()
    security = turn.security(act.security, State.CUSTODIED, State.SUSPENDED)
    if not any(act.action) or act.numerator == 0 or act.denominator == 0:
        raise Refused("RegisterZero")
    _gone_on(turn, act)
    total = sum(_paid(turn, (act.security, investor), act) for investor in act.investors)
    issued = security.issued + total
    if issued > UNITS_MAX:
        raise Refused("SecurityOverflow")
    turn.securities[act.security] = replace(security, issued=issued)
    turn.tell("BonusPaid", security=act.security, action=act.action, units=total, issued=issued)


def cancel(turn: Turn, act: CancelUnits) -> None:
    """Free units only; a checker signs in every market."""
    turn.need(CHECKER)
    if len(act.investors) != len(act.units):
        raise Refused("RegisterLengths")
    security = turn.security(act.security, State.CUSTODIED, State.SUSPENDED)
    count = security.count
    for investor, units in zip(act.investors, act.units, strict=True):
        if units == 0:
            raise Refused("RegisterZero")
        key = act.security, investor
        before = turn.position(*key)
        held = held_back(turn, key, before) if before.officer else before
        after = freed(turn, key, held, units).shrunk(units)
        count = counted(count, (before, after))
        turn.put(*key, after)
    issued = security.issued - sum(act.units)
    turn.securities[act.security] = replace(security, count=count, issued=issued)
    turn.tell("Cancelled", security=act.security, units=sum(act.units), issued=issued)


def _gone_on(turn: Turn, act: PayBonus) -> None:
    """Notes how far the bonus has come: it meets each investor once, in ascending order, over all its calls."""
    before = turn.bonuses.get((act.security, act.action), Bonus(act.numerator, act.denominator, bytes(16)))
    if (before.numerator, before.denominator) != (act.numerator, act.denominator):
        raise Refused("RegisterRatio", numerator=before.numerator, denominator=before.denominator)
    last = before.last
    for investor in act.investors:
        if investor <= last:
            raise Refused("RegisterOrder", investor=investor, last=last)
        last = investor
    turn.bonuses[act.security, act.action] = replace(before, last=last)


def _paid(turn: Turn, key: tuple[Id, Id], act: PayBonus) -> int:
    """One position's new units."""
    position, before = turn.position(*key), turn.lots.get(key, ())
    lots = swept(turn, key)
    gained = (position.units - encumbered(lots)) * act.numerator // act.denominator
    grown: list[Lot] = []
    for lot in lots:
        fruits = lot.units * act.numerator // act.denominator
        gained += fruits
        grown.append(replace(lot, units=lot.units + fruits))
        for number in lot.liens if fruits else ():
            lien = lien_of(turn, key[0], number)
            put_lien(turn, key[0], number, replace(lien, units=lien.units + fruits))
    if gained == 0 and lots == before:
        return 0
    if position.officer:
        position = held_back(turn, key, position)
    if before:
        position = put_lots(turn, key, position, grown)
    turn.put(*key, position.grown(gained, position.addend))
    return gained
