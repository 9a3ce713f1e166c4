"""Call data that is complete only right before it is signed: a proof under the newest head, for one (docs/adr/0005)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.platform.errors import Invalid
from services.platform.logging import get_logger
from services.transactions import repository, signatures, steps
from services.transactions.desk import Desk
from services.transactions.encoding import calldata
from services.transactions.models import TransactionRow
from services.transactions.rules import TransactionState

__all__ = ["Late", "complete", "is_outdated", "late_rows"]

_MOST = 1000  # rows looked at in one tick; those that wait for something cost little
_log = get_logger("transactions")


@dataclass(frozen=True, slots=True)
class Late:
    """What was added to a transaction's arguments, and the call data that it makes."""

    given: Mapping[str, Any]
    data: bytes


def late_rows(desk: Desk, session: Session) -> list[TransactionRow]:
    """The next of every queue that is prepared only now.

    They come before all others of the tick, so they meet the state that their preparation saw.
    """
    purposes = desk.handlers.prepared_purposes()
    return repository.next_of_queues(session, desk.chain.name, _MOST, among=purposes) if purposes else []


def complete(desk: Desk, row: TransactionRow) -> Late | None:
    """The row's call data, made anew; None when it waits, or was refused because it cannot be made."""
    with desk.database.read() as session:
        objection = desk.handlers.objection(session, row.purpose, row.operation_id)
        given, signed = _ask(desk, session, row), _authorisation(session, row)
        is_news = row.operation_id is not None and _is_news(session, row.operation_id)
    if objection is not None:
        told = {"error": objection.extra["guard"], "args": objection.extra["numbers"], "rule": objection.rule}
        desk.refuse(row.id, TransactionState.QUEUED, {**told, "stage": "preparation"}, str(objection))
        return None
    if given is None:
        if is_news:
            desk.write(lambda session: steps.note_on(session, row, "waiting", desk.clock.ms()))
        return None
    try:
        return Late(given, calldata(desk.abi(row.contract), row.function, {**row.args, **given, **signed}))
    except Invalid as error:
        reason = {"error": "Invalid", "args": {"field": error.field, "detail": str(error)}, "stage": "preparation"}
        desk.refuse(row.id, TransactionState.QUEUED, reason, f"Invalid({error.field})")
        return None


def is_outdated(desk: Desk, row: TransactionRow, late: Late) -> bool:
    """Whether the preparation would give something else by now: then a contract's no was not to what will be sent."""
    with desk.database.read() as session:
        return _ask(desk, session, row) != late.given


def _ask(desk: Desk, session: Session, row: TransactionRow) -> Mapping[str, Any] | None:
    hook = desk.handlers.preparation(row.purpose)
    operation = repository.operation(session, row.operation_id) if row.operation_id else None
    try:
        return None if hook is None else hook(session, steps.transaction_view(row, operation))
    except Exception:  # noqa: BLE001 (another context's fault must not stop every command)
        _log.warning("not_prepared", chain=row.chain, transaction=row.id, exc_info=True)
        return None


def _authorisation(session: Session, row: TransactionRow) -> Mapping[str, Any]:
    operation = repository.operation(session, row.operation_id) if row.operation_id else None
    if operation is None:
        return {}
    return signatures.arguments(operation, repository.authorisations(session, [operation.id])[operation.id])


def _is_news(session: Session, operation_id: str) -> bool:
    last = repository.last_event(session, operation_id)
    return last is None or last.action != "waiting"
