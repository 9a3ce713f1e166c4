"""Encumbered units change hands: sold for a lien (实现质权、司法处置), with a pledgee's consent, with an estate."""

from dataclasses import replace

from services.register.names import LIAISON
from services.register.rules.acts import EnforceLien, TransferEstate, TransferPledged, TransferUnits
from services.register.rules.burdens import covered_lots, end_all, lien_of, put_lots, swept
from services.register.rules.encumbering import consent, require_pledge
from services.register.rules.lots import Lot, covered, worked
from services.register.rules.moves import move
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import LienKind, Reason

__all__ = ["enforce", "transfer_estate", "transfer_pledged"]

_ESTATES = (Reason.INHERITANCE, Reason.DIVISION, Reason.SUCCESSION)


def enforce(turn: Turn, act: EnforceLien) -> None:
    """The lien's creditor takes first where it ranks first; the court is asked where it froze what a pledgee sells."""
    turn.agree()
    kind = consent(turn, act.security, act.number).kind
    if kind is LienKind.LOCK:
        raise Refused("RegisterLienKind", number=act.number, kind=kind)
    frozen = _sold(turn, act, pledge=kind is LienKind.PLEDGE)
    if kind is LienKind.PLEDGE and frozen:
        turn.need(LIAISON)
    reason = Reason.ENFORCEMENT if kind is LienKind.PLEDGE else Reason.JUDICIAL
    move(turn, TransferUnits(act.security, act.giver, act.taker, act.units, reason))
    turn.tell("Enforced", security=act.security, number=act.number, units=act.units, reason=reason)


def transfer_pledged(turn: Turn, act: TransferPledged) -> None:
    """Units on which nothing but this pledge lies; it ends on them (民法典 443)."""
    turn.agree()
    if act.reason not in {Reason.AGREED, Reason.GIFT}:
        raise Refused("RegisterReason", reason=act.reason)
    require_pledge(turn, act.security, act.number)
    consent(turn, act.security, act.number)
    key = act.security, act.giver
    lots = covered_lots(turn, key, act.number)
    alone = sum(lot.units for lot in lots if lot.liens == (act.number,))
    if alone == 0 or act.units > alone:
        raise Refused("RegisterUnits", wanted=act.units, free=alone)
    lot = Lot(alone, (act.number,))
    end_all(turn, act.security, replace(lot, units=act.units))
    turn.positions[key] = put_lots(turn, key, turn.position(*key), _without(lots, lot, act.units))
    move(turn, TransferUnits(act.security, act.giver, act.taker, act.units, act.reason))
    turn.tell("PledgedTransferred", security=act.security, number=act.number, units=act.units, reason=act.reason)


def transfer_estate(turn: Turn, act: TransferEstate) -> None:
    """To heirs and successors units go with what lies on them."""
    turn.agree()
    if act.reason not in _ESTATES:
        raise Refused("RegisterReason", reason=act.reason)
    _inherited(turn, act)
    move(turn, TransferUnits(act.security, act.giver, act.taker, act.units, act.reason))
    turn.tell("EstateTransferred", security=act.security, lot=act.lot, units=act.units, reason=act.reason)


def _sold(turn: Turn, act: EnforceLien, *, pledge: bool) -> bool:
    """Ends all liens on units that are about to be sold; whether a court had frozen some of them.

    A pledgee sells only where its pledge ranks first and no lock lies (公司法 160).
    """
    key = act.security, act.giver
    lots = covered_lots(turn, key, act.number)

    def sellable(lot: Lot) -> bool:
        if not pledge:
            return act.number in lot.liens
        kinds = [lien_of(turn, act.security, one).kind for one in lot.liens]
        return lot.liens[:1] == (act.number,) and LienKind.LOCK not in kinds

    available = covered((lot for lot in lots if sellable(lot)), act.number)
    if act.units > available:
        raise Refused("RegisterUnits", wanted=act.units, free=available)
    frozen = False

    def end(lot: Lot) -> None:
        nonlocal frozen
        frozen = frozen or any(lien_of(turn, act.security, one).kind is LienKind.FREEZE for one in lot.liens)
        end_all(turn, act.security, lot)

    rest = worked(
        lots,
        act.units,
        key=lambda lot: (lot.liens.index(act.number) << 4) + len(lot.liens) if sellable(lot) else None,
        work=end,
    )
    turn.positions[key] = put_lots(turn, key, turn.position(*key), rest)
    return frozen


def _inherited(turn: Turn, act: TransferEstate) -> None:
    """A lot's units change from the lots of one position to those of another; `move` sees to the units themselves."""
    key, heir = (act.security, act.giver), (act.security, act.taker)
    lots = swept(turn, key)
    found = next((lot for lot in lots if act.lot and lot.stack == act.lot), None)
    if found is None:
        raise Refused("RegisterLot", lot=act.lot)
    if act.units > found.units:
        raise Refused("RegisterUnits", wanted=act.units, free=found.units)
    rest = _without(lots, found, act.units)
    turn.positions[key] = put_lots(turn, key, turn.position(*key), rest)
    bequest = replace(found, units=act.units)
    turn.positions[heir] = put_lots(turn, heir, turn.position(*heir), (*swept(turn, heir), bequest))


def _without(lots: tuple[Lot, ...], lot: Lot, units: int) -> list[Lot]:
    """The lots with so many units less in one of them."""
    return [replace(one, units=one.units - units) if one == lot else one for one in lots]
