"""SQL of what other parts of the register ask: which accounts the chain knows, which acts freezes came before."""

from collections.abc import Collection, Iterable
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.register.book.models import EventRow, InvestorRow

__all__ = ["known_investors", "marks"]

_CHUNK = 500


def known_investors(session: Session, chain: str, accounts: Collection[str]) -> set[str]:
    """Those of these accounts whose pseudonyms the chain knows."""
    wanted, found = list(accounts), set[str]()
    for start in range(0, len(wanted), _CHUNK):
        some = InvestorRow.account_id.in_(wanted[start : start + _CHUNK])
        found.update(session.scalars(select(InvestorRow.account_id).where(InvestorRow.chain == chain, some)))
    return found


def marks(session: Session, chain: str, blocks: Iterable[int]) -> dict[bytes, list[int]]:
    """By their leaves, the acts of these blocks that freezes came before: the numbers of these freezes."""
    found: dict[bytes, list[int]] = {}
    rest = iter(dict.fromkeys(blocks))
    while some := list(islice(rest, _CHUNK)):
        query = select(EventRow.leaf, EventRow.subject_to)
        for leaf, numbers in session.execute(query.where(EventRow.chain == chain, EventRow.block_number.in_(some))):
            if numbers:
                found[leaf] = [*found.get(leaf, ()), *numbers]
    return {leaf: list(dict.fromkeys(numbers)) for leaf, numbers in found.items()}
