"""What other parts of the register ask the book about an account or a security."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.register.book import holdings_repository, repository
from services.register.book.models import SecurityRow
from services.register.rules.positions import Position

__all__ = ["Holdings", "Standing", "are_investors", "holdings_of", "is_investor", "marks_of", "standing_of"]


@dataclass(frozen=True, slots=True)
class Holdings:
    """Units of an account over all securities, and liens that lie on them."""

    units: int
    liens: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A security as the chain has it. ``pledges`` and ``freezes``: liens that cover units still."""

    state: int
    issuer_id: str
    issued: int
    count: int
    cap: int
    grandfathered: int
    pledges: int
    freezes: int


def is_investor(session: Session, chain: str, account_id: str) -> bool:
    """Whether the chain knows the account's pseudonym."""
    return repository.investor(session, chain, account_id) is not None


def are_investors(session: Session, chain: str, accounts: Collection[str]) -> set[str]:
    """Those of these accounts whose pseudonyms the chain knows."""
    return holdings_repository.known_investors(session, chain, accounts)


def marks_of(session: Session, chain: str, blocks: Collection[int]) -> Mapping[bytes, Sequence[int]]:
    """By their leaves, the acts of these blocks that freezes came before (在先冻结): the numbers of these freezes."""
    return holdings_repository.marks(session, chain, blocks)


def holdings_of(session: Session, chain: str, account_id: str) -> Holdings:
    """What an account holds now."""
    rows = repository.positions_of_account(session, chain, account_id, None)
    held = [Position.of(int.from_bytes(row.word)) for row in rows]
    return Holdings(sum(each.units for each in held), sum(1 for each in held if each.encumbered))


def standing_of(session: Session, chain: str, security_id: str, today: int) -> Standing | None:
    """A security now, on day ``today``; None while the chain has none such. A freeze that lapsed is none."""
    row: SecurityRow | None = repository.security(session, chain, security_id)
    if row is None:
        return None
    living = [
        one.kind
        for one, now in repository.liens(session, chain, security_id, None)
        if now.units and not (now.until and now.until < today)
    ]
    return Standing(
        row.state, row.issuer_id, row.issued, row.count, row.cap, row.grandfathered, living.count(1), living.count(2)
    )
