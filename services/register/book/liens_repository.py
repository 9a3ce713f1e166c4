"""SQL about liens that only a recovery asks."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.register.book import repository
from services.register.book.models import LienRow, LienVersionRow

__all__ = ["lien_of_leaf", "liens_after"]


def lien_of_leaf(session: Session, chain: str, security_id: str, leaf: bytes) -> LienRow | None:
    """The lien that an act opened."""
    row = LienRow
    query = select(row).where(row.chain == chain, row.security_id == security_id, row.leaf == leaf)
    return session.scalar(query.limit(1))


def liens_after(session: Session, chain: str, security_id: str, block: int) -> list[tuple[LienRow, LienVersionRow]]:
    """As :func:`repository.liens`, as they were after a block."""
    row = LienVersionRow
    query = select(row).where(row.chain == chain, row.security_id == security_id, row.block_number <= block)
    newest = {each.number: each for each in session.scalars(query.order_by(row.block_number, row.log_index))}
    known = (repository.lien(session, chain, security_id, number) for number in sorted(newest))
    return [(each, newest[each.number]) for each in known if each is not None]
