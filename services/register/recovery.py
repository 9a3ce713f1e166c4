"""What the records of a recovered log tell of the register (登记簿恢复), as rows again.

Positions, lots and liens come with the chain's events, read between :func:`rebuild` and :func:`settle`. What no record
holds is gone and said so: lines of lists, documents of statements, findings, reconciliations.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from services.evidence.recovery.plan import Told
from services.platform.atrest import Vault
from services.platform.settings import Settings
from services.register import checked_recovery as checked
from services.register.accounts import recovery as accounts
from services.register.acts import recovery as acts
from services.register.book import recovery as book
from services.register.companies import recovery as companies
from services.register.dividends import recovery as dividends
from services.register.imports import recovery as imports

__all__ = ["rebuild", "settle"]


def rebuild(session: Session, told: Sequence[Told], vault: Vault, settings: Settings, now_ms: int) -> list[str]:
    """Acts first, for others name them; what is gone, in words. Again, nothing changes."""
    chain, market = settings.business_chain, settings.market
    region = market.region if market else 0
    return [
        *book.rebuild(session, told, chain),
        *acts.rebuild(session, told, region=region, days=settings.authorisation_days),
        *accounts.rebuild(session, told, vault, now_ms),
        *companies.rebuild(session, told),
        *dividends.rebuild(session, told, chain),
        *imports.rebuild(session, told),
        *checked.rebuild(session, told, region=region, days=settings.authorisation_days, now_ms=now_ms),
    ]


def settle(session: Session, told: Sequence[Told], chain: str) -> list[str]:
    """What rests on the book: words on liens, lists of dividends; what comes out otherwise, in words."""
    acts.settle(session, told, chain)
    return dividends.settle(session, told, chain)
