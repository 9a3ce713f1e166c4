"""All SQL about acts."""

from collections.abc import Collection, Iterator
from typing import Any

from sqlalchemy import Text, func, select, type_coerce
from sqlalchemy.orm import Session

from chain.proof.encoding import to_hex
from services.platform.ids import bytes16
from services.register.acts.models import ActRow

__all__ = [
    "act",
    "act_of_leaf",
    "act_of_operation",
    "act_of_record",
    "acts",
    "acts_of_batch",
    "add",
    "count_before",
    "count_naming",
    "outcomes",
    "said_by",
    "undecided",
    "undecided_keys",
]

REQUESTED = "requested"
_CHUNK = 500


def add(session: Session, row: ActRow) -> None:
    """Inserts now."""
    session.add(row)
    session.flush()


def act(session: Session, act_id: str) -> ActRow | None:
    """By its id."""
    return session.get(ActRow, act_id)


def act_of_leaf(session: Session, leaf: bytes) -> ActRow | None:
    """By its requested leaf."""
    return session.scalar(select(ActRow).where(ActRow.leaf_hash == leaf))


def act_of_record(session: Session, record_id: str) -> ActRow | None:
    """By its record."""
    return session.scalar(select(ActRow).where(ActRow.record_id == record_id))


def act_of_operation(session: Session, operation_id: str) -> ActRow | None:
    """By its operation."""
    return session.scalar(select(ActRow).where(ActRow.operation_id == operation_id))


def acts(
    session: Session,
    chain: str,
    *,
    about: Collection[str] | None = None,
    state: str | None = None,
    before: str | None = None,
    limit: int,
) -> list[ActRow]:
    """Newest first; about any of these, if given."""
    query = select(ActRow).where(ActRow.chain == chain).order_by(ActRow.id.desc()).limit(limit)
    if about is not None:
        query = query.where(ActRow.about.in_(about))
    if state is not None:
        query = query.where(ActRow.state == state)
    if before is not None:
        query = query.where(ActRow.id < before)
    return list(session.scalars(query))


def outcomes(session: Session, ids: Collection[str]) -> list[tuple[str, str, Any]]:
    """(id, state, reason) of those of these acts that there are, without what they say."""
    wanted, found = list(ids), list[tuple[str, str, Any]]()
    query = select(ActRow.id, ActRow.state, ActRow.reason)
    for start in range(0, len(wanted), _CHUNK):
        rows = session.execute(query.where(ActRow.id.in_(wanted[start : start + _CHUNK])))
        found += [(act_id, state, reason) for act_id, state, reason in rows]
    return found


def acts_of_batch(session: Session, batch_id: str) -> list[ActRow]:
    """In the order of the file."""
    return list(session.scalars(select(ActRow).where(ActRow.batch_id == batch_id).order_by(ActRow.id)))


def count_before(session: Session, row: ActRow) -> int:
    """How many acts of the same stream that came earlier are not decided."""
    query = select(func.count()).where(ActRow.chain == row.chain, ActRow.about == row.about, ActRow.id < row.id)
    return session.scalar(query.where(ActRow.state == REQUESTED)) or 0


def count_naming(session: Session, chain: str, account_id: str) -> int:
    """How many undecided acts name this account, whatever they are about."""
    named = type_coerce(ActRow.message, Text).contains(to_hex(bytes16(account_id)))
    query = select(func.count()).where(ActRow.chain == chain, ActRow.state == REQUESTED, named)
    return session.scalar(query) or 0


def undecided(session: Session, chain: str, about: str, *, names: Collection[str]) -> list[tuple[str, Any, str]]:
    """(name, message, operation) of the acts with these names about one of whom the chain has not decided."""
    query = select(ActRow.name, ActRow.message, ActRow.operation_id).order_by(ActRow.id)
    query = query.where(ActRow.chain == chain, ActRow.about == about, ActRow.state == REQUESTED)
    found = session.execute(query.where(ActRow.name.in_(names)))
    return [(name, message, operation) for name, message, operation in found]


def undecided_keys(
    session: Session, chain: str, about: Collection[str], *, before: str | None = None
) -> Iterator[dict[str, str]]:
    """Operation and id of the acts about any of these that the chain has not decided, some hundreds at a time.

    In no order; only such as came ``before`` one. There may be very many: whoever knows enough stops.
    """
    query = select(ActRow.operation_id, ActRow.id)
    query = query.where(ActRow.chain == chain, ActRow.about.in_(about), ActRow.state == REQUESTED)
    if before is not None:
        query = query.where(ActRow.id < before)
    for part in session.execute(query).partitions(_CHUNK):
        yield {str(operation): str(act) for operation, act in part}


def said_by(session: Session, ids: Collection[str]) -> list[tuple[str, Any]]:
    """(struct, message) of a few acts, the oldest first."""
    query = select(ActRow.struct, ActRow.message).where(ActRow.id.in_(ids)).order_by(ActRow.id)
    return [(struct, message) for struct, message in session.execute(query)]
