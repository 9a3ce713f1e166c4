"""Acts on investors (投资者账户): opening, suitability, and the holders behind them."""

from dataclasses import replace

from services.register.names import CHECKER, REGULATOR
from services.register.rules.acts import OpenInvestor, SetAddend, SetSuitability
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Investor, Kind

__all__ = ["open_investor", "set_addend", "set_suitability"]


def open_investor(turn: Turn, act: OpenInvestor) -> None:
    """A new pseudonym; its kind is final."""
    turn.agree()
    if not any(act.investor) or act.kind is Kind.NONE:
        raise Refused("RegisterZero")
    if act.investor in turn.investors:
        raise Refused("RegisterInvestorExists", investor=act.investor)
    turn.investors[act.investor] = Investor(act.kind, act.suitable_until, act.addend)
    turn.tell(
        "InvestorOpened",
        investor=act.investor,
        kind=act.kind,
        suitableUntil=act.suitable_until,
        addend=act.addend,
    )


def set_suitability(turn: Turn, act: SetSuitability) -> None:
    """A day that is over takes suitability away."""
    turn.agree()
    turn.investors[act.investor] = replace(turn.known(act.investor), suitable_until=act.until)
    turn.tell("SuitabilitySet", investor=act.investor, until=act.until)


def set_addend(turn: Turn, act: SetAddend) -> None:
    """Raised by the operator alone, so that what look-through finds counts; lowered by three (REM-05, REM-07)."""
    before = turn.known(act.investor)
    if act.addend < before.addend:
        turn.need(CHECKER)
        turn.need(REGULATOR)
    turn.investors[act.investor] = replace(before, addend=act.addend)
    turn.tell("AddendSet", investor=act.investor, before=before.addend, addend=act.addend)
