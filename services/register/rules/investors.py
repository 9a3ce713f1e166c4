"""Acts on investors (投资者账户): opening, suitability, and the holders behind them."""

from dataclasses import replace

from services.register.names import CHECKER, REGULATOR
from services.register.rules.acts import OpenInvestor, OpenInvestors, SetAddend, SetSuitability
from services.register.rules.refusal import Refused
from services.register.rules.turn import Turn
from services.register.rules.values import Id, Investor, Kind

__all__ = ["open_investor", "open_investors", "set_addend", "set_suitability"]


def open_investor(turn: Turn, act: OpenInvestor) -> None:
    """A new pseudonym; its kind is final."""
    turn.agree()
    _open(turn, act.investor, Investor(act.kind, act.suitable_until, act.addend))


def open_investors(turn: Turn, act: OpenInvestors) -> None:
    """Many of them, each like one."""
    turn.agree()
    if len({len(act.investors), len(act.kinds), len(act.suitable_until), len(act.addends)}) != 1:
        raise Refused("RegisterLengths")
    for each in zip(act.investors, act.kinds, act.suitable_until, act.addends, strict=True):
        _open(turn, each[0], Investor(*each[1:]))


def _open(turn: Turn, investor: Id, details: Investor) -> None:
    if not any(investor) or details.kind is Kind.NONE:
        raise Refused("RegisterZero")
    if investor in turn.investors:
        raise Refused("RegisterInvestorExists", investor=investor)
    turn.investors[investor] = details
    turn.tell(
        "InvestorOpened",
        investor=investor,
        kind=details.kind,
        suitableUntil=details.suitable_until,
        addend=details.addend,
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
