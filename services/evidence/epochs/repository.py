"""All SQL of epochs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import delete, func, insert, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.evidence.epochs.models import EpochStatementRow, PastAnchorRow
from services.evidence.models import AnchorRow, CheckpointRow, LogRow

_PAGE = 1_000
_COLUMNS = ("epoch", "ordinal", "log_id", "size", "root", "chain")
_PLACE = ("block_number", "block_hash", "tx_hash", "log_index_in_block", "anchored_at", "proof")


def strange_chains(session: Session, chain: str) -> Sequence[str]:
    """The chains of anchors that are not on ``chain``: of an epoch that has ended since."""
    return session.scalars(select(AnchorRow.chain).where(AnchorRow.chain != chain).distinct()).all()


def close_anchored(session: Session, chain: str, epoch: int) -> None:
    """Copies what stood on ``chain`` into the closed ``epoch``, in the chain's order."""
    order = func.row_number().over(order_by=(AnchorRow.block_number, AnchorRow.log_index_in_block)) - 1
    at = (AnchorRow.log_id == CheckpointRow.log_id) & (AnchorRow.size == CheckpointRow.size)
    place = [getattr(AnchorRow, name) for name in _PLACE]
    query = select(
        literal(epoch), order, AnchorRow.log_id, AnchorRow.size, CheckpointRow.root, AnchorRow.chain, *place
    ).join(CheckpointRow, at)
    query = query.where(AnchorRow.chain == chain, AnchorRow.state == "anchored")
    session.execute(insert(PastAnchorRow).from_select([*_COLUMNS, *_PLACE], query))


def carry_over(session: Session, chain: str, epoch: int) -> None:
    """Appends to the closed ``epoch`` what the one before it still owed it."""
    if not count(session, epoch - 1):
        return
    known = {(row.log_id, row.size) for row in heads(session, epoch)}
    owing = [row for row in heads(session, epoch - 1) if (row.log_id, row.size) not in known]
    for place, row in enumerate(owing, start=len(known)):
        add(session, epoch, place, chain=chain, log_id=row.log_id, size=row.size, root=row.root)


def add(session: Session, epoch: int, ordinal: int, *, chain: str, log_id: str, size: int, root: bytes) -> None:
    """A head that never got, or perhaps got, into the closed epoch's chain."""
    values = {"epoch": epoch, "ordinal": ordinal, "log_id": log_id, "size": size, "root": root, "chain": chain}
    session.execute(insert(PastAnchorRow).values(**values))


def unsettled(session: Session, chain: str) -> Sequence[tuple[str, str, int, bytes]]:
    """(transaction id, log, size, root) of the anchors on their way to ``chain``."""
    at = (AnchorRow.log_id == CheckpointRow.log_id) & (AnchorRow.size == CheckpointRow.size)
    query = select(AnchorRow.tx_id, AnchorRow.log_id, AnchorRow.size, CheckpointRow.root).join(CheckpointRow, at)
    query = query.where(AnchorRow.chain == chain, AnchorRow.state == "pending")
    return [(row[0], row[1], row[2], row[3]) for row in session.execute(query)]


def drop_anchors(session: Session, chain: str) -> None:
    """Lets go of the rows that were copied, and of attempts that ended."""
    session.execute(delete(AnchorRow).where(AnchorRow.chain == chain))


def last_heads(session: Session) -> Sequence[tuple[str, int, bytes]]:
    """(origin, size, root) of the last head of each log that stands on the present chain."""
    last = select(AnchorRow.log_id, func.max(AnchorRow.size).label("size")).where(AnchorRow.state == "anchored")
    newest_of = last.group_by(AnchorRow.log_id).subquery()
    at = (CheckpointRow.log_id == newest_of.c.log_id) & (CheckpointRow.size == newest_of.c.size)
    query = select(LogRow.origin, CheckpointRow.size, CheckpointRow.root).join(newest_of, at)
    query = query.join(LogRow, LogRow.id == CheckpointRow.log_id).order_by(LogRow.origin)
    return [(row[0], row[1], row[2]) for row in session.execute(query)]


def newest(session: Session) -> int | None:
    """The last epoch that was closed here."""
    return session.scalar(select(func.max(PastAnchorRow.epoch)))


def count(session: Session, epoch: int) -> int:
    """How many heads the epoch after this one owes."""
    # ordinals have no gap
    last = session.scalar(select(func.max(PastAnchorRow.ordinal)).where(PastAnchorRow.epoch == epoch))
    return 0 if last is None else last + 1


def heads(session: Session, epoch: int, *, first: int = 0, limit: int | None = None) -> Iterator[PastAnchorRow]:
    """Of a closed epoch, in order, from ordinal ``first`` on; in pages, so that who stops early leaves nothing open."""
    row, left = PastAnchorRow, limit
    while left is None or left > 0:
        query = select(row).where(row.epoch == epoch, row.ordinal >= first).order_by(row.ordinal)
        page = session.scalars(query.limit(_PAGE if left is None else min(_PAGE, left))).all()
        yield from page
        if len(page) < _PAGE:
            return
        first, left = page[-1].ordinal + 1, None if left is None else left - len(page)


def owed(session: Session, epoch: int, chain: str, first: int) -> tuple[PastAnchorRow, AnchorRow | None] | None:
    """The first head from ``first`` on that is not anchored on ``chain``, and its attempt there."""
    at = (
        (AnchorRow.log_id == PastAnchorRow.log_id) & (AnchorRow.size == PastAnchorRow.size) & (AnchorRow.chain == chain)
    )
    query = select(PastAnchorRow, AnchorRow).outerjoin(AnchorRow, at)
    query = query.where(PastAnchorRow.epoch == epoch, PastAnchorRow.ordinal >= first)
    query = query.where(AnchorRow.log_id.is_(None) | (AnchorRow.state != "anchored"))
    found = session.execute(query.order_by(PastAnchorRow.ordinal).limit(1)).first()
    return None if found is None else (found[0], found[1])


def owes(session: Session, epoch: int, log_id: str, first: int) -> bool:
    """Whether a head of this log comes at or after ordinal ``first``."""
    row = PastAnchorRow
    query = select(row.ordinal).where(row.epoch == epoch, row.log_id == log_id, row.ordinal >= first).limit(1)
    return session.scalar(query) is not None


def put_statement(session: Session, row: Mapping[str, Any]) -> None:
    """Keeps the newest of one witness about one epoch."""
    make: Any = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    statement = make(EpochStatementRow.__table__).values(**row)
    changed = {name: statement.excluded[name] for name in ("count", "note", "received_at")}
    key = ["chain", "epoch", "witness"]
    session.execute(statement.on_conflict_do_update(index_elements=key, set_=changed))


def statements(session: Session, chain: str) -> Sequence[EpochStatementRow]:
    """About every epoch of a chain, by epoch and witness."""
    row = EpochStatementRow
    return session.scalars(select(row).where(row.chain == chain).order_by(row.epoch, row.witness)).all()


def statements_about(session: Session, epoch: int) -> Sequence[EpochStatementRow]:
    """About one epoch's beginning, by witness."""
    row = EpochStatementRow
    return session.scalars(select(row).where(row.epoch == epoch).order_by(row.chain, row.witness)).all()
