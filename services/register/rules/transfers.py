"""Units go from one holder to another (过户): by agreement, or because of death, divorce, merger or a court."""

from services.register.names import LIAISON
from services.register.rules.acts import RecountPosition, TransferUnits
from services.register.rules.checks import counted, recounted, require_fit, require_interval
from services.register.rules.positions import Position
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Reason, Security, State

__all__ = ["recount", "transfer"]

_ALL_BUT_NONE = (State.REGISTERING, State.CUSTODIED, State.SUSPENDED, State.EXITED)


def transfer(turn: Turn, act: TransferUnits) -> None:
    """Free units only; the court's reason needs its liaison."""
    turn.agree()
    if act.reason is Reason.JUDICIAL:
        turn.need(LIAISON)
    patient = () if act.reason.voluntary else (State.SUSPENDED,)
    security = turn.security(act.security, State.CUSTODIED, *patient)
    if act.units == 0:
        raise Refused("RegisterZero")
    if act.giver == act.taker:
        raise Refused("RegisterSelf", investor=act.giver)
    addend = turn.known(act.taker).addend
    giver, taker = _dealt(turn, act, security)
    if act.units > giver.free:
        raise Refused("RegisterUnits", wanted=act.units, free=giver.free)
    left, right = giver.shrunk(act.units), taker.grown(act.units, addend)
    count = counted(security.count, (giver, left), (taker, right))
    recounted(turn, act.security, count, bound=act.reason.voluntary and not taker.units)
    turn.put(act.security, act.giver, left)
    turn.put(act.security, act.taker, right)
    turn.tell("Transferred", security=act.security, units=act.units, reason=act.reason)


def recount(turn: Turn, act: RecountPosition) -> None:
    """What look-through found counts from now on, whatever the cap."""
    turn.agree()
    security = turn.security(act.security, *_ALL_BUT_NONE)
    before = turn.position(act.security, act.investor)
    after = before.grown(0, turn.known(act.investor).addend)
    count = counted(security.count, (before, after))
    recounted(turn, act.security, count, bound=False)
    turn.put(act.security, act.investor, after)
    turn.tell("Recounted", security=act.security, investor=act.investor, count=count)


def _dealt(turn: Turn, act: TransferUnits, security: Security) -> tuple[Position, Position]:
    """Giver and taker with the sale and the purchase of today, which the rules of agreed acts allow."""
    giver, taker = turn.position(act.security, act.giver), turn.position(act.security, act.taker)
    if act.reason is not Reason.AGREED:
        return giver, taker
    today = turn.trading_day()
    require_fit(turn, security, act.taker)
    require_interval(security, act.giver, opposite=giver.last_buy, trading_day=today)
    require_interval(security, act.taker, opposite=taker.last_sell, trading_day=today)
    return giver.sold(today), taker.bought(today)
