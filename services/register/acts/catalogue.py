"""Every act that can be asked for, as one type by its member ``act``."""

from services.register.acts.accounts import Addend, OpenInvestor, OpenInvestors, Suitability
from services.register.acts.holders import Bonus, Cancel, Confirm, Officer
from services.register.acts.liens import Enforce, Extend, Freeze, Lock, Pledge, Release, Revoke
from services.register.acts.securities import Admit, ChangeTerms, Issue, OpenSecurity, Recount, SetState
from services.register.acts.transfers import Transfer, TransferBatch, TransferEstate, TransferPledged

__all__ = ["AnyAct"]

AnyAct = (
    OpenInvestor
    | OpenInvestors
    | Suitability
    | Addend
    | OpenSecurity
    | ChangeTerms
    | Admit
    | SetState
    | Issue
    | Recount
    | Confirm
    | Officer
    | Transfer
    | TransferPledged
    | TransferEstate
    | TransferBatch
    | Pledge
    | Freeze
    | Lock
    | Release
    | Revoke
    | Extend
    | Enforce
    | Bonus
    | Cancel
)
