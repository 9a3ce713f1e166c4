"""Puts together what watches over running pilots: duties, alerts, and the job that looks at every deadline."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from services.pilots.alerts.desk import AlertDesk
from services.pilots.alerts.keeping import Alerts
from services.pilots.alerts.watch import Watch
from services.pilots.duties.desk import DutyDesk
from services.pilots.duties.following import Following
from services.pilots.duties.keeping import Duties
from services.pilots.facts.refiling import Refiling
from services.pilots.parts import Parts
from services.transactions.service import Transactions

__all__ = ["Running", "open_running"]

_WATCH_S = 60.0
_REFILE_S = 3_600.0


@dataclass(frozen=True, slots=True)
class Running:
    """The doors to duties and alerts; ``jobs`` by name, each with its interval in seconds."""

    duties: DutyDesk
    alerts: AlertDesk
    jobs: Mapping[str, tuple[float, Callable[[], None]]]


def open_running(parts: Parts, transactions: Transactions) -> Running:
    """Its handler subscribed: before the indexer starts."""
    duties, alerts = Duties(parts.stream), Alerts(parts.stream)
    Following(parts.books, duties, chain=parts.chain).register(transactions)
    watch = Watch(parts, duties, alerts)
    jobs = {"pilots.deadlines": (_WATCH_S, watch.run), "pilots.comments": (_REFILE_S, Refiling(parts).run)}
    return Running(DutyDesk(parts, duties), AlertDesk(parts, alerts), jobs)
