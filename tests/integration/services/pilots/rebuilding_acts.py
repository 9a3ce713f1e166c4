"""What a recovery makes of duties and alerts, compared with the rows that their acts made."""

from contextlib import suppress
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chain.proof.types import Phase
from services.pilots import recovery
from services.pilots.alerts.models import AlertRow
from services.pilots.duties.models import DutyRow
from services.pilots.models import EventRow
from tests.integration.services.pilots.rebuilding import told_of
from tests.integration.services.pilots.region import Region

DUTY = ("number", "code", "cause", "state", "awaits", "due", "since", "round", "shared", "last_seq")
ALERT = ("number", "code", "kind", "cause", "rule", "source", "state", "closed", "subject", "day", "last_seq")
EVENT = ("seq", "name", "value", "body", "rule", "source", "actor_id")


class _UndoneError(Exception):
    """Ends the transaction of a trial."""


def check_acts_rebuilt(region: Region, project: str) -> None:
    """Every duty and alert that somebody has moved is made again of records alone."""
    services = region.house.services
    with suppress(_UndoneError), services.database.write() as session:
        services.lease.check(session)
        before = _acts(session, project)
        assert all(before), "there is something of each kind to be made again"
        told = [each for each in told_of(session, region, project) if each.leaf.phase is Phase.EVENT]
        session.execute(delete(DutyRow).where(DutyRow.project_id == project))
        session.execute(delete(AlertRow).where(AlertRow.project_id == project))
        acts = EventRow.name.startswith("duty.") | EventRow.name.startswith("alert.")
        session.execute(delete(EventRow).where(EventRow.project_id == project, acts))
        session.expire_all()
        for _ in range(2):  # again, nothing changes
            recovery.rebuild(session, told, services.vault)
            assert _acts(session, project) == before
        raise _UndoneError


def _acts(session: Session, project: str) -> tuple[list[Any], ...]:
    duties = session.scalars(select(DutyRow).where(DutyRow.project_id == project, DutyRow.last_seq.is_not(None)))
    alerts = session.scalars(select(AlertRow).where(AlertRow.project_id == project, AlertRow.last_seq.is_not(None)))
    events = session.scalars(select(EventRow).where(EventRow.project_id == project, EventRow.phase == Phase.EVENT))
    found = ((duties, DUTY), (alerts, ALERT), (events, EVENT))
    return tuple(sorted(tuple(getattr(row, name) for name in names) for row in rows) for rows, names in found)
