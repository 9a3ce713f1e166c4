"""Transfers of free units (过户): one, many at once; and the count of one position."""

from services.register.names import LIAISON
from services.register.rules.acts import RecountPosition, TransferBatch, TransferUnits
from services.register.rules.checks import counted, recounted
from services.register.rules.moves import move
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Reason, State

__all__ = ["recount", "transfer", "transfer_batch"]


def transfer(turn: Turn, act: TransferUnits) -> None:
    """By agreement, or because of death, divorce, merger or a court, whose liaison signs."""
    turn.agree()
    _require_court(turn, act.reason)
    _transfer(turn, act)


def transfer_batch(turn: Turn, act: TransferBatch) -> None:
    """All or none, each as if it stood alone."""
    turn.agree()
    if len({len(act.giver), len(act.taker), len(act.units)}) != 1:
        raise Refused("RegisterLengths")
    _require_court(turn, act.reason)
    for giver, taker, units in zip(act.giver, act.taker, act.units, strict=True):
        _transfer(turn, TransferUnits(act.security, giver, taker, units, act.reason))


def recount(turn: Turn, act: RecountPosition) -> None:
    """What look-through found counts from now on, whatever the cap."""
    turn.agree()
    security = turn.security(act.security, State.REGISTERING, State.CUSTODIED, State.SUSPENDED, State.EXITED)
    before = turn.position(act.security, act.investor)
    after = before.grown(0, turn.known(act.investor).addend)
    count = counted(security.count, (before, after))
    recounted(turn, act.security, count, bound=False)
    turn.put(act.security, act.investor, after)
    turn.tell("Recounted", security=act.security, investor=act.investor, count=count)


def _transfer(turn: Turn, act: TransferUnits) -> None:
    move(turn, act)
    turn.tell("Transferred", security=act.security, units=act.units, reason=act.reason)


def _require_court(turn: Turn, reason: Reason) -> None:
    """A court acts through its liaison; a pledge is enforced in another way."""
    if reason is Reason.ENFORCEMENT:
        raise Refused("RegisterReason", reason=reason)
    if reason is Reason.JUDICIAL:
        turn.need(LIAISON)
