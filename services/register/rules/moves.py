"""A move of free units from one holder to another, which every transfer ends in: its checks, in their order."""

from services.register.rules.acts import TransferUnits
from services.register.rules.burdens import freed
from services.register.rules.checks import counted, recounted, require_fit, require_interval
from services.register.rules.officers import held_back
from services.register.rules.positions import Position
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Reason, Security, State

__all__ = ["move"]

_DEALS = (Reason.AGREED, Reason.ENFORCEMENT)


def move(turn: Turn, act: TransferUnits) -> None:
    """Heirs and courts are not kept waiting by a suspension; agreement and gift keep the cap."""
    patient = () if act.reason.voluntary else (State.SUSPENDED,)
    security = turn.security(act.security, State.CUSTODIED, *patient)
    if act.units == 0:
        raise Refused("RegisterZero")
    if act.giver == act.taker:
        raise Refused("RegisterSelf", investor=act.giver)
    addend = turn.known(act.taker).addend
    giver, taker = _dealt(turn, act, security)
    giver, taker = _restricted(turn, act, giver, taker)
    giver = freed(turn, (act.security, act.giver), giver, act.units)
    left, right = giver.shrunk(act.units), taker.grown(act.units, addend)
    count = counted(security.count, (giver, left), (taker, right))
    recounted(turn, act.security, count, bound=act.reason.voluntary and not taker.units)
    turn.put(act.security, act.giver, left)
    turn.put(act.security, act.taker, right)


def _dealt(turn: Turn, act: TransferUnits, security: Security) -> tuple[Position, Position]:
    """Giver and taker with the sale and the purchase of today, which the rules of agreed acts allow.

    Who loses what was pledged does not sell; who gets it buys.
    """
    giver, taker = turn.position(act.security, act.giver), turn.position(act.security, act.taker)
    if act.reason not in _DEALS:
        return giver, taker
    today = turn.trading_day()
    require_fit(turn, security, act.taker)
    if act.reason is Reason.AGREED:
        require_interval(security, act.giver, opposite=giver.last_buy, trading_day=today)
        giver = giver.sold(today)
    require_interval(security, act.taker, opposite=taker.last_sell, trading_day=today)
    return giver, taker.bought(today)


def _restricted(turn: Turn, act: TransferUnits, giver: Position, taker: Position) -> tuple[Position, Position]:
    """Nobody deals in units that are not confirmed to be his; an officer keeps the lock-up."""
    if giver.unconfirmed and act.reason in {Reason.AGREED, Reason.GIFT}:
        raise Refused("RegisterUnconfirmed", investor=act.giver)
    if giver.officer:
        giver = held_back(turn, (act.security, act.giver), giver, act.units if act.reason.voluntary else 0)
    if taker.officer:
        taker = held_back(turn, (act.security, act.taker), taker)
    return giver, taker
