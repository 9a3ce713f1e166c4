"""Acts by which liens come and go (质押登记、冻结、锁定及其解除): opening, release, revocation, another term, lapse."""

from dataclasses import replace

from services.days import add_months
from services.register.names import CHECKER, LIAISON, REGULATOR
from services.register.rules.acts import ExtendLien, OpenLien, ReleaseLien, RevokePledge, SweepPosition
from services.register.rules.burdens import covered_lots, less, lien_of, put_lien, put_lots, swept
from services.register.rules.checks import require_day
from services.register.rules.days import day_of
from services.register.rules.liens import Lien
from services.register.rules.lots import Lot, covered, encumbered, worked
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import NOBODY, Id, LienKind, State

__all__ = ["consent", "encumber", "extend", "release", "require_pledge", "revoke", "sweep"]

_TERM_MONTHS = 36
_DAY_MAX = 2**24 - 1
_NUMBER_MAX = 2**16 - 1


def encumber(turn: Turn, act: OpenLien) -> None:
    """A pledge takes free units; a freeze and a lock free ones first, then those with the fewest liens, the newest."""
    turn.agree()
    security = turn.live(act.security)
    lien = _opened(turn, act, first=security.state is State.REGISTERING)
    number = security.liens + 1
    if number > _NUMBER_MAX:
        raise Refused("SecurityOverflow")
    turn.securities[act.security] = replace(security, liens=number)
    if _bound(turn, act, number, lien):
        turn.need(LIAISON)
    turn.tell(
        "LienOpened",
        security=act.security,
        investor=act.investor,
        number=number,
        kind=lien.kind,
        units=lien.units,
        since=lien.since,
        until=lien.until,
        secured=lien.secured,
    )


def release(turn: Turn, act: ReleaseLien) -> None:
    """With the consent of the pledgee, of the court, or for a lock of a checker."""
    turn.agree()
    turn.live(act.security)
    consent(turn, act.security, act.number)
    _released(turn, act)
    turn.tell("Released", security=act.security, investor=act.investor, number=act.number, units=act.units)


def revoke(turn: Turn, act: RevokePledge) -> None:
    """Without the pledgee: by a document that has the force of law, which a checker and the regulator have seen."""
    turn.need(CHECKER)
    turn.need(REGULATOR)
    turn.live(act.security)
    require_pledge(turn, act.security, act.number)
    _released(turn, act)
    turn.tell("PledgeRevoked", security=act.security, investor=act.investor, number=act.number, units=act.units)


def extend(turn: Turn, act: ExtendLien) -> None:
    """Later for three years at most each time; earlier with the consent that a release needs."""
    turn.agree()
    turn.live(act.security)
    lien = turn.liens.get((act.security, act.number))
    if lien is None or lien.units == 0 or lien.is_over(turn.today):
        raise Refused("RegisterLien", number=act.number)
    if lien.kind is LienKind.PLEDGE:
        raise Refused("RegisterLienKind", number=act.number, kind=lien.kind)
    if lien.kind is LienKind.FREEZE:
        require_day(act.until, turn.today, add_months(lien.until, _TERM_MONTHS))
    elif act.until:
        require_day(act.until, turn.today, _DAY_MAX)
    if act.until and (lien.until == 0 or act.until < lien.until):
        consent(turn, act.security, act.number)
    put_lien(turn, act.security, act.number, replace(lien, until=act.until))
    turn.tell("LienExtended", security=act.security, number=act.number, before=lien.until, until=act.until)


def sweep(turn: Turn, act: SweepPosition) -> None:
    """Nothing happens where nothing is over."""
    key = act.security, act.investor
    before = turn.lots.get(key, ())
    lots = swept(turn, key)
    if lots != before:
        turn.put(*key, put_lots(turn, key, turn.position(*key), lots).touched())


def consent(turn: Turn, security: Id, number: int) -> Lien:
    """Whoever must agree that the lien ends has signed; gives the lien."""
    lien = lien_of(turn, security, number)
    if lien.kind is LienKind.PLEDGE:
        turn.consent(lien.secured)
    else:
        turn.need(LIAISON if lien.kind is LienKind.FREEZE else CHECKER)
    return lien


def require_pledge(turn: Turn, security: Id, number: int) -> None:
    """The lien is a pledge."""
    lien = lien_of(turn, security, number)
    if lien.kind is not LienKind.PLEDGE:
        raise Refused("RegisterLienKind", number=number, kind=lien.kind)


# --- opening


def _opened(turn: Turn, act: OpenLien, *, first: bool) -> Lien:
    """The lien as it may be opened. The first registration takes over what was registered elsewhere before."""
    if act.units == 0 or act.lien is LienKind.NONE:
        raise Refused("RegisterZero")
    pledge, freeze, now = act.lien is LienKind.PLEDGE, act.lien is LienKind.FREEZE, turn.at.time
    if pledge != (act.secured != NOBODY):
        raise Refused("RegisterSecured", secured=act.secured)
    earliest, latest = int(freeze), now if freeze or first else 0
    if not earliest <= act.since <= latest:
        raise Refused("RegisterSince", since=act.since, first=earliest, last=latest)
    since = act.since or now
    if freeze:
        begin = turn.today if first else day_of(since)
        require_day(act.until, turn.today, add_months(begin, _TERM_MONTHS))
    elif act.until:
        require_day(act.until, turn.today, 0 if pledge else _DAY_MAX)
    if pledge and not first and turn.position(act.security, act.investor).unconfirmed:
        raise Refused("RegisterUnconfirmed", investor=act.investor)
    return Lien(act.lien, since, act.until, act.units, act.secured)


def _bound(turn: Turn, act: OpenLien, number: int, lien: Lien) -> bool:
    """Puts the units under the lien; whether it came before a pledge or freeze that was there."""
    key = act.security, act.investor
    position, lots = turn.position(*key), swept(turn, key)
    free = position.units - encumbered(lots)
    available = free if lien.kind is LienKind.PLEDGE else position.units
    if lien.units > available:
        raise Refused("RegisterUnits", wanted=lien.units, free=available)
    ahead = False

    def cover(lot: Lot) -> Lot:
        nonlocal ahead
        others = [lien_of(turn, act.security, one) for one in lot.liens]
        place = next((at for at, other in enumerate(others) if lien.is_before(other)), len(others))
        ahead = ahead or any(other.kind is not LienKind.LOCK for other in others[place:])
        return lot.under(number, place)

    new = Lot(min(free, lien.units), (number,))
    fewest = worked((*lots, new), lien.units - new.units, key=lambda lot: _depth(lot, number), work=cover)
    turn.liens[act.security, number] = lien
    turn.put(*key, put_lots(turn, key, position, fewest).touched())
    return ahead


def _depth(lot: Lot, number: int) -> int | None:
    """How many liens a lot has that does not have this one."""
    return len(lot.liens) if lot.liens and number not in lot.liens else None


# --- ending


def _released(turn: Turn, act: ReleaseLien | RevokePledge) -> None:
    if act.units == 0:
        raise Refused("RegisterZero")
    key = act.security, act.investor
    position, lots = turn.position(*key), covered_lots(turn, key, act.number)
    if act.units > covered(lots, act.number):
        raise Refused("RegisterUnits", wanted=act.units, free=covered(lots, act.number))
    less(turn, act.security, act.number, act.units)
    rest = worked(
        lots,
        act.units,
        key=lambda lot: len(lot.liens) if act.number in lot.liens else None,
        work=lambda lot: lot.without(act.number),
    )
    turn.put(*key, put_lots(turn, key, position, rest).touched())
