"""The referee (裁判): every act of the register, decided by the first check that fails, in the order of the spec."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.register.rules import acts, encumbering, enforcing, holdings, investors, officers, securities, transfers
from services.register.rules.days import TradingDays
from services.register.rules.turn import At, Event, Register, Turn

__all__ = ["Outcome", "apply"]

_DECIDE: Mapping[type[acts.Act], Callable[[Turn, Any], None]] = {
    acts.OpenInvestor: investors.open_investor,
    acts.OpenInvestors: investors.open_investors,
    acts.SetSuitability: investors.set_suitability,
    acts.SetAddend: investors.set_addend,
    acts.OpenSecurity: securities.open_security,
    acts.ChangeTerms: securities.change_terms,
    acts.AdmitSecurity: securities.admit,
    acts.SetSecurityState: securities.set_state,
    acts.IssueUnits: securities.issue,
    acts.TransferUnits: transfers.transfer,
    acts.RecountPosition: transfers.recount,
    acts.TransferBatch: transfers.transfer_batch,
    acts.ConfirmPositions: holdings.confirm,
    acts.SetOfficer: officers.set_officer,
    acts.PayBonus: holdings.bonus,
    acts.CancelUnits: holdings.cancel,
    acts.OpenLien: encumbering.encumber,
    acts.ReleaseLien: encumbering.release,
    acts.RevokePledge: encumbering.revoke,
    acts.ExtendLien: encumbering.extend,
    acts.EnforceLien: enforcing.enforce,
    acts.TransferPledged: enforcing.transfer_pledged,
    acts.TransferEstate: enforcing.transfer_estate,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The register after an act, what it told, and which roles and addresses had to agree, each once."""

    register: Register
    events: tuple[Event, ...]
    needs: tuple[str, ...]


def apply(register: Register, act: acts.Act, *, at: At, calendar: TradingDays) -> Outcome:
    """What an act makes of the register. Refused by the first check that fails; then nothing has changed."""
    turn = Turn(register, at, calendar)
    if isinstance(act, acts.SweepPosition):  # anybody's act
        encumbering.sweep(turn, act)
    else:
        turn.begin()
        _DECIDE[type(act)](turn, act)
    return Outcome(turn.done(), tuple(turn.events), tuple(dict.fromkeys(turn.needs)))
