"""What may become of an account, and what makes an investor suitable (账户与适当性规则). Pure."""

from collections.abc import Mapping
from datetime import date

from services.platform.errors import Conflict, Invalid, RuleRefused
from services.register.rules.values import Kind

__all__ = ["ACTIVE", "CLOSED", "FROZEN", "NORMAL", "OPENED", "check_basis", "check_close", "check_move", "shown_state"]

NORMAL, FROZEN, CLOSED = "normal", "frozen", "closed"
OPENED, ACTIVE = "opened", "active"
_MOVES = {(NORMAL, FROZEN), (FROZEN, NORMAL), (NORMAL, CLOSED), (CLOSED, NORMAL)}
_SOURCE_06 = "《区域性股权市场监督管理试行办法》（证监会令第132号）第十三条；国办发〔2017〕11号 五"
_SOURCE_ACCOUNT = "账户生命周期（docs/spec/register.md，设计）"
_BASES: Mapping[str, frozenset[Kind]] = {
    "licensed-institution": frozenset({Kind.FINANCIAL_INSTITUTION}),
    "institution-plan": frozenset({Kind.PRODUCT}),
    "social-or-filed-fund": frozenset({Kind.PRODUCT, Kind.FILED_FUND}),
    "net-assets": frozenset({Kind.COMPANY, Kind.PARTNERSHIP, Kind.EMPLOYEE_PLAN}),
    "person": frozenset({Kind.PERSON}),
}
"""The five ways of being a qualified investor (合格投资者), and who can be one in each."""


def shown_state(state: str, *, on_chain: bool) -> str:
    """An account is active once the chain has its pseudonym."""
    if state != NORMAL:
        return state
    return ACTIVE if on_chain else OPENED


def check_move(state: str, to: str) -> None:
    """Conflict unless an account in ``state`` can go there. A frozen account is thawed before it is closed.

    A closed one is opened again: whoever comes back has one account, the same.
    """
    if (state, to) not in _MOVES:
        raise Conflict(f"The account is {state}.", slug="account-state", extra={"state": state})


def check_close(units: int, liens: int, waiting: int) -> None:
    """RuleRefused ACC-01 while it holds anything, ACC-02 while anything that concerns it is under way."""
    if units or liens:
        numbers = {"units": str(units), "liens": liens}
        detail = "An account is closed when it holds no units and no lien lies on any (零余额、无权利负担)."
        raise RuleRefused("ACC-01", detail, source=_SOURCE_ACCOUNT, extra={"numbers": numbers})
    if waiting:
        detail = "An act that concerns the account has not ended."
        raise RuleRefused("ACC-02", detail, source=_SOURCE_ACCOUNT, extra={"numbers": {"waiting": waiting}})


def check_basis(kind: Kind, basis: str, until: date, today: date) -> None:
    """Invalid for a basis that this kind of holder cannot have, or a day that is over (REM-06)."""
    if basis not in _BASES:
        raise Invalid("basis", f"Expected one of {', '.join(_BASES)}.", rule="REM-06", source=_SOURCE_06)
    if kind not in _BASES[basis]:
        detail = f"A holder of kind {kind.name.lower().replace('_', '-')} is not qualified by {basis}."
        raise Invalid("basis", detail, rule="REM-06", source=_SOURCE_06)
    if until < today:
        raise Invalid("until", "The proof is over already.", rule="REM-06", source=_SOURCE_06)
