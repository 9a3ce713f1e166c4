"""Officers (董监高): a quarter of the year's units may go at their will, none for six months after leaving (REM-22)."""

from dataclasses import replace

from services.days import add_months, on
from services.register.names import CHECKER
from services.register.rules.acts import SetOfficer
from services.register.rules.checks import require_day
from services.register.rules.positions import Position
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Id, Lockup

__all__ = ["held_back", "set_officer"]

_LEAVE_MONTHS = 6
_QUARTER = 4


def set_officer(turn: Turn, act: SetOfficer) -> None:
    """Somebody serves, or left on a day; the second, and any change of the first, a checker confirms."""
    turn.agree()
    turn.live(act.security)
    turn.known(act.investor)
    require_day(act.left_on, *((0, 0) if act.serving else (1, turn.today)))
    key = act.security, act.investor
    position = turn.position(*key)
    if not act.serving or position.officer:
        turn.need(CHECKER)
    until = 0 if act.serving else add_months(act.left_on, _LEAVE_MONTHS)
    fresh = Lockup(position.units, 0, on(turn.today).year)
    lockup = turn.lockups.get(key, Lockup()) if position.officer else fresh
    _put(turn, key, replace(lockup, locked_until=until))
    turn.put(*key, replace(position, officer=True).touched())
    turn.tell("OfficerSet", security=act.security, investor=act.investor, serving=act.serving, until=until)


def held_back(turn: Turn, key: tuple[Id, Id], position: Position, parted: int = 0) -> Position:
    """An officer's position before it changes, of its own will by `parted` units: a new year begins with what it has.

    When the time after leaving is over, the position is an officer's no more.
    """
    before = turn.lockups.get(key, Lockup())
    if before.locked_until and before.locked_until < turn.today:
        _put(turn, key, Lockup())
        return replace(position, officer=False)
    year = on(turn.today).year
    lockup = before if before.year == year else Lockup(position.units, 0, year, before.locked_until)
    left = 0 if lockup.locked_until else lockup.base // _QUARTER - lockup.sold
    if parted > left:
        raise Refused("RegisterLockup", investor=key[1], wanted=parted, left=left)
    lockup = replace(lockup, sold=lockup.sold + parted)
    if lockup != before:
        _put(turn, key, lockup)
    return position


def _put(turn: Turn, key: tuple[Id, Id], lockup: Lockup) -> None:
    turn.lockups[key] = lockup
    turn.tell("LockupChanged", security=key[0], investor=key[1], lockup=lockup.word)
