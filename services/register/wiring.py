"""Puts the context together (登记簿): one part a folder, each with a line here."""

from dataclasses import dataclass
from functools import partial

from services.chains import Chains
from services.evidence.service import EvidenceService
from services.platform.atrest import Vault
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings
from services.register.accounts.keeping import Keeping
from services.register.acts.counting import FirstDay
from services.register.acts.wiring import Acts, open_acts
from services.register.book.reader import Reader
from services.register.book.wiring import Book, open_book
from services.register.dividends.desk import Dividends
from services.register.names import CONTRACT
from services.register.parts import RegisterParts
from services.register.stream import Stream
from services.transactions.service import Transactions

__all__ = ["Register", "open_register"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """The doors of the context."""

    parts: RegisterParts
    acts: Acts
    book: Book
    dividends: Dividends


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
    acts = open_acts(parts, _first_day(settings, chains, chain))
    names = Keeping(parts).names
    book = open_book(
        parts,
        partial(chains.read_many_on, chain),
        contract=_address(chains, chain),
        on_registered=acts.outcomes.registered,
        names=names,
        read_end=partial(_read_end, chains, chain),
    )
    dividends = Dividends(parts, Reader(chain), names, partial(_is_read, chains, chain))
    return Register(parts=parts, acts=acts, book=book, dividends=dividends)


def _is_read(chains: Chains, chain: str, block: int, moment_ms: int) -> bool:
    return chains.time_of(chain, block) * 1000 > moment_ms or block >= chains.clients[chain].head()


def _read_end(chains: Chains, chain: str, block: int) -> int | None:
    return None if block >= chains.clients[chain].head() else chains.time_of(chain, block) * 1000


def _address(chains: Chains, chain: str) -> str:
    client = chains.clients.get(chain)
    return client.address(CONTRACT) if client is not None and CONTRACT in client.contracts() else ""


def _first_day(settings: Settings, chains: Chains, chain: str) -> FirstDay:
    named = settings.chains.get(settings.business)
    return FirstDay(partial(chains.time_of, chain), named.addresses_file if named else settings.home / "none")
