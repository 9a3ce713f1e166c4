"""How many rows of the register there are."""

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.register.accounts.models import AccountEventRow, AccountRow
from services.register.acts.models import ActRow
from services.register.companies.models import CompanyEventRow, CompanyRow

__all__ = ["counts"]

_TABLES = {
    "acts": ActRow,
    "companies": CompanyRow,
    "events of companies": CompanyEventRow,
    "accounts": AccountRow,
    "events of accounts": AccountEventRow,
}


def counts(session: Session) -> dict[str, int]:
    """By what they are."""
    return {name: session.scalar(select(func.count()).select_from(each)) or 0 for name, each in _TABLES.items()}
