"""From the service's values to the API's shapes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from api.calendars import schemas
from services.calendar import rules
from services.calendar.sources import Announced
from services.calendar.views import ClosureView, Comparison, Counted, YearView
from services.days import on
from services.platform.clock import rfc3339

_LETTERS = {rules.TRADING: "T", rules.MAKE_UP: "M", rules.CLOSED: "-"}


def year(found: YearView) -> schemas.YearView:
    """A year in a list."""
    return schemas.YearView(**_year(found))


def detail(found: YearView, closures: Sequence[ClosureView]) -> schemas.YearDetail:
    """A year, day by day."""
    return schemas.YearDetail(
        **_year(found), months=_months(found.year), closures=[_closure(each) for each in closures]
    )


def proposal(found: Announced) -> schemas.Proposal:
    """A year of the library."""
    held = found.year
    working, trading = held.working.bit_count(), held.trading.bit_count()
    return schemas.Proposal(year=held.year, source=found.source, working=working, trading=trading, months=_months(held))


def count(found: Counted, region: int, since: date, until: date) -> schemas.Count:
    """Days counted."""
    return schemas.Count(
        region=region,
        since=since.isoformat(),
        until=until.isoformat(),
        working=found.working,
        trading=found.trading,
        chain_working=found.chain_working,
        chain_trading=found.chain_trading,
    )


def comparison(found: Comparison) -> schemas.Comparison:
    """What differs."""
    return schemas.Comparison(
        chain=found.chain,
        region=found.region,
        year=found.year,
        agrees=found.agrees,
        published=found.chain_knows,
        announced_by=found.announced_by,
        against_announced=_differences(found.against_announced),
        against_projection=_differences(found.against_projection),
    )


def _year(found: YearView) -> dict[str, Any]:
    return {
        "chain": found.chain,
        "region": found.region,
        "year": found.year.year,
        "state": found.state,
        "source": found.source,
        "document": found.document,
        "working": found.year.working.bit_count(),
        "trading": found.year.trading.bit_count(),
        "operation": found.operation_id,
        "record": found.record_id,
        "requested_at": rfc3339(found.created_at),
        "decided_at": None if found.decided_at is None else rfc3339(found.decided_at),
    }


def _months(held: rules.Year) -> list[schemas.Month]:
    return [
        schemas.Month(
            month=month,
            working=len(days) - days.count(rules.CLOSED),
            trading=days.count(rules.TRADING),
            days="".join(_LETTERS[day] for day in days),
        )
        for month, days in held.months()
    ]


def _closure(found: ClosureView) -> schemas.Closure:
    return schemas.Closure(
        days=[on(day).isoformat() for day in found.days],
        working=found.working,
        reason=found.reason,
        document=found.document,
        state=found.state,
        record=found.record_id,
    )


def _differences(found: Iterable[rules.Difference]) -> list[schemas.Difference]:
    return [
        schemas.Difference.model_validate({"day": one.day.isoformat(), "expected": one.expected, "found": one.found})
        for one in found
    ]
