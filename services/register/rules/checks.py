"""What agreed acts (协议转让、认购) are held to: who may buy, how soon after the opposite act, how many may hold."""

from dataclasses import replace

from services.register.rules.positions import Position
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Id, Security

__all__ = ["counted", "recounted", "require_day", "require_fit", "require_interval"]


def require_fit(turn: Turn, security: Security, taker: Id) -> None:
    """The kind is permitted, and suitability has not ended before today (REM-06)."""
    investor, kinds = turn.known(taker), security.terms.kinds
    if not kinds >> investor.kind & 1:
        raise Refused("RegisterKind", investor=taker, kind=investor.kind, kinds=kinds)
    if investor.suitable_until < turn.today:
        raise Refused("RegisterUnsuitable", investor=taker, until=investor.suitable_until, today=turn.today)


def require_interval(security: Security, investor: Id, *, opposite: int, trading_day: int) -> None:
    """The opposite act, if there was one (0: none), is so many trading days away (REM-10)."""
    elapsed, interval = trading_day - opposite, security.terms.interval
    if opposite and elapsed < interval:
        raise Refused("RegisterInterval", investor=investor, elapsed=elapsed, interval=interval)


def counted(count: int, *changes: tuple[Position, Position]) -> int:
    """A count, after positions changed so: each before and after."""
    return count + sum(after.weight - before.weight for before, after in changes)


def recounted(turn: Turn, name: Id, count: int, *, bound: bool) -> None:
    """The security has this count from now on. Beyond the cap: refused where the cap binds, else told (REM-04)."""
    security = turn.securities[name]
    if count > max(security.terms.cap, security.count):
        if bound:
            raise Refused("RegisterCap", count=count, cap=security.terms.cap)
        turn.tell("CapExceeded", security=name, count=count, cap=security.terms.cap)
    turn.securities[name] = replace(security, count=count)


def require_day(day: int, first: int, last: int) -> None:
    """A day within the first and the last one that the act admits."""
    if not first <= day <= last:
        raise Refused("RegisterTerm", day=day, first=first, last=last)
