"""The alarm for a year that nobody published: nothing that counts days in it will ever be over."""

from collections.abc import Callable, Collection

from sqlalchemy.orm import Session

from services.calendar import repository
from services.calendar.publishing import PUBLISHED
from services.calendar.rules import missing_years
from services.days import day_of, on
from services.platform import metrics
from services.platform.clock import Clock
from services.platform.database import Database
from services.platform.logging import get_logger

__all__ = ["Watch"]

_log = get_logger("calendar")


class Watch:
    """The job. ``regions``: where days are counted although no year may have been published yet."""

    def __init__(
        self, database: Database, clock: Clock, *, chain: str, regions: Callable[[Session], Collection[int]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._chain = chain
        self._regions = regions
        self._missing: dict[int, list[int]] = {}

    def run(self) -> None:
        """Looks which years are missing: this one, and from 1 December on the next."""
        today = day_of(self._clock.now())
        with self._database.read() as session:
            rows = repository.years(session, self._chain)
            regions = {row.region for row in rows} | set(self._regions(session))
        published = {
            region: {row.year for row in rows if row.region == region and row.state == PUBLISHED} for region in regions
        }
        missing = {region: missing_years(today, years) for region, years in published.items()}
        for region, years in missing.items():
            for when, year in (("current", on(today).year), ("next", on(today).year + 1)):
                metrics.CALENDAR_MISSING.labels(str(region), when).set(int(year in years))
        found = {region: years for region, years in missing.items() if years}
        if found and found != self._missing:
            _log.warning("calendar_missing", regions=found)
        self._missing = found

    def complaint(self) -> str:
        """What was missing when last looked at; empty when nothing."""
        found = sorted(self._missing.items())
        return "; ".join(f"{region}: {', '.join(map(str, years))} not published" for region, years in found)
