"""Puts the context together (工作日历)."""

from dataclasses import dataclass

from services.calendar.desk import CalendarDesk, ReadAny
from services.calendar.publishing import Publishing
from services.calendar.watching import Watch
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
    read: ReadAny,
) -> Calendars:
    """The context, its handlers subscribed: before the indexer starts. ``read`` asks any of the chains."""
    publishing = Publishing(evidence, transactions, days=settings.authorisation_days)
    publishing.register()
    chains = {settings.supervision: settings.supervision_chain}
    chains |= {name: epoch_name(name, chain.epoch) for name, chain in settings.chains.items()}
    desk = CalendarDesk(
        database,
        clock,
        evidence=evidence,
        transactions=transactions,
        publishing=publishing,
        chains=chains,
        read=read,
    )
    return Calendars(desk, Watch(database, clock, chain=settings.supervision_chain, regions=regions_in_force))
