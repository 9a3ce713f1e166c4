"""Every act that can be asked for, as one type by its member ``act``."""

from services.register.acts.accounts import Addend, OpenInvestor, Suitability
from services.register.acts.securities import Admit, ChangeTerms, Issue, OpenSecurity, Recount, SetState
from services.register.acts.transfers import Transfer

__all__ = ["AnyAct"]

AnyAct = (
    OpenInvestor | Suitability | Addend | OpenSecurity | ChangeTerms | Admit | SetState | Issue | Recount | Transfer
)
