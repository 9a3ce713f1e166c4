"""SQL about which accounts the chain knows."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.register.book.models import InvestorRow

__all__ = ["known_investors"]

_CHUNK = 500


def known_investors(session: Session, chain: str, accounts: Collection[str]) -> set[str]:
    """Those of these accounts whose pseudonyms the chain knows."""
    wanted, found = list(accounts), set[str]()
    for start in range(0, len(wanted), _CHUNK):
        some = InvestorRow.account_id.in_(wanted[start : start + _CHUNK])
        found.update(session.scalars(select(InvestorRow.account_id).where(InvestorRow.chain == chain, some)))
    return found
