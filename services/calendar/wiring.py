"""Puts the context together (工作日历)."""

from dataclasses import dataclass

from services.calendar.desk import CalendarDesk
from services.calendar.publishing import CONTRACT, Publishing
from services.calendar.watching import Watch
from services.chains import Chains
from services.evidence.service import EvidenceService
from services.pilots.reading import regions_in_force
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.settings import Settings, epoch_name
from services.transactions.service import Transactions

__all__ = ["Calendars", "open_calendars"]


@dataclass(frozen=True, slots=True)
class Calendars:
    """The door of the context, and its alarm."""

    desk: CalendarDesk
    watch: Watch


def open_calendars(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    evidence: EvidenceService,
    transactions: Transactions,
    chains: Chains,
) -> Calendars:
    """The context, its handlers subscribed: before the indexer starts."""
    publishing = Publishing(evidence, transactions, days=settings.authorisation_days)
    publishing.register()
    names = {settings.supervision: settings.supervision_chain}
    names |= {name: epoch_name(name, chain.epoch) for name, chain in settings.chains.items()}
    counting = {name: row for name, row in names.items() if CONTRACT in chains.clients[row].contracts()}
    desk = CalendarDesk(
        database,
        clock,
        evidence=evidence,
        transactions=transactions,
        publishing=publishing,
        chains=counting,
        default=settings.supervision,
        read=chains.read_on,
    )
    return Calendars(desk, Watch(database, clock, chain=settings.supervision_chain, regions=regions_in_force))
