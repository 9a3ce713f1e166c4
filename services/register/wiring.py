"""Puts the context together (登记簿): one part a folder, each with a line here."""

from dataclasses import dataclass
from functools import partial

from services.chains import Chains
from services.evidence.service import EvidenceService
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings
from services.register.book.wiring import Book, open_book
from services.register.parts import RegisterParts
from services.register.stream import Stream
from services.transactions.service import Transactions

__all__ = ["Register", "open_register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The doors of the context."""

    parts: RegisterParts
    book: Book


def open_register(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    vault: Vault,
    evidence: EvidenceService,
    transactions: Transactions,
    chains: Chains,
) -> Register:
    """The context, its handlers subscribed: before the indexer starts."""
    chain = settings.business_chain
    parts = RegisterParts(
        database=database,
        clock=clock,
        vault=vault,
        evidence=evidence,
        transactions=transactions,
        stream=Stream(evidence),
        chain=chain,
        venue=settings.market,
        days=settings.authorisation_days,
        read=lambda contract, function, *arguments: chains.read_on(chain, contract, function, *arguments),
    )
    book = open_book(parts, partial(chains.read_many_on, chain), on_registered=lambda _group, _leaf, _event: None)
    return Register(parts=parts, book=book)
