"""All SQL of the context. Cursors are only read here: :mod:`cursor` moves them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import Session, aliased, defer

from services.platform.database import Base
from services.transactions.models import (
    AttemptRow,
    AuthorisationRow,
    CursorRow,
    NonceRow,
    OperationEventRow,
    OperationRow,
    TransactionRow,
)
from services.transactions.rules import ENDED, IN_FLIGHT, UNFINISHED, OperationState, TransactionState

__all__ = [
    "add",
    "attempts",
    "authorisations",
    "call_data",
    "count_in_flight",
    "cursors",
    "due_operations",
    "ended_on_chain",
    "events",
    "has_unfinished",
    "in_flight",
    "last_event",
    "lock_cursors",
    "lock_operation",
    "lock_transaction",
    "next_of_queues",
    "nonces_of",
    "note_sent",
    "operation",
    "operation_states",
    "operations",
    "operations_by_id",
    "signed_operations",
    "stranded_operations",
    "stranded_transactions",
    "taken_nonces",
    "transaction",
    "transaction_of",
    "transactions",
    "unfinished_before",
    "waiting_operations",
]

Q = TypeVar("Q", bound=Select[Any])


def add(session: Session, row: Base) -> None:
    """Inserts now, so that a broken constraint shows where it was broken."""
    session.add(row)
    session.flush()


def operation(session: Session, operation_id: str) -> OperationRow | None:
    """An operation by its id."""
    return session.get(OperationRow, operation_id)


def lock_operation(session: Session, operation_id: str) -> OperationRow | None:
    """The row as it is now, kept so until the transaction ends."""
    return session.scalar(_locked(select(OperationRow).where(OperationRow.id == operation_id)))


def operations(
    session: Session, *, institution_id: str | None, after: str | None, limit: int, states: Collection[str] = ()
) -> list[OperationRow]:
    """Newest first, older than the id ``after``; of one institution, or of all when None."""
    query = select(OperationRow).order_by(OperationRow.id.desc()).limit(limit)
    if institution_id is not None:
        query = query.where(OperationRow.institution_id == institution_id)
    if after is not None:
        query = query.where(OperationRow.id < after)
    if states:
        query = query.where(OperationRow.state.in_(states))
    return list(session.scalars(query))


def operations_by_id(session: Session, operation_ids: Collection[str]) -> list[OperationRow]:
    """Those of these that there are."""
    return list(session.scalars(select(OperationRow).where(OperationRow.id.in_(operation_ids))))


def operation_states(session: Session, operation_ids: Collection[str]) -> dict[str, str]:
    """The state of each of these that there is."""
    query = select(OperationRow.id, OperationRow.state).where(OperationRow.id.in_(operation_ids))
    return {each[0]: each[1] for each in session.execute(query)}


def unfinished_before(session: Session, operation_id: str) -> bool:
    """Whether an operation of the same queue that was asked for earlier has not ended."""
    going = OperationRow.state.in_(set(OperationState) - ENDED)
    queue = select(OperationRow.queue).where(OperationRow.id == operation_id).scalar_subquery()
    query = select(OperationRow.id).where(going, OperationRow.queue == queue, OperationRow.id < operation_id)
    return session.scalar(query.limit(1)) is not None


def due_operations(session: Session, chain: str, now_s: int, limit: int) -> list[str]:
    """Ids of operations whose authorisation has lapsed before anything was signed for them."""
    waiting = (OperationState.NEEDS_AUTHORISATION, OperationState.QUEUED)
    query = (
        select(OperationRow.id)
        .where(OperationRow.state.in_(waiting), OperationRow.deadline < now_s, OperationRow.chain == chain)
        .order_by(OperationRow.deadline)
        .limit(limit)
    )
    return list(session.scalars(query))


def signed_operations(session: Session, kind: str, limit: int) -> list[str]:
    """Ids of the operations of a kind that are queued and send nothing, the oldest first."""
    row = OperationRow
    query = select(row.id).where(row.state == OperationState.QUEUED, row.kind == kind, row.function == "")
    return list(session.scalars(query.order_by(row.id).limit(limit)))


def stranded_operations(session: Session, chains: Collection[str], ended: Collection[str], limit: int) -> list[str]:
    """Ids of operations that have not ended and are for none of ``chains``, the oldest first."""
    query = select(OperationRow.id).where(OperationRow.chain.not_in(chains), OperationRow.state.not_in(ended))
    return list(session.scalars(query.order_by(OperationRow.id).limit(limit)))


def stranded_transactions(
    session: Session, chains: Collection[str], unfinished: Collection[str], limit: int
) -> list[str]:
    """Likewise, of the gateway's own transactions."""
    row = TransactionRow
    query = select(row.id).where(row.chain.not_in(chains), row.state.in_(unfinished), row.operation_id.is_(None))
    return list(session.scalars(query.order_by(row.position).limit(limit)))


def waiting_operations(session: Session, chain: str, ended: Collection[str]) -> set[tuple[str, str]]:
    """(kind, reference) of the operations of a chain that have not ended."""
    query = select(OperationRow.kind, OperationRow.reference)
    query = query.where(OperationRow.chain == chain, OperationRow.state.not_in(ended))
    return {(kind, reference or "") for kind, reference in session.execute(query)}


def chains_of(session: Session, operation_ids: Collection[str]) -> dict[str, str]:
    """The chain of each operation that there is."""
    query = select(OperationRow.id, OperationRow.chain).where(OperationRow.id.in_(operation_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def events(session: Session, operation_ids: Sequence[str]) -> dict[str, list[OperationEventRow]]:
    """The history of each operation, oldest first."""
    found: dict[str, list[OperationEventRow]] = {each: [] for each in operation_ids}
    query = (
        select(OperationEventRow)
        .where(OperationEventRow.operation_id.in_(operation_ids))
        .order_by(OperationEventRow.id)
    )
    for row in session.scalars(query):
        found[row.operation_id].append(row)
    return found


def last_event(session: Session, operation_id: str) -> OperationEventRow | None:
    """The newest line of a history."""
    query = select(OperationEventRow).where(OperationEventRow.operation_id == operation_id)
    return session.scalar(query.order_by(OperationEventRow.id.desc()).limit(1))


def authorisations(session: Session, operation_ids: Sequence[str]) -> dict[str, list[AuthorisationRow]]:
    """The signatures that each operation has, in the order in which they came."""
    found: dict[str, list[AuthorisationRow]] = {each: [] for each in operation_ids}
    row = AuthorisationRow
    query = select(row).where(row.operation_id.in_(operation_ids)).order_by(row.created_at, row.signer)
    for each in session.scalars(query):
        found[each.operation_id].append(each)
    return found


def transaction(session: Session, transaction_id: str) -> TransactionRow | None:
    """A transaction by its id."""
    return session.scalar(select(TransactionRow).where(TransactionRow.id == transaction_id))


def lock_transaction(session: Session, transaction_id: str) -> TransactionRow | None:
    """The row as it is now, kept so until the transaction ends."""
    return session.scalar(_locked(select(TransactionRow).where(TransactionRow.id == transaction_id)))


def transaction_of(session: Session, operation_id: str) -> TransactionRow | None:
    """The transaction of an operation, kept as it is until the transaction ends."""
    return session.scalar(_locked(select(TransactionRow).where(TransactionRow.operation_id == operation_id)))


def transactions(session: Session, operation_ids: Sequence[str]) -> dict[str, TransactionRow]:
    """By operation id."""
    query = select(TransactionRow).where(TransactionRow.operation_id.in_(operation_ids))
    return {row.operation_id: row for row in session.scalars(query) if row.operation_id is not None}


def next_of_queues(
    session: Session, chain: str, limit: int, *, among: Collection[str] = (), without: Collection[str] = ()
) -> list[TransactionRow]:
    """The first of each queue, where nothing of it is on its way: as they were asked for, else as they were queued.

    Only those whose purpose is ``among`` these, if any are given, and not of those ``without``.
    """
    other = aliased(TransactionRow)
    asked_earlier = other.operation_id < TransactionRow.operation_id  # NULL of what is no operation's
    earlier = func.coalesce(asked_earlier, other.position < TransactionRow.position)
    blocked = exists().where(
        other.chain == TransactionRow.chain,
        other.queue == TransactionRow.queue,
        other.state.in_(IN_FLIGHT) | ((other.state == TransactionState.QUEUED) & earlier),
    )
    query = select(TransactionRow).where(
        TransactionRow.chain == chain, TransactionRow.state == TransactionState.QUEUED, ~blocked
    )
    if among:
        query = query.where(TransactionRow.purpose.in_(among))
    query = query.where(TransactionRow.purpose.not_in(without))
    return list(session.scalars(query.order_by(TransactionRow.position).limit(limit)))


def in_flight(session: Session, chain: str) -> list[TransactionRow]:
    """Signed and not final, by nonce; without what they call, which may be much and is not asked for at each look."""
    query = select(TransactionRow).where(TransactionRow.chain == chain, TransactionRow.state.in_(IN_FLIGHT))
    query = query.options(defer(TransactionRow.args), defer(TransactionRow.data))
    return list(session.scalars(query.order_by(TransactionRow.nonce)))


def has_unfinished(session: Session, chain: str) -> bool:
    """Whether any transaction waits or is in flight."""
    row = TransactionRow
    return session.scalar(select(row.id).where(row.chain == chain, row.state.in_(UNFINISHED)).limit(1)) is not None


def count_in_flight(session: Session, chain: str) -> int:
    """How many are signed and not final."""
    query = select(func.count()).where(TransactionRow.chain == chain, TransactionRow.state.in_(IN_FLIGHT))
    return int(session.scalar(query.select_from(TransactionRow)) or 0)


def call_data(session: Session, transaction_id: str) -> bytes:
    """What a transaction calls."""
    return session.execute(select(TransactionRow.data).where(TransactionRow.id == transaction_id)).scalar_one()


def attempts(session: Session, rows: Iterable[TransactionRow]) -> dict[str, list[AttemptRow]]:
    """The attempts at each transaction's present nonce, cheapest (so oldest) first; those of a lost nonce are dead."""
    nonces = {row.id: row.nonce for row in rows}
    found: dict[str, list[AttemptRow]] = {each: [] for each in nonces}
    query = select(AttemptRow).where(AttemptRow.transaction_id.in_(nonces))
    for attempt in sorted(session.scalars(query), key=lambda each: int(each.max_fee)):
        if attempt.nonce == nonces[attempt.transaction_id]:
            found[attempt.transaction_id].append(attempt)
    return found


def note_sent(session: Session, attempt_hash: str, now_ms: int, answer: str) -> None:
    """Counts one sending of an attempt."""
    changes = {"sends": AttemptRow.sends + 1, "sent_at": now_ms, "answer": answer}
    session.execute(update(AttemptRow).where(AttemptRow.hash == attempt_hash).values(**changes))


def taken_nonces(session: Session, chain: str, sender: str, floor: int) -> frozenset[int]:
    """Nonces from ``floor`` on that were ever given to a transaction."""
    query = select(NonceRow.nonce).where(NonceRow.chain == chain, NonceRow.sender == sender, NonceRow.nonce >= floor)
    return frozenset(session.scalars(query))


def nonces_of(session: Session, transaction_ids: Collection[str]) -> dict[str, int]:
    """The nonce of each of these transactions that has one: only those can be on the chain."""
    row = TransactionRow
    query = select(row.id, row.nonce).where(row.id.in_(transaction_ids), row.nonce.is_not(None))
    return {each[0]: int(each[1] or 0) for each in session.execute(query)}


def ended_on_chain(session: Session, chain: str, sender: str, floor: int) -> list[TransactionRow]:
    """Those that ended in a final block with a nonce from ``floor`` on.

    None, unless the chain went back behind its own finality.
    """
    query = select(TransactionRow).where(
        TransactionRow.chain == chain,
        TransactionRow.sender == sender,
        TransactionRow.nonce >= floor,
        TransactionRow.block_number.is_not(None),
        TransactionRow.state.in_((TransactionState.FINAL, TransactionState.REFUSED)),
    )
    return list(session.scalars(query.order_by(TransactionRow.nonce)))


def cursors(session: Session, chain: str) -> list[CursorRow]:
    """How far each listener to a chain is."""
    return list(session.scalars(select(CursorRow).where(CursorRow.chain == chain)))


def lock_cursors(session: Session, chain: str, listeners: Collection[str]) -> list[CursorRow]:
    """Those that have begun, kept as they are until the transaction ends."""
    return list(
        session.scalars(_locked(select(CursorRow).where(CursorRow.chain == chain, CursorRow.listener.in_(listeners))))
    )


def _locked(query: Q) -> Q:
    # populate_existing: a row read before in this session must not hide what another transaction has committed since.
    return query.with_for_update().execution_options(populate_existing=True)
