"""What a recovery makes of a project's records, compared with the rows that the project made itself."""

from contextlib import suppress
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from chain.proof.leaf import Leaf
from chain.proof.types import Phase
from services.evidence.models import LeafRow, RecordRow
from services.evidence.recovery.plan import Told
from services.pilots import recovery, repository
from services.pilots.models import CommentRow, ConfirmationRow, EventRow, MaterialRow
from tests.integration.services.pilots.region import Region

MADE = (EventRow, CommentRow, ConfirmationRow, MaterialRow)
ELSEWHERE = {EventRow: {"operation_id"}, MaterialRow: {"details"}, CommentRow: {"state"}, ConfirmationRow: set[str]()}
"""What no record tells, what is encrypted anew, what comes with the chain's events."""
OF_THE_FILING = {"rule", "source"}


def rows(session: Session, project: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Every row of the project, by its table and record."""
    found = {}
    for model in MADE:
        for row in session.scalars(select(model).where(model.project_id == project)):
            values = {column.key: getattr(row, column.key) for column in model.__table__.columns}
            left = ELSEWHERE[model] | (OF_THE_FILING if values.get("name") == "comment" else set())
            found[model.__tablename__, values["record_id"]] = {name: values[name] for name in values.keys() - left}
    return found


def told_of(session: Session, region: Region, project: str) -> list[Told]:
    """The records of the project's events as a recovery reads them, in the log's order."""
    evidence, made = region.house.services.evidence, []
    query = select(LeafRow, RecordRow).join(RecordRow, RecordRow.id == LeafRow.record_id).order_by(LeafRow.idx)
    for leaf, record in session.execute(query.where(LeafRow.log_id == region.log)):
        document: Any = evidence.get_record(record.id).document
        if document["subject"] == project:
            at = Leaf.decode(leaf.leaf)
            made.append(Told(record.id, record.institution_id, region.log, leaf.idx, at, at.hash(), document))
    return made


def _answers(told: Told, request: Told) -> bool:
    body = told.document["body"]
    return isinstance(body, dict) and body.get("request") == to_hex(request.leaf_hash)


class _UndoneError(Exception):
    """Ends the transaction of a trial."""


def check_rebuilt(region: Region, project: str) -> None:
    """All but the draft is made again of records alone, the last step as one that nobody decided."""
    services = region.house.services
    with suppress(_UndoneError), services.database.write() as session:
        services.lease.check(session)
        before, (draft, *since) = rows(session, project), told_of(session, region, project)
        undecided = next(each for each in reversed(since) if each.leaf.phase is Phase.REQUESTED)
        since = [each for each in since if not _answers(each, undecided)]
        for model in MADE:
            session.execute(delete(model).where(model.project_id == project, model.record_id != draft.record_id))
        session.expire_all()
        for _ in range(2):  # as taken up again after an interruption
            assert recovery.rebuild(session, since, services.vault) == []
            recovery.settle(session, since)
        after = rows(session, project)
        lost = after.pop(("pilot_events", undecided.record_id))
        assert lost["outcome"] == recovery.LOST
        assert repository.pending(session, project) == []
        assert {table for table, _ in after} == {model.__tablename__ for model in MADE}
        assert after == {key: row for key, row in before.items() if key in after}
        assert len(after) == len(before) - 2, "the last step and its outcome"
        raise _UndoneError
